import type { IncomingMessage } from 'node:http';
import type { HttpOutcome, HttpPeer, HttpRequest } from '#ports/http-peer.ts';
import type { AddressGuard } from './address-guard.ts';
import { type HttpAgents, httpAgents } from './http-agents.ts';
import { failed, outcomeOfError } from './http-failure.ts';
import { type Hop, type HopClock, type HopOpened, openHop } from './http-hop.ts';
import { checkUrl, type UrlPolicy } from './http-url.ts';
import { printable } from './printable.ts';

export interface HttpPeerOptions {
  readonly guard: AddressGuard;
  /** Goes into the User-Agent: `mirrortide/VERSION (+CONTACT)`. */
  readonly version: string;
  readonly contact: string;
  /** Connections to one host and port at a time; further requests wait, and the wait counts. */
  readonly maxSocketsPerHost: number;
  /** Besides the scheme's own port. */
  readonly allowedPorts?: readonly number[] | 'any';
  /** Follow redirects from https to http; off by default. */
  readonly allowDowngrade?: boolean;
  /** PEM; replaces the built-in certificate authorities. */
  readonly certificateAuthorities?: readonly string[];
}

export interface ClosableHttpPeer extends HttpPeer {
  /** Closes kept connections. */
  close(): void;
}

type Asked = Pick<Hop, 'method' | 'limits'>;
type OnChunk = (chunk: Uint8Array) => void | Promise<void>;
type Failed = Extract<HttpOutcome, { kind: 'failed' }>;
type BodyEnd = { readonly kind: 'whole'; readonly body: Uint8Array } | Failed;

/** An error of the caller's own `onChunk`, carried past everything that would take it for the peer's. */
class CallerError extends Error {}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const NOTHING = new Uint8Array(0);

const headersOf = (response: IncomingMessage): Record<string, string> => {
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    const name = (response.rawHeaders[index] ?? '').toLowerCase();
    const value = response.rawHeaders[index + 1] ?? '';
    const before = found.get(name);
    found.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(found);
};

const declaredBytes = (response: IncomingMessage): number => Number(response.headers['content-length'] ?? 0);

const succeeded = (status: number): boolean => status >= 200 && status < 300;

/** Reads the body piece by piece. The wait for the peer stands still while `onChunk` works. */
const drain = async (response: IncomingMessage, clock: HopClock, asked: Asked, onChunk: OnChunk): Promise<Failed | undefined> => {
  const { maxBytes, idleMs } = asked.limits;
  const cut = !succeeded(response.statusCode ?? 0);
  const tooLarge = failed('too-large', `the body is larger than ${maxBytes} bytes`);
  if (asked.method === 'GET' && !cut && declaredBytes(response) > maxBytes) return tooLarge;
  let received = 0;
  clock.waiting('no more bytes', idleMs);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    clock.ours();
    received += chunk.length;
    if (received > maxBytes && !cut) return tooLarge;
    const room = chunk.length - Math.max(0, received - maxBytes);
    try {
      await onChunk(chunk.subarray(0, room));
    } catch (cause) {
      throw new CallerError('onChunk failed', { cause });
    }
    if (received > maxBytes) return undefined;
    clock.waiting('no more bytes', idleMs);
  }
  return undefined;
};

const readBody = async (
  response: IncomingMessage,
  clock: HopClock,
  asked: Asked,
  onChunk: OnChunk | undefined,
): Promise<BodyEnd> => {
  const pieces: Uint8Array[] = [];
  const streamed = onChunk !== undefined && response.statusCode === 200;
  // A streamed exchange has no use for the body of another status.
  const discard = onChunk !== undefined && !streamed;
  try {
    if (discard) return { kind: 'whole', body: NOTHING };
    const trouble = await drain(response, clock, asked, streamed ? onChunk : (chunk) => void pieces.push(chunk));
    return trouble ?? { kind: 'whole', body: pieces.length === 0 ? NOTHING : new Uint8Array(Buffer.concat(pieces)) };
  } catch (error) {
    if (error instanceof CallerError) throw error.cause;
    return outcomeOfError(error, 'talking');
  } finally {
    clock.stop();
    // Ends the connection unless the answer was read to its end.
    response.destroy();
  }
};

/** Servers write raw UTF-8 into Location, and node hands it over as Latin-1. */
const locationOf = (response: IncomingMessage): string | undefined => {
  const location = response.headers.location;
  return location === undefined ? undefined : Buffer.from(location, 'latin1').toString('utf8');
};

/** A kept connection that the server closed meanwhile is not the server's failure: such a request gets one new connection. */
const openWithRetry = async (hop: Omit<Hop, 'agent'>, agents: HttpAgents): Promise<HopOpened> => {
  const first = await openHop({ ...hop, agent: agents.pick(hop.url.protocol, false) });
  const retry = first.kind === 'error' && first.reused && outcomeOfError(first.error, first.phase).failure === 'protocol';
  return retry ? openHop({ ...hop, agent: agents.pick(hop.url.protocol, true) }) : first;
};

interface Setup {
  readonly policy: UrlPolicy;
  readonly agents: HttpAgents;
  readonly userAgent: string;
}

/** A header value that node refuses to send would throw; none that we make ourselves is like that. */
const sendable = (headers: HttpRequest['headers'] = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '')]));

const exchange = async (setup: Setup, request: HttpRequest, onChunk: OnChunk | undefined): Promise<HttpOutcome> => {
  const deadlineMs = performance.now() + request.limits.totalMs;
  const headers = { accept: '*/*', ...sendable(request.headers), 'accept-encoding': 'identity', 'user-agent': setup.userAgent };
  let target = request.url;
  let base: URL | undefined;
  for (let redirects = 0; redirects <= request.limits.maxRedirects; redirects += 1) {
    const verdict = checkUrl(target, base, setup.policy);
    if (verdict.kind === 'failed') return verdict;
    const { url } = verdict;
    const hop = { method: request.method, url, headers, limits: request.limits, deadlineMs };
    const opened = await openWithRetry(hop, setup.agents);
    if (opened.kind === 'error') return outcomeOfError(opened.error, opened.phase);
    const { response, clock } = opened;
    const status = response.statusCode ?? 0;
    const location = REDIRECTS.has(status) ? locationOf(response) : undefined;
    if (location === undefined) {
      const end = await readBody(response, clock, hop, onChunk);
      if (end.kind === 'failed') return end;
      return { kind: 'answered', status, headers: headersOf(response), body: end.body, url: url.href };
    }
    clock.stop();
    response.destroy();
    base = url;
    target = location;
  }
  const { maxRedirects } = request.limits;
  return failed(
    'redirects',
    maxRedirects === 0 ? `redirects to ${target}` : `more than ${maxRedirects} redirects, the last to ${target}`,
  );
};

export const httpPeer = (options: HttpPeerOptions): ClosableHttpPeer => {
  const agents = httpAgents(options);
  const { guard, allowedPorts = [], allowDowngrade = false } = options;
  const setup: Setup = {
    policy: { guard, allowedPorts, allowDowngrade },
    agents,
    userAgent: printable(`mirrortide/${options.version} (+${options.contact})`, 256),
  };
  return {
    request: (request) => exchange(setup, request, undefined),
    stream: (request, onChunk) => exchange(setup, { ...request, method: 'GET' }, onChunk),
    close: () => agents.close(),
  };
};
