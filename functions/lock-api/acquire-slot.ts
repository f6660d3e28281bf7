import { type AcquireStep, type Asker, decideTurn, decideWithoutQueue, granted, mayBeTold } from '#domain/lock/decide-acquire.ts';
import { type EpochMs, grantOf, type LockName, type LockState, type Waiter } from '#domain/lock/lock-state.ts';
import type { AcquireOutcome, Queued } from '#domain/lock/outcomes.ts';
import { LEGACY_PACE_MS, LEGACY_TOUCH_MS, rankOf, retryAfterMs } from '#domain/lock/queue.ts';
import { gaveUp, type LockDeps, MOST_TRIES, timeLeft, tryWrite } from './lock-deps.ts';
import { presentLock } from './present-lock.ts';

export interface SlotCall extends Asker {
  readonly lock: LockName;
  /** Without it, whoever gets no slot gets no place in the queue either. */
  readonly queueing: boolean;
}

/** Enough to find somebody alive behind the dead; more is read in no single request. */
const WINDOW = 25;
/** A waiter that asks again at once is not noted again. */
const NATIVE_TOUCH_MS = 1_000;
/** While nothing is granted, waiters keep their places by asking this often. */
const IDLE_RETRY_MS = 300_000;

/** What an acquisition learns on its way. */
interface Progress {
  /** The caller's place, once it is known. */
  own: Waiter | undefined;
  cause: unknown;
}

const paceOf = (call: SlotCall, advisedMs: number): number =>
  call.client === 'native' ? advisedMs : LEGACY_PACE_MS[call.client];

const note = async (deps: LockDeps, call: SlotCall, own: Waiter, advisedMs: number, nowMs: EpochMs): Promise<void> => {
  const unnotedMs = call.client === 'native' ? NATIVE_TOUCH_MS : LEGACY_TOUCH_MS;
  if (nowMs - own.lastSeenMs < unnotedMs) return;
  const waiter = { ...own, lastSeenMs: nowMs, intervalMs: paceOf(call, advisedMs) };
  await deps.store.touch(call.lock, waiter, timeLeft(deps, call.arrivedMs));
};

/** A place in the queue outlives a lock that is halted or disabled for a while. */
const keepPlace = async (deps: LockDeps, call: SlotCall, lock: LockState): Promise<void> => {
  if (!call.queueing || lock.policy.queue === 'none') return;
  const own = await deps.store.waiter(call.lock, call.host, timeLeft(deps, call.arrivedMs));
  if (own !== undefined) await note(deps, call, own, IDLE_RETRY_MS, deps.clock.now());
};

const join = (deps: LockDeps, call: SlotCall, lock: LockState, window: readonly Waiter[], nowMs: EpochMs): Promise<Waiter> => {
  const { host, client } = call;
  const intervalMs = (ticket: number): number =>
    paceOf(call, retryAfterMs(lock, rankOf(window, ticket, nowMs), `${host} ${nowMs}`));
  return deps.store.enqueue(call.lock, { host, client, nowMs, intervalMs }, timeLeft(deps, call.arrivedMs));
};

interface Look {
  readonly lock: LockState;
  readonly window: readonly Waiter[];
  readonly nowMs: EpochMs;
}

const withoutPlace = ({ lock, nowMs }: Look, call: SlotCall): Queued => ({
  kind: 'queued',
  ticket: 0,
  rank: 0,
  retryAfterMs: retryAfterMs(lock, 0, `${call.host} ${nowMs}`),
  lock,
});

/** The caller's answer, or undefined when it joined the queue just now: then the lock is looked at once more, lest a slot was freed meanwhile. */
const wait = async (deps: LockDeps, call: SlotCall, look: Look, progress: Progress): Promise<Queued | undefined> => {
  const { lock, window, nowMs } = look;
  if (!call.queueing || lock.policy.queue === 'none') return withoutPlace(look, call);
  const known = window.find(({ host }) => host === call.host) ?? progress.own;
  const own = known ?? (await deps.store.waiter(call.lock, call.host, timeLeft(deps, call.arrivedMs)));
  if (own === undefined) {
    progress.own = await join(deps, call, lock, window, nowMs);
    return undefined;
  }
  const rank = rankOf(window, own.ticket, nowMs);
  const retry = retryAfterMs(lock, rank, `${call.host} ${nowMs}`);
  await note(deps, call, own, retry, nowMs);
  return { kind: 'queued', ticket: own.ticket, rank, retryAfterMs: retry, lock };
};

/** Whoever has a slot, or an offer of one, waits no more. */
const leaveQueue = async (deps: LockDeps, call: SlotCall, look: Look, progress: Progress): Promise<void> => {
  const own = look.window.find(({ host }) => host === call.host) ?? progress.own;
  // Of a longer queue only the head was read. A place behind it that stood on would be offered the slot after its host is done.
  if (own === undefined && look.window.length < WINDOW) return;
  await deps.store.dequeue(call.lock, call.host, own?.ticket, timeLeft(deps, call.arrivedMs));
};

const answerFrom = async (
  deps: LockDeps,
  call: SlotCall,
  look: Look,
  progress: Progress,
): Promise<AcquireOutcome | undefined> => {
  const grant = grantOf(look.lock, call.host);
  // Not this request's doing: another one of the same host took the slot, or the host was offered it, in the meantime.
  if (grant === undefined || !mayBeTold(grant, call)) return undefined;
  await leaveQueue(deps, call, look, progress);
  return granted(look.lock, grant, look.nowMs);
};

/** Carries one step out; undefined when the lock is to be looked at again. */
const carryOut = async (
  deps: LockDeps,
  call: SlotCall,
  step: AcquireStep,
  look: Look,
  progress: Progress,
): Promise<AcquireOutcome | undefined> => {
  if (step.kind === 'wait') return wait(deps, call, look, progress);
  if (step.kind === 'answer') {
    if (step.outcome.kind === 'granted') await leaveQueue(deps, call, look, progress);
    else await keepPlace(deps, call, look.lock);
    return step.outcome;
  }
  const tried = await tryWrite(deps, call.lock, step.write, call.arrivedMs);
  if (tried.kind === 'again') {
    progress.cause = tried.cause;
    return undefined;
  }
  if (step.kind === 'offer') {
    await deps.store.dequeue(call.lock, step.waiter.host, step.waiter.ticket, timeLeft(deps, call.arrivedMs));
    return undefined;
  }
  return answerFrom(deps, call, { ...look, lock: tried.lock }, progress);
};

/**
 * One host asks for a slot. Uncontended: one read of the lock, one of the head of its queue, one write; the confirmation is one
 * more write. A client without confirmation holds after the first.
 */
export const acquireSlot = async (deps: LockDeps, call: SlotCall): Promise<AcquireOutcome> => {
  const progress: Progress = { own: undefined, cause: undefined };
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const lock = await presentLock(deps, call.lock, call.arrivedMs);
    if (lock === undefined) return { kind: 'unknown_lock' };
    const nowMs = deps.clock.now();
    const early = decideWithoutQueue(lock, call, nowMs);
    const needsQueue = early === undefined && lock.policy.queue === 'fifo';
    const window = needsQueue ? await deps.store.waiters(call.lock, WINDOW, timeLeft(deps, call.arrivedMs)) : [];
    const look = { lock, window, nowMs };
    // Many ask at once and others keep winning: the queue takes whoever lost that often.
    const step = early ?? (tries < MOST_TRIES - 2 ? decideTurn(lock, window, call, nowMs) : ({ kind: 'wait' } as const));
    const outcome = await carryOut(deps, call, step, look, progress);
    if (outcome !== undefined) return outcome;
  }
  throw gaveUp(`acquiring ${call.lock} for ${call.host}`, progress.cause);
};
