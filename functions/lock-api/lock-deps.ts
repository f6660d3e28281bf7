import { Fault } from '#domain/errors.ts';
import { classifyWrite } from '#domain/lock/classify-write.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { EpochMs, LockName, LockState } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { Clock } from '#ports/clock.ts';
import type { LockStore, Within } from '#ports/lock-store.ts';
import type { Log } from '#ports/log.ts';

/** What the network lets its hosts do. */
export interface RulesSource {
  /** Some seconds old at most. */
  current(): Promise<LockRules>;
  /** Read now. */
  fresh(): Promise<LockRules>;
}

export interface LockDeps {
  readonly store: LockStore;
  readonly rules: RulesSource;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

/**
 * No call to the table is started later than this after the request arrived, nor lasts beyond it. The function's own time-out is
 * 8 s and the shortest of the clients' is 10 s: what is done for a request is over before its client asks again.
 */
const WRITE_UNTIL_MS = 6_000;

/** Throws Fault when no time is left. */
export const timeLeft = (deps: Pick<LockDeps, 'clock'>, arrivedMs: EpochMs): Within => {
  const withinMs = Math.min(WRITE_UNTIL_MS, arrivedMs + WRITE_UNTIL_MS - deps.clock.now());
  if (withinMs <= 0) throw new Fault('the request is too old to start anything for it');
  return { withinMs };
};

/** `again`: not done, as far as one can tell; `lock` is the state to decide anew from, undefined when there is none. */
export type Tried =
  | { readonly kind: 'done'; readonly lock: LockState }
  | { readonly kind: 'again'; readonly lock: LockState | undefined; readonly cause: unknown };

/** Tries one write and learns from the state, not from the error, whether it was done. */
export const tryWrite = async (deps: LockDeps, name: LockName, write: LockWrite, arrivedMs: EpochMs): Promise<Tried> => {
  const result = await deps.store.write(name, write, timeLeft(deps, arrivedMs));
  if (result.kind === 'written') return { kind: 'done', lock: result.state };
  const cause = result.kind === 'unknown' ? result.cause : undefined;
  const seen = result.kind === 'refused' ? result.seen : await deps.store.read(name, timeLeft(deps, arrivedMs));
  const done = classifyWrite(write, seen) === 'done';
  return done && seen !== undefined ? { kind: 'done', lock: seen } : { kind: 'again', lock: seen, cause };
};

/** How often an operation decides anew; each time somebody else's write was done, or no reply came. */
export const MOST_TRIES = 12;

export const gaveUp = (doing: string, cause?: unknown): Fault =>
  new Fault(`${doing} did not succeed in ${MOST_TRIES} tries`, { cause });

export const isPresent = (lock: LockState | undefined): lock is LockState => lock !== undefined && !lock.removed;
