import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { basename, join, normalize } from 'node:path';

/** What a sample mirror is like at the moment; changed while it runs. */
export interface MirrorState {
  /** The tree that it serves. */
  root: string;
  /** `fail`: 503 to everything. `lie`: head files have the right size and wrong content. */
  behaviour: 'serve' | 'fail' | 'lie';
}

export interface MirrorServer {
  /** `http://127.0.0.2:40001`, no trailing slash. */
  readonly url: string;
  readonly state: MirrorState;
  stop(): Promise<void>;
}

const HEAD_FILES = new Set(['repomd.xml', 'Release', 'InRelease']);
const DIGIT = /\d(?=\D*$)/;

interface Served {
  readonly body: Buffer;
  readonly type: string;
  readonly modified: Date;
}

/** A change that keeps the size and the form: the last digit becomes another one. */
function falsify(body: Buffer): Buffer {
  const text = body.toString('latin1');
  return Buffer.from(
    text.replace(DIGIT, (digit) => String((Number(digit) + 1) % 10)),
    'latin1',
  );
}

async function listing(folder: string, uri: string): Promise<Buffer> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const links = names.map((name) => `<li><a href="${encodeURI(name)}">${name}</a>`).join('\n');
  return Buffer.from(`<!doctype html><title>${uri}</title><h1>${uri}</h1><ul><li><a href="../">../</a>\n${links}</ul>\n`);
}

async function find(state: MirrorState, uri: string): Promise<Served | undefined> {
  const path = join(state.root, normalize(`/${decodeURIComponent(uri)}`));
  const found = await stat(path);
  if (found.isDirectory()) return { body: await listing(path, uri), type: 'text/html', modified: found.mtime };
  const body = await readFile(path);
  const lies = state.behaviour === 'lie' && HEAD_FILES.has(basename(path));
  return { body: lies ? falsify(body) : body, type: 'application/octet-stream', modified: found.mtime };
}

async function serve(state: MirrorState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const uri = (request.url ?? '/').split('?')[0] ?? '/';
  if (state.behaviour === 'fail') {
    response.writeHead(503, { 'content-type': 'text/plain' }).end('This mirror is broken.\n');
    return;
  }
  // A path that is not there, or that does not decode, is the same to a client.
  const served = await find(state, uri).catch(() => undefined);
  if (served === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not here.\n');
    return;
  }
  const lastModified = served.modified.toUTCString();
  response.setHeader('last-modified', lastModified);
  if (request.headers['if-modified-since'] === lastModified) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': served.type, 'content-length': served.body.byteLength });
  response.end(request.method === 'HEAD' ? undefined : served.body);
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Plays one mirror over plain HTTP on `address`. Where the system has only 127.0.0.1 as loopback address, as macOS does, all mirrors
 * stand on that, each on its own port; so they do when the port is taken.
 */
export async function startMirrorServer(address: string, port: number, state: MirrorState): Promise<MirrorServer> {
  const server = createServer((request, response) => {
    serve(state, request, response).catch(() => response.destroy());
  });
  try {
    await listen(server, port, address);
  } catch {
    await listen(server, 0, '127.0.0.1');
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a sample mirror has no port');
  return {
    url: `http://${bound.address}:${bound.port}`,
    state,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
