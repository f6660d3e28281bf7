import { connect, type Socket } from 'node:net';
import type { FileLister, ListedEntry, Listing, ListingLimits, ListingOptions } from '#ports/file-lister.ts';
import type { AddressGuard } from './address-guard.ts';
import { excerpt, HIGHEST_PROTOCOL, printRequest } from './rsync-protocol.ts';
import { RsyncSession } from './rsync-session.ts';
import { parseRsyncUrl, type RsyncTarget } from './rsync-url.ts';

export interface RsyncListerConfig {
  readonly guard: AddressGuard;
  readonly limits?: Partial<ListingLimits>;
  readonly allowedPorts?: ListingOptions['allowedPorts'];
  /** 27 to 29. Lower than a daemon's own only to prove that old daemons are understood. */
  readonly protocol?: 27 | 28 | 29;
}

// The largest public modules hold some ten million entries of about 55 bytes.
export const DEFAULT_LISTING_LIMITS: ListingLimits = {
  greetingMs: 15_000,
  idleMs: 60_000,
  totalMs: 600_000,
  goodbyeMs: 5_000,
  maxEntries: 20_000_000,
  maxBytes: 2_147_483_648,
  maxLineBytes: 4_096,
  maxMotdBytes: 65_536,
  maxMessageBytes: 65_536,
};
const RSYNC_PORTS = [873];
/** One buffer per connection, read into again and again: what is not parsed yet stays in the kernel, which slows the peer down. */
const READ_BUFFER_BYTES = 65_536;

interface Job {
  readonly target: RsyncTarget;
  readonly guard: AddressGuard;
  readonly request: Buffer;
  readonly protocol: number;
  readonly limits: ListingLimits;
  readonly onEntry: (entry: ListedEntry) => void;
  readonly signal: AbortSignal | undefined;
}

const causeOf = (error: NodeJS.ErrnoException): 'address' | 'name' | 'connection' => {
  if (error.code === 'ERR_ADDRESS_REFUSED') return 'address';
  return error.syscall === 'getaddrinfo' ? 'name' : 'connection';
};

/** Several addresses that all fail make an error without a message of its own. */
const messageOf = (error: NodeJS.ErrnoException): string => excerpt(Buffer.from(error.message || (error.code ?? error.name)));

const openSocket = (job: Job, onData: (length: number, buffer: Uint8Array) => void): Socket =>
  connect({
    host: job.target.host,
    port: job.target.port,
    lookup: job.guard.lookup,
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(READ_BUFFER_BYTES),
      callback: (length, buffer) => {
        onData(length, buffer);
        return true;
      },
    },
  });

const timedOut = (session: RsyncSession, reason: string): Listing => {
  if (session.outcome !== undefined) return session.outcome;
  if (session.phase === 'greeting') return { kind: 'unreachable', cause: 'silence', reason };
  return { kind: 'broken', cause: 'time', reason, ...session.received };
};

/** Four clocks; the last starts when the list is whole, and only ends the wait for the peer's own end. */
const startClocks = ({ limits }: Job, session: RsyncSession, conclude: (outcome: Listing) => void) => {
  const expire = (reason: string) => () => conclude(timedOut(session, reason));
  const idle = setTimeout(expire(`silent for ${limits.idleMs} ms`), limits.idleMs);
  const total = setTimeout(expire(`not done within ${limits.totalMs} ms`), limits.totalMs);
  const greeting = setTimeout(() => {
    if (session.phase === 'greeting') expire(`no greeting within ${limits.greetingMs} ms`)();
  }, limits.greetingMs);
  let goodbye: NodeJS.Timeout | undefined;
  return {
    onData: () => idle.refresh(),
    onGoodbye: () => {
      goodbye ??= setTimeout(expire('no end of the connection'), limits.goodbyeMs);
    },
    stop: () => {
      for (const clock of [idle, total, greeting, goodbye]) clearTimeout(clock);
    },
  };
};

const converse = (job: Job): Promise<Listing> =>
  new Promise((resolve, reject) => {
    const finish = (): void => {
      clocks.stop();
      job.signal?.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    const conclude = (outcome: Listing): void => {
      finish();
      resolve(outcome);
    };
    const onAbort = (): void => conclude({ kind: 'stopped', ...session.received });
    const onData = (length: number, buffer: Uint8Array): void => {
      clocks.onData();
      try {
        session.push(buffer, length);
      } catch (error) {
        finish();
        reject(error);
        return;
      }
      if (session.phase === 'goodbye') clocks.onGoodbye();
      else if (session.outcome !== undefined) conclude(session.outcome);
    };
    const session = new RsyncSession({ ...job, send: (bytes) => socket.write(bytes) });
    const clocks = startClocks(job, session, conclude);
    const socket = openSocket(job, onData);
    job.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      const verdict = job.guard.check(socket.remoteAddress ?? '');
      if (!verdict.allowed) conclude({ kind: 'unreachable', cause: 'address', reason: verdict.reason });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const reason = messageOf(error);
      if (session.phase === 'greeting') conclude({ kind: 'unreachable', cause: causeOf(error), reason });
      else conclude(session.end(reason));
    });
    socket.once('close', () => conclude(session.end('the peer closed the connection')));
  });

/**
 * Lists a module of an rsync daemon (`rsync://host[:port]/module/path`) as `rsync -r --list-only` does, without the program,
 * without keeping the list, and without believing the peer. About 55 bytes per entry come down, a hundred go up.
 *
 * Times outside 1970 to 2106 wrap around, which is protocol 29's limit.
 */
export const rsyncLister = (config: RsyncListerConfig): FileLister => ({
  list: async (url, onEntry, options = {}) => {
    const limits = { ...DEFAULT_LISTING_LIMITS, ...config.limits, ...options.limits };
    const target = parseRsyncUrl(url);
    if (typeof target === 'string') return { kind: 'unreachable', cause: 'url', reason: target };
    const ports = options.allowedPorts ?? config.allowedPorts ?? RSYNC_PORTS;
    if (ports !== 'any' && !ports.includes(target.port)) {
      return { kind: 'unreachable', cause: 'address', reason: `port ${target.port} is not allowed` };
    }
    const verdict = config.guard.checkHost(target.host);
    if (!verdict.allowed) return { kind: 'unreachable', cause: 'address', reason: `${target.host}: ${verdict.reason}` };
    const request = printRequest(target, options.excludes ?? []);
    if (options.signal?.aborted) return { kind: 'stopped', entries: 0, bytesReceived: 0 };
    const protocol = config.protocol ?? HIGHEST_PROTOCOL;
    return converse({ target, guard: config.guard, request, protocol, limits, onEntry, signal: options.signal });
  },
});
