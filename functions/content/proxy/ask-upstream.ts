/**
 * Asks upstream for one URL and keeps what comes. The peer looks at every address it connects to, at those of redirects too, and ends
 * what is too large or too slow. Bytes are stored before anything says that they are there; what fails leaves what was known as it was.
 */
import { INLINE_BYTES } from '#domain/content/answer-bytes.ts';
import { judgeUpstream, type UpstreamVerdict } from '#domain/content/judge-upstream.ts';
import { type KeptCopy, type KeptFile, type ProxyDecision, troubleUntil } from '#domain/content/proxy-copy.ts';
import { WireError } from '#domain/errors.ts';
import type { HttpLimits } from '#ports/http-peer.ts';
import type { IncomingBytes } from '#ports/proxied-bytes.ts';
import { askedWaitMs } from '#wire/retry-after.ts';
import { type Found, foundAt, type Wanted } from './found.ts';
import type { ProxyDeps } from './proxy-deps.ts';

const CONNECT_MS = 5_000;
const IDLE_MS = 8_000;
const TOTAL_MS = 16_000;
/** From the beginning of a request, the wait for others included; the bytes still have to be stored before the function ends. */
const LATEST_MS = 22_000;
const SHORTEST_MS = 1_000;
const MAX_REDIRECTS = 4;

export interface Learnt {
  readonly found: Found;
  readonly settled: KeptCopy;
}

type Verdict = Exclude<UpstreamVerdict, { kind: 'bytes' }> | { readonly kind: 'file'; readonly file: KeptFile };
type Outcome = Verdict & { readonly bytes?: Uint8Array | undefined; readonly askedWaitMs?: number | undefined };

const limitsOf = (deps: ProxyDeps, startedMs: number, maxBytes: number): HttpLimits => {
  const leftMs = Math.max(SHORTEST_MS, startedMs + LATEST_MS - deps.clock.now());
  return { connectMs: CONNECT_MS, idleMs: IDLE_MS, totalMs: Math.min(TOTAL_MS, leftMs), maxBytes, maxRedirects: MAX_REDIRECTS };
};

const headersOf = ({ accept }: Wanted, known: KeptFile | undefined): Record<string, string> => ({
  ...(accept !== undefined && { accept }),
  ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
  ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
});

const uselessBytes = ({ check }: Wanted, bytes: Uint8Array | undefined, contentType: string): string | undefined => {
  if (check === undefined || bytes === undefined) return undefined;
  try {
    check(bytes, contentType);
    return undefined;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return error.message;
  }
};

const keep = async (deps: ProxyDeps, wanted: Wanted, incoming: IncomingBytes, seen: UpstreamVerdict): Promise<Outcome> => {
  if (seen.kind !== 'bytes') return seen;
  const { kind: _, ...said } = seen;
  const received = incoming.received();
  const bytes = incoming.small(wanted.check === undefined ? INLINE_BYTES : wanted.maximumBytes);
  const reason = uselessBytes(wanted, bytes, said.contentType);
  if (reason !== undefined) return { kind: 'trouble', trouble: { kind: 'failure', reason } };
  await incoming.store(said.contentType);
  return { kind: 'file', file: { kind: 'file', ...received, ...said, storedMs: deps.clock.now() }, bytes };
};

const exchange = async (deps: ProxyDeps, wanted: Wanted, known: KeptFile | undefined, startedMs: number): Promise<Outcome> => {
  const incoming = deps.bytes.receive();
  let receivedBytes = 0;
  try {
    const maxBytes = Math.min(wanted.maximumBytes, await deps.bytes.roomBytes());
    const request = { method: 'GET', url: wanted.url, headers: headersOf(wanted, known) } as const;
    const seen = await deps
      .peer(wanted.crawl)
      .stream({ ...request, limits: limitsOf(deps, startedMs, maxBytes) }, async (piece) => {
        receivedBytes += piece.length;
        await incoming.write(piece);
      });
    const outcome = await keep(deps, wanted, incoming, judgeUpstream({ url: wanted.url, known }, seen, receivedBytes));
    const waitMs = seen.kind === 'answered' ? askedWaitMs(seen.status, seen.headers, deps.clock.now()) : undefined;
    return { ...outcome, askedWaitMs: waitMs };
  } finally {
    await incoming.discard();
  }
};

const NOTHING: KeptCopy = { known: undefined, checkedMs: 0, trouble: undefined };

/** `before` is what was known; `startedMs` when the request began. */
export const askUpstream = async (
  deps: ProxyDeps,
  wanted: Wanted,
  { known, stale }: ProxyDecision & { readonly kind: 'ask' },
  before: KeptCopy | undefined,
  startedMs: number,
): Promise<Learnt> => {
  const outcome = await exchange(deps, wanted, known, startedMs);
  const checkedMs = deps.clock.now();
  if (outcome.kind === 'trouble') {
    const trouble = { ...outcome.trouble, untilMs: troubleUntil(checkedMs, outcome.askedWaitMs) };
    deps.log.warn('upstream of a proxy volume failed', { volume: wanted.volume.id, url: wanted.url, ...outcome.trouble });
    const found: Found = stale === undefined ? { kind: 'trouble', trouble } : foundAt(stale);
    return { found, settled: { ...(before ?? NOTHING), trouble } };
  }
  const learnt = outcome.kind === 'file' ? outcome.file : outcome.known;
  return {
    found: {
      kind: 'known',
      known: learnt,
      checkedMs,
      source: outcome.kind === 'same' ? 'checked' : 'miss',
      bytes: outcome.bytes,
    },
    settled: { known: learnt, checkedMs, trouble: undefined },
  };
};
