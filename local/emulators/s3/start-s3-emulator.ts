import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bodyStore } from './body-store.ts';
import { objectIndex } from './object-index.ts';
import { route } from './route.ts';
import { S3Error } from './s3-error.ts';
import { readRequest } from './s3-request.ts';
import type { S3Response } from './s3-response.ts';
import type { S3State } from './s3-state.ts';
import { errorDocument } from './s3-xml.ts';
import { type Credentials, verifySignature } from './signature.ts';

export interface S3EmulatorOptions {
  /** Where objects are kept between runs. Without it they live in a temporary directory that goes with the emulator. */
  readonly directory?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** The one identity that may do everything; every other signature is refused. */
  readonly credentials: Credentials;
}

export interface S3Emulator {
  /** `http://127.0.0.1:port`; clients need `forcePathStyle: true`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const TEMPORARY_PREFIX = 'mirrortide-s3-';
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * A small S3 for tests and laptops: objects, conditional writes and reads, listings, multipart uploads, presigned addresses, checksums.
 *
 * Known gaps. Refused with NotImplemented: versions, policies, ACLs, tags, encryption settings, object lock, lifecycle, notifications,
 * ListObjects version 1, GET by part number, payloads signed chunk by chunk, POST forms. Different from S3: path-style addresses only; one
 * identity, no public access; conflicting conditional writes answer 412 and never 409 ConditionalRequestConflict; completing an upload
 * a second time is NoSuchUpload (S3 repeats its answer for a while); no checksum is added when the client sends none (S3 adds CRC-64/NVME);
 * nothing throttles and nothing is slow; acknowledged writes survive a killed process, not a power cut.
 */
export async function startS3Emulator(options: S3EmulatorOptions): Promise<S3Emulator> {
  const directory = options.directory ?? temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  const index = objectIndex(options.directory === undefined ? ':memory:' : join(directory, 'index.sqlite'));
  const bodies = bodyStore(join(directory, 'bodies'));
  bodies.sweep(index.bodyIds());
  const state: S3State = { index, bodies, completing: new Set() };
  const server = createServer((message, response) => void serve(state, options.credentials, message, response));
  // A body of several gigabytes may take longer than Node's five minutes for a whole request.
  server.requestTimeout = 0;
  await listen(server, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await close(server);
      index.close();
      if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function serve(
  state: S3State,
  credentials: Credentials,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('server', 'AmazonS3');
  try {
    const request = readRequest(message);
    verifySignature(request, credentials, Date.now());
    await send(response, await route(request)(state, request));
  } catch (error) {
    fail(message, response, error, requestId);
  } finally {
    // An unread body (a refused upload) would block the connection for the next request.
    message.resume();
  }
}

async function send(response: ServerResponse, answer: S3Response): Promise<void> {
  response.statusCode = answer.status;
  response.setHeaders(new Map(Object.entries(answer.headers ?? {})));
  if (answer.body === undefined || typeof answer.body === 'string') {
    response.end(answer.body);
    return;
  }
  await pipeline(answer.body, response);
}

function fail(message: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void {
  if (response.headersSent || message.socket.destroyed) {
    response.destroy();
    return;
  }
  const known = error instanceof S3Error ? error : new S3Error('InternalError', String(error));
  if (known !== error) console.error('the S3 emulator failed:', error);
  const [path = '/'] = (message.url ?? '/').split('?');
  response.statusCode = known.status;
  response.setHeaders(new Map(Object.entries({ ...known.headers, 'content-type': 'application/xml' })));
  response.end(message.method === 'HEAD' ? undefined : errorDocument(known.code, known.message, path, requestId));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/**
 * Named after the process, so that what a killed one left behind can be told from what a living one uses. A day's grace on top, because
 * a process in another container may share this directory and not be visible from here.
 */
function temporaryDirectory(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${TEMPORARY_PREFIX}(\\d+)-`).exec(name)?.[1];
    const path = join(tmpdir(), name);
    if (owner !== undefined && !isAlive(Number(owner)) && isOld(path)) rmSync(path, { recursive: true, force: true });
  }
  return mkdtempSync(join(tmpdir(), `${TEMPORARY_PREFIX}${process.pid}-`));
}

function isOld(path: string): boolean {
  const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return modifiedMs !== undefined && Date.now() - modifiedMs > ABANDONED_AFTER_MS;
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
