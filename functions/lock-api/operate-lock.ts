import { grantOf, type HostName, type LockConfig, type LockState } from '#domain/lock/lock-state.ts';
import type { Cause, LockWrite } from '#domain/lock/lock-write.ts';
import type { ConfigureOutcome, ForceReleaseOutcome, RemoveOutcome, ResumeOutcome, UnknownLock } from '#domain/lock/outcomes.ts';
import type { OperatorCall } from './lock-calls.ts';
import { gaveUp, isPresent, type LockDeps, MOST_TRIES, timeLeft, tryWrite } from './lock-deps.ts';

const causeOf = (deps: LockDeps, call: OperatorCall, requestId: string): Cause => ({
  by: `operator:${call.operator}`,
  atMs: deps.clock.now(),
  requestId,
  reason: call.reason,
});

/** What to do in a state: the answer, or a write and what it being done comes to. */
type Plan<Outcome> = { readonly answer: Outcome } | { readonly write: LockWrite; readonly done: (lock: LockState) => Outcome };

/** Decides anew from the state as often as others change it in between. */
const operate = async <Outcome>(
  deps: LockDeps,
  call: OperatorCall,
  plan: (lock: LockState, cause: Cause) => Plan<Outcome>,
): Promise<Outcome | UnknownLock> => {
  const requestId = deps.newId();
  let cause: unknown;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const lock = await deps.store.read(call.lock, timeLeft(deps, call.arrivedMs));
    if (!isPresent(lock)) return { kind: 'unknown_lock' };
    const next = plan(lock, causeOf(deps, call, requestId));
    if ('answer' in next) return next.answer;
    const tried = await tryWrite(deps, call.lock, next.write, call.arrivedMs);
    if (tried.kind === 'done') return next.done(tried.lock);
    cause = tried.cause;
  }
  throw gaveUp(`changing the lock ${call.lock}`, cause);
};

/** Takes a slot from a host; nobody is offered it in the same breath, the next who asks is. */
export const forceRelease = (
  deps: LockDeps,
  call: OperatorCall & { readonly host: HostName; readonly fence: number },
): Promise<ForceReleaseOutcome> =>
  operate<ForceReleaseOutcome>(deps, call, (lock, cause) => {
    const grant = grantOf(lock, call.host);
    if (grant === undefined) return { answer: { kind: 'not_held', lock } };
    if (grant.fence !== call.fence) return { answer: { kind: 'changed', lock } };
    const { host, fence, state: seen } = grant;
    const counted = seen === 'failed' && !grant.acknowledged;
    return {
      write: { kind: 'force-release', host, fence, seen, counted, cause },
      done: (after) => ({ kind: 'released', lock: after }),
    };
  });

/** After a halt: the failures so far count no more. Hosts whose update failed keep their slots. */
export const resumeLock = (deps: LockDeps, call: OperatorCall): Promise<ResumeOutcome> =>
  operate<ResumeOutcome>(deps, call, (lock, cause) => {
    const failed = lock.grants.filter((grant) => grant.state === 'failed' && !grant.acknowledged);
    if (lock.failures === 0 && failed.length === 0) return { answer: { kind: 'resumed', lock } };
    const write = { kind: 'resume', version: lock.version, acknowledged: failed.map(({ host }) => host), cause } as const;
    return { write, done: (after) => ({ kind: 'resumed', lock: after }) };
  });

/** The lock's entry in the network file, as it was applied, is kept: the file speaks again when it changes. */
const changeConfig = (
  deps: LockDeps,
  call: OperatorCall & { readonly version: number | undefined; readonly change: Partial<LockConfig> },
): Promise<ConfigureOutcome> =>
  operate<ConfigureOutcome>(deps, call, (lock, cause) => {
    if (call.version !== undefined && call.version !== lock.version) return { answer: { kind: 'version_mismatch', lock } };
    const { enabled, slots, failureBudget, policy, group, owner, comment } = { ...lock, ...call.change };
    const config = { enabled, slots, failureBudget, policy, group, owner, comment };
    const write = { kind: 'configure', version: lock.version, config, declared: lock.declared, cause } as const;
    return { write, done: (after) => ({ kind: 'configured', lock: after }) };
  });

const makeLock = async (deps: LockDeps, call: OperatorCall, change: Partial<LockConfig>): Promise<ConfigureOutcome> => {
  const { defaults } = await deps.rules.current();
  const id = await deps.store.allocateId(call.lock, timeLeft(deps, call.arrivedMs));
  const config = { ...defaults, ...change };
  const write: LockWrite = { kind: 'ensure', config, declared: undefined, id, cause: causeOf(deps, call, deps.newId()) };
  const tried = await tryWrite(deps, call.lock, write, call.arrivedMs);
  if (tried.kind === 'again') throw gaveUp(`making the lock ${call.lock}`, tried.cause);
  return { kind: 'configured', lock: tried.lock };
};

export const configureLock = async (
  deps: LockDeps,
  call: OperatorCall & { readonly version: number | undefined; readonly change: Partial<LockConfig> },
): Promise<ConfigureOutcome> => {
  const outcome = await changeConfig(deps, call);
  return outcome.kind === 'unknown_lock' && call.version === undefined ? makeLock(deps, call, call.change) : outcome;
};

export const removeLock = (deps: LockDeps, call: OperatorCall): Promise<RemoveOutcome> =>
  operate<RemoveOutcome>(deps, call, (lock, cause) => {
    if (lock.grants.length > 0) return { answer: { kind: 'lock_held', lock } };
    return { write: { kind: 'remove', version: lock.version, cause }, done: () => ({ kind: 'removed' }) };
  });

export const removeWaiter = async (
  deps: LockDeps,
  call: OperatorCall & { readonly host: HostName },
): Promise<UnknownLock | { readonly kind: 'removed' | 'not_waiting' }> => {
  const lock = await deps.store.read(call.lock, timeLeft(deps, call.arrivedMs));
  if (!isPresent(lock)) return { kind: 'unknown_lock' };
  const was = await deps.store.dequeue(call.lock, call.host, undefined, timeLeft(deps, call.arrivedMs));
  return { kind: was ? 'removed' : 'not_waiting' };
};
