import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Issuer } from '../identity/issuer.ts';
import type { Gateway } from './api-gateway.ts';
import { conditionalAnswer } from './conditional-answer.ts';
import { encodeAnswer } from './content-coding.ts';
import type { EdgeAnswer } from './edge-cache.ts';
import type { EdgeRequest } from './edge-request.ts';
import type { StreamingBranch } from './object-edge.ts';

export interface EdgeServerOptions {
  readonly port: number;
  /** Loopback unless somebody means to show it to others. */
  readonly address: string;
  readonly respond: (request: EdgeRequest) => Promise<EdgeAnswer>;
  /** Has paths of its own, beside the cache, with any method and with bodies. */
  readonly gateway?: Gateway;
  /** Answers on its own what it owns; undefined until there is one. */
  readonly issuer?: () => Pick<Issuer, 'owns' | 'handle'> | undefined;
  /** What is too large to be in memory. */
  readonly objects?: StreamingBranch;
  /** One line per request, when wanted. */
  readonly accessLog: ((line: string) => void) | undefined;
  readonly onFault: (error: unknown) => void;
}

export interface EdgeServer {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_URL_BYTES = 8_192;
const MAX_HEADER_BYTES = 16_384;
const MAX_CONNECTIONS = 2_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 15_000;
const KEEP_ALIVE_MS = 20_000;

const plain = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): EdgeAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  body: Buffer.from(`${text}\n`),
});

/** The path and query of a request line; `undefined` when it is neither origin-form nor absolute-form (RFC 9112 3.2). */
function splitTarget(target: string): { readonly uri: string; readonly query: string } | undefined {
  const origin = target.startsWith('/') ? target : /^https?:\/\/[^/?#]+(\/.*)$/i.exec(target)?.[1];
  if (origin === undefined) return undefined;
  const mark = origin.indexOf('?');
  return mark < 0 ? { uri: origin, query: '' } : { uri: origin.slice(0, mark), query: origin.slice(mark + 1) };
}

/** Refuses what no client of ours sends, before any function runs; `undefined` when the request may go on. */
function refuse(request: IncomingMessage): EdgeAnswer | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET and HEAD.', { allow: 'GET, HEAD' });
  if (Buffer.byteLength(request.url ?? '') > MAX_URL_BYTES) return plain(414, `A URL may have ${MAX_URL_BYTES} bytes.`);
  const length = request.headers['content-length'];
  if ((length !== undefined && length !== '0') || request.headers['transfer-encoding'] !== undefined) {
    return plain(413, 'A GET or HEAD request has no body here.', { connection: 'close' });
  }
  return undefined;
}

function send(response: ServerResponse, answer: EdgeAnswer, withBody: boolean): void {
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name !== 'content-length') response.setHeader(name, value);
  }
  if (answer.status !== 304 && answer.status !== 204) response.setHeader('content-length', answer.body.byteLength);
  response.writeHead(answer.status);
  response.end(withBody ? answer.body : undefined);
}

async function answerRequest(options: EdgeServerOptions, request: IncomingMessage): Promise<EdgeAnswer> {
  const target = splitTarget(request.url ?? '');
  if (target !== undefined && options.gateway?.owns(target.uri) === true) return options.gateway.respond(request, target);
  const refused = refuse(request);
  if (refused !== undefined) return refused;
  if (target === undefined) return plain(400, 'The request has no path.');
  const found = await options.respond({
    method: request.method ?? 'GET',
    ...target,
    headers: request.headers,
    address: request.socket.remoteAddress ?? '',
  });
  const current = conditionalAnswer(found, request.headers);
  return current.status === 206 ? current : encodeAnswer(current, String(request.headers['accept-encoding'] ?? ''));
}

/** How either side of a stream ends that somebody left in the middle. */
const GIVEN_UP = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']);

/** A client that goes away in the middle is no fault; anything else ends the connection, as there is nothing else left to say. */
async function stream(options: EdgeServerOptions, branch: StreamingBranch, request: IncomingMessage, response: ServerResponse) {
  const started = performance.now();
  try {
    await branch.handle(request, response);
  } catch (error) {
    if (!GIVEN_UP.has((error as NodeJS.ErrnoException).code ?? '')) options.onFault(error);
    if (response.headersSent) response.destroy();
    else send(response, plain(503, 'No answer for now. Try again in a few seconds.', { 'retry-after': '5' }), true);
  }
  const tookMs = (performance.now() - started).toFixed(1);
  options.accessLog?.(`${request.method} ${request.url} ${response.statusCode} - ${tookMs} ms -`);
}

async function serve(options: EdgeServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const issuer = options.issuer?.();
  const path = splitTarget(request.url ?? '')?.uri ?? '';
  if (issuer?.owns(path) === true) return issuer.handle(request, response);
  if (options.objects?.owns(path) === true) return stream(options, options.objects, request, response);
  const started = performance.now();
  let answer: EdgeAnswer;
  try {
    answer = await answerRequest(options, request);
  } catch (error) {
    options.onFault(error);
    answer = plain(500, 'The edge failed; its log says why.');
  }
  send(response, answer, request.method !== 'HEAD');
  const tookMs = (performance.now() - started).toFixed(1);
  options.accessLog?.(
    `${request.method} ${request.url} ${answer.status} ${answer.body.byteLength} B ${tookMs} ms ${answer.headers['x-cache'] ?? '-'}`,
  );
}

/** A request that the HTTP parser refuses never reaches a handler; it still gets a short answer with the right status. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`);
}

/** The port that clients talk to; resolves when it listens, rejects when it cannot (a port in use, for instance). */
export async function startEdgeServer(options: EdgeServerOptions): Promise<EdgeServer> {
  const server: Server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      serve(options, request, response).catch(options.onFault);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', refuseMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
