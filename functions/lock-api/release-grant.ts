import { decideRelease, mayHandOn, nothingToRelease, type Releaser } from '#domain/lock/decide-release.ts';
import { grantOf, type LockName, type LockState, type Waiter } from '#domain/lock/lock-state.ts';
import type { Cause } from '#domain/lock/lock-write.ts';
import type { LegacyReleaseOutcome } from '#domain/lock/outcomes.ts';
import { isAlive } from '#domain/lock/queue.ts';
import { gaveUp, isPresent, type LockDeps, MOST_TRIES, timeLeft, tryWrite } from './lock-deps.ts';

export interface ReleaseCall extends Releaser {
  readonly lock: LockName;
  readonly reason?: string | undefined;
}

/** Enough to find somebody alive behind the dead. */
const WINDOW = 25;

const windowFor = async (deps: LockDeps, call: ReleaseCall, lock: LockState): Promise<readonly Waiter[]> =>
  mayHandOn(lock) ? deps.store.waiters(call.lock, WINDOW, timeLeft(deps, call.arrivedMs)) : [];

/** The slot is free by now; whatever happens to the queue must not make the release fail. */
const tidyQueue = async (deps: LockDeps, call: ReleaseCall, lock: LockState, window: readonly Waiter[]): Promise<void> => {
  const nowMs = deps.clock.now();
  // Waiters whose tickets lapsed too: enough of them at the head would hide everybody behind them.
  const gone = window.filter(
    (waiter) => waiter.host === call.host || grantOf(lock, waiter.host) !== undefined || !isAlive(waiter, nowMs),
  );
  try {
    for (const { host, ticket } of gone) await deps.store.dequeue(call.lock, host, ticket, timeLeft(deps, call.arrivedMs));
  } catch (error) {
    deps.log.warn('a released lock left somebody in the queue who waits no more', { lock: call.lock, error });
  }
};

/** Gives the slot back, to the first of the queue when there is one; what is not held is as good as released. */
export const releaseGrant = async (deps: LockDeps, call: ReleaseCall): Promise<LegacyReleaseOutcome> => {
  const requestId = deps.newId();
  let cause: unknown;
  let handingOn = true;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const lock = await deps.store.read(call.lock, timeLeft(deps, call.arrivedMs));
    if (!isPresent(lock)) return { kind: 'unknown_lock' };
    const nothing = nothingToRelease(lock, call);
    const window = nothing === undefined && handingOn ? await windowFor(deps, call, lock) : [];
    const by: Cause = { by: call.host, atMs: deps.clock.now(), requestId, reason: call.reason };
    const step = nothing ?? decideRelease(lock, window, call, by);
    if (step.kind !== 'try') return { kind: step.kind, lock };
    const tried = await tryWrite(deps, call.lock, step.write, call.arrivedMs);
    if (tried.kind === 'done') {
      await tidyQueue(deps, call, tried.lock, window);
      // Refused since the grant is gone: by this very call, whose first reply was lost, or by another one.
      return { kind: tried.lock.last?.requestId === requestId ? 'released' : 'not_held', lock: tried.lock };
    }
    cause = tried.cause;
    // A lock that was halted, disabled, shrunk or granted from meanwhile hands nothing on: a plain release always goes.
    handingOn = false;
  }
  throw gaveUp(`releasing ${call.lock} of ${call.host}`, cause);
};
