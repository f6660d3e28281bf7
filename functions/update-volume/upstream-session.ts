import pLimit from 'p-limit';
import { obeyedWaitMs } from '#domain/crawl/pace.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { HttpLimits, HttpOutcome, HttpPeer } from '#ports/http-peer.ts';
import { askedWaitMs } from '#wire/retry-after.ts';
import { TooLarge, UpdateStopped } from './update-stopped.ts';

export type Answered = Extract<HttpOutcome, { readonly kind: 'answered' }>;

export interface UpstreamSession {
  /**
   * Whatever upstream answers that is about the file: 200, 304 where the headers have a condition, or undefined when it is not there.
   * Throws UpdateStopped for all else.
   */
  readonly get: (url: string, maxBytes: number, headers?: Readonly<Record<string, string>>) => Promise<Answered | undefined>;
  readonly exists: (url: string) => Promise<boolean>;
  /** As `get`, in pieces: `begin` is called for each try, and what it returns is given the pieces of that try. */
  readonly stream: (url: string, maxBytes: number, begin: () => Promise<OnChunk>) => Promise<Answered | undefined>;
  readonly leftMs: () => number;
  /** Nothing more is asked, whoever still waits for it. */
  readonly end: () => void;
}

type OnChunk = (chunk: Uint8Array) => Promise<void>;

export interface SessionDeps {
  readonly http: HttpPeer;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
}

export interface SessionLimits {
  /** Requests in flight. */
  readonly connections: number;
  /** No request is sent after this. */
  readonly deadlineMs: EpochMs;
}

const LIMITS: Omit<HttpLimits, 'totalMs' | 'maxBytes'> = { connectMs: 10_000, idleMs: 30_000, maxRedirects: 5 };
/** Before the second try, and before the third. */
const PAUSES_MS = [1_000, 5_000];
/** A shorter wait that upstream asks for is kept within the run. */
const LONGEST_PAUSE_MS = 30_000;
const ABSENT: ReadonlySet<number> = new Set([404, 410]);
const FORBIDDEN = 403;
const UNCHANGED = 304;
const CONDITIONS = ['if-none-match', 'if-modified-since'];
const FOR_NOW: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export const TIME_IS_OVER = 'the time of the run is over';

type Verdict =
  | { readonly kind: 'answer'; readonly answer: Answered | undefined }
  /** May be better in a moment. */
  | { readonly kind: 'again'; readonly reason: string };

const failureOf = ({ failure, reason }: Extract<HttpOutcome, { kind: 'failed' }>, url: string): Verdict => {
  switch (failure) {
    case 'too-large':
      throw new TooLarge(`${url}: ${reason}`);
    case 'refused':
    case 'redirects':
      throw new UpdateStopped('upstream_broken', `${url}: ${reason}`);
    default:
      return { kind: 'again', reason };
  }
};

/** `isKnown`: it was there before, and only news of it are wanted. */
const verdictOn = (outcome: HttpOutcome, url: string, isKnown: boolean): Verdict => {
  if (outcome.kind === 'failed') return failureOf(outcome, url);
  const { status } = outcome;
  if (status === 200 || (status === UNCHANGED && isKnown)) return { kind: 'answer', answer: outcome };
  // Stores behind mirrors answer 403 for what was never there; of what was, it says that we are not wanted.
  if (ABSENT.has(status) || (status === FORBIDDEN && !isKnown)) return { kind: 'answer', answer: undefined };
  if (FOR_NOW.has(status)) return { kind: 'again', reason: `HTTP ${status}` };
  throw new UpdateStopped('upstream_unreachable', `${url}: HTTP ${status}`);
};

/** How long to wait before the next try; throws when there is none. */
const waitAfter = (outcome: HttpOutcome, tries: number, reason: string, nowMs: EpochMs): number => {
  const asked = outcome.kind === 'answered' ? askedWaitMs(outcome.status, outcome.headers, nowMs) : undefined;
  if (asked !== undefined && asked > LONGEST_PAUSE_MS)
    throw new UpdateStopped('upstream_unreachable', reason, nowMs + obeyedWaitMs(asked));
  const own = PAUSES_MS[tries];
  if (own === undefined) throw new UpdateStopped('upstream_unreachable', reason);
  return Math.max(own, asked ?? 0);
};

/** Requests to somebody else's server: few at once, each tried again when it may help, none when upstream asks for peace. */
export const upstreamSession = (
  { http, clock, pause }: SessionDeps,
  { connections, deadlineMs }: SessionLimits,
): UpstreamSession => {
  const limit = pLimit(Math.max(1, connections));
  let hasEnded = false;
  const leftMs = (): number => (hasEnded ? 0 : deadlineMs - clock.now());
  const timeLeftMs = (): number => {
    const left = leftMs();
    if (left <= 0) throw new UpdateStopped('paused', TIME_IS_OVER);
    return left;
  };

  const tried = async (
    url: string,
    send: (totalMs: number) => Promise<HttpOutcome>,
    isKnown = false,
  ): Promise<Answered | undefined> => {
    for (let tries = 0; ; tries += 1) {
      const outcome = await send(timeLeftMs());
      const verdict = verdictOn(outcome, url, isKnown);
      if (verdict.kind === 'answer') return verdict.answer;
      // What failed because the time was over is no failure of upstream.
      timeLeftMs();
      await pause(waitAfter(outcome, tries, `${url}: ${verdict.reason}`, clock.now()));
    }
  };

  const get: UpstreamSession['get'] = (url, maxBytes, headers = {}) => {
    const isKnown = CONDITIONS.some((name) => headers[name] !== undefined);
    const ask = (totalMs: number) => http.request({ method: 'GET', url, headers, limits: { ...LIMITS, totalMs, maxBytes } });
    return limit(() => tried(url, ask, isKnown));
  };

  return {
    get,
    leftMs,
    end: () => {
      hasEnded = true;
    },
    exists: async (url) => {
      const asked = await limit(() =>
        tried(url, (totalMs) => http.request({ method: 'HEAD', url, limits: { ...LIMITS, totalMs, maxBytes: 0 } })),
      );
      return asked !== undefined;
    },
    stream: (url, maxBytes, begin) =>
      limit(() =>
        tried(url, async (totalMs) => {
          const onChunk = await begin();
          return http.stream({ method: 'GET', url, limits: { ...LIMITS, totalMs, maxBytes } }, onChunk);
        }),
      ),
  };
};
