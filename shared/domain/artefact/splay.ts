/**
 * When one host of many asks. A thousand hosts whose timers fire in the same second would all ask in that second; each waits for a
 * share of the window that its own name gives it, the same at every run, so that a host's times are regular and a failed run is
 * where the last one was. Waits between attempts are random instead (full jitter, from the AWS architecture blog): hosts that
 * failed together must not come back together.
 */
import { drawFraction, hashText } from '../selection/hash.ts';

const SPLAY_SEED = 0x5b1a7;

export const splayMs = (hostName: string, windowMs: number): number =>
  Math.floor(drawFraction(SPLAY_SEED, hashText(hostName)) * windowMs);

export interface RetryPace {
  readonly firstMs: number;
  readonly longestMs: number;
  /** A server that asks for more patience than this gets none: the run ends, and the next one asks again. */
  readonly longestAskedMs: number;
}

/** Milliseconds before the next attempt; undefined when there is to be none. `random` is in [0, 1); `attempt` counts from 0. */
export function retryDelayMs(pace: RetryPace, attempt: number, random: number, askedMs: number | undefined): number | undefined {
  const jittered = random * Math.min(pace.longestMs, pace.firstMs * 2 ** Math.min(attempt, 30));
  if (askedMs === undefined) return jittered;
  return askedMs > pace.longestAskedMs ? undefined : askedMs + jittered;
}
