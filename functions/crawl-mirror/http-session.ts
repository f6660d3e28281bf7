import pLimit from 'p-limit';
import { obeyedWaitMs } from '#domain/crawl/pace.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { HttpOutcome, HttpPeer } from '#ports/http-peer.ts';
import { askedWaitMs } from '#wire/retry-after.ts';

/** Bounds of one check of one host; what is over them is not asked, and so stays unknown. */
export interface SessionLimits {
  readonly requests: number;
  /** Requests in flight. */
  readonly connections: number;
  readonly deadlineMs: EpochMs;
}

export interface HttpSession {
  /** `undefined`: not asked, because the bounds are reached or the mirror asked us to stop. */
  ask(method: 'GET' | 'HEAD', url: string, maxBytes: number): Promise<HttpOutcome | undefined>;
  /** Requests that may still be sent. */
  left(): number;
  /** The moment before which the mirror does not want us back, once it said so. */
  notBeforeMs(): EpochMs | undefined;
}

const CONNECT_MS = 10_000;
const IDLE_MS = 15_000;
const TOTAL_MS = 60_000;
/**
 * A URL that answers with a redirect is not listed. What lies behind it proves nothing about the next request, and clients differ:
 * wget2 1.99.1 repeats a redirected request without end when a metalink sent it there (some 19,000 times a second, measured).
 */
const MAX_REDIRECTS = 0;

export const httpSession = (http: HttpPeer, clock: Clock, limits: SessionLimits): HttpSession => {
  const limit = pLimit(Math.max(1, limits.connections));
  let left = limits.requests;
  let notBeforeMs: EpochMs | undefined;

  const request = async (method: 'GET' | 'HEAD', url: string, maxBytes: number): Promise<HttpOutcome | undefined> => {
    const nowMs = clock.now();
    if (left <= 0 || notBeforeMs !== undefined || nowMs >= limits.deadlineMs) return undefined;
    left -= 1;
    const totalMs = Math.max(1, Math.min(TOTAL_MS, limits.deadlineMs - nowMs));
    const outcome = await http.request({
      method,
      url,
      // Sizes are those of the file, not of a compressed form; caches on the way are asked to look again.
      headers: { 'accept-encoding': 'identity', 'cache-control': 'no-cache' },
      limits: { connectMs: CONNECT_MS, idleMs: IDLE_MS, totalMs, maxBytes, maxRedirects: MAX_REDIRECTS },
    });
    const waitMs = outcome.kind === 'failed' ? undefined : askedWaitMs(outcome.status, outcome.headers, clock.now());
    if (waitMs !== undefined) notBeforeMs = Math.max(notBeforeMs ?? 0, clock.now() + obeyedWaitMs(waitMs));
    return outcome;
  };

  return {
    ask: (method, url, maxBytes) => limit(request, method, url, maxBytes),
    left: () => left,
    notBeforeMs: () => notBeforeMs,
  };
};
