import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export const FAULTS = ['none', 'lost-request', 'lost-reply', 'duplicated', 'repeated-later', 'delayed'] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault happened. */
  readonly counts: Readonly<Record<Fault, number>>;
  close(): Promise<void>;
}

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const LATEST_MS = 250;

const bodyOf = async (stream: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

const forward = (to: string, from: IncomingMessage, body: Buffer, address: string | undefined): Promise<Forwarded> =>
  new Promise((resolve, reject) => {
    const { method, headers } = from;
    const localAddress = address ?? from.socket.remoteAddress ?? '127.0.0.1';
    const sent = request(`${to}${from.url}`, { method, headers, localAddress, agent: false }, (response) => {
      bodyOf(response).then(
        (read) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

export interface FaultyProxyOptions {
  readonly to: string;
  /** Which fault a request meets. */
  readonly draw: (request: { readonly method: string; readonly url: string }) => Fault;
  readonly random: () => number;
  /** Instead of the client's own, for clients that cannot choose one. */
  readonly address?: string;
}

/** Stands between clients and the service, and does to their requests what networks do. */
export const faultyProxy = async ({ to, draw, random, address }: FaultyProxyOptions): Promise<FaultyProxy> => {
  const counts = { none: 0, 'lost-request': 0, 'lost-reply': 0, duplicated: 0, 'repeated-later': 0, delayed: 0 };
  const later = new Set<Promise<unknown>>();
  const isRelease = ({ method, url }: IncomingMessage): boolean => method === 'DELETE' || url?.includes('steady-state') === true;
  /** Addresses of clients that have asked for the lock. */
  const asked = new Set<string | undefined>();

  const passOn = async (fault: Fault, from: IncomingMessage, body: Buffer): Promise<Forwarded | undefined> => {
    if (fault === 'lost-request') return undefined;
    if (fault === 'delayed') await pause(random() * LATEST_MS);
    const copy = fault === 'duplicated' ? forward(to, from, body, address) : undefined;
    const answer = await forward(to, from, body, address);
    await copy;
    if (fault === 'repeated-later') {
      const repeat = pause(random() * LATEST_MS).then(() => forward(to, from, body, address));
      later.add(repeat.catch(() => undefined));
    }
    return fault === 'lost-reply' ? undefined : answer;
  };

  const serve = async (from: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(from);
    const drawn = draw({ method: from.method ?? '', url: from.url ?? '' });
    // A copy that comes when its client has gone on may only be one of the release that ends an update. Late copies of an
    // acquisition would take the lock for a host that knows nothing of it, and those of the report with which an agent starts
    // would free what it took since: no server can tell either from a wish.
    const late = isRelease(from) && asked.has(from.socket.remoteAddress);
    const fault = drawn === 'repeated-later' && !late ? 'duplicated' : drawn;
    if (!isRelease(from)) asked.add(from.socket.remoteAddress);
    counts[fault] += 1;
    const answer = await passOn(fault, from, body);
    if (answer === undefined) {
      from.socket.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  };

  const server = createServer((from, response) => {
    serve(from, response).catch(() => from.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: async () => {
      await Promise.all(later);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
