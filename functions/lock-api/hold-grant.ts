import { mayBeTold } from '#domain/lock/decide-acquire.ts';
import { configFor } from '#domain/lock/first-use.ts';
import { type Grant, grantOf, type LockState } from '#domain/lock/lock-state.ts';
import type { Cause, LockWrite } from '#domain/lock/lock-write.ts';
import type { ConfirmOutcome, FailOutcome, RenewOutcome } from '#domain/lock/outcomes.ts';
import type { FencedCall, LegacyCall } from './lock-calls.ts';
import { gaveUp, isPresent, type LockDeps, MOST_TRIES, timeLeft, tryWrite } from './lock-deps.ts';

const causeOf = (deps: LockDeps, call: FencedCall, requestId: string): Cause => ({
  by: call.host,
  atMs: deps.clock.now(),
  requestId,
  reason: call.reason,
});

/** The grant that the caller names, if it is still its own. */
const ownGrant = (lock: LockState, call: FencedCall): Grant | undefined => {
  const grant = grantOf(lock, call.host);
  return grant?.fence === call.fence ? grant : undefined;
};

/** What the network says of this lock; the grant itself, which is not read, decides in the condition. */
const expectedLease = async (deps: LockDeps, call: FencedCall): Promise<number | undefined> => {
  const policy = configFor(await deps.rules.current(), call.lock)?.config.policy;
  return policy?.mode === 'lease' ? policy.leaseMs : undefined;
};

/** One write and no read, unless the lock is leased otherwise than the network file says. */
export const confirmGrant = async (deps: LockDeps, call: FencedCall): Promise<ConfirmOutcome> => {
  const requestId = deps.newId();
  let leaseMs = await expectedLease(deps, call);
  let cause: unknown;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { host, fence } = call;
    const by = causeOf(deps, call, requestId);
    const write: LockWrite = { kind: 'confirm', host, fence, heldSinceMs: by.atMs, claimed: undefined, leaseMs, cause: by };
    const tried = await tryWrite(deps, call.lock, write, call.arrivedMs);
    if (!isPresent(tried.lock)) return { kind: 'unknown_lock' };
    const grant = ownGrant(tried.lock, call);
    if (grant === undefined) return { kind: 'lost', lock: tried.lock };
    if (tried.kind === 'done') return { kind: 'held', grant, lock: tried.lock };
    leaseMs = grant.leaseMs;
    cause = tried.cause;
  }
  throw gaveUp(`confirming ${call.lock} for ${call.host}`, cause);
};

/** Moves the deadline of a lease; of a grant that is held until released it only tells whether it still is. */
export const renewGrant = async (deps: LockDeps, call: FencedCall): Promise<RenewOutcome> => {
  const requestId = deps.newId();
  let cause: unknown;
  let lock = await deps.store.read(call.lock, timeLeft(deps, call.arrivedMs));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    if (!isPresent(lock)) return { kind: 'unknown_lock' };
    const grant = ownGrant(lock, call);
    if (grant === undefined) return { kind: 'lost', lock };
    if (grant.state === 'offered') return { kind: 'not_confirmed', lock };
    if (grant.leaseMs === undefined) return { kind: 'held', grant, lock };
    const by = causeOf(deps, call, requestId);
    const { host, fence } = call;
    const write: LockWrite = { kind: 'renew', host, fence, deadlineMs: by.atMs + grant.leaseMs, cause: by };
    const tried = await tryWrite(deps, call.lock, write, call.arrivedMs);
    lock = tried.lock;
    if (tried.kind === 'done') return { kind: 'held', grant: ownGrant(tried.lock, call) ?? grant, lock: tried.lock };
    cause = tried.cause;
  }
  throw gaveUp(`renewing ${call.lock} for ${call.host}`, cause);
};

/**
 * The grant that the host holds, dated by this request as by an acquire; undefined when it holds none. For protocols whose clients
 * read the lock first, and start to work when they find their own names there.
 */
export const affirmGrant = async (deps: LockDeps, call: LegacyCall): Promise<Grant | undefined> => {
  const requestId = deps.newId();
  let cause: unknown;
  let lock = await deps.store.read(call.lock, timeLeft(deps, call.arrivedMs));
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const grant = isPresent(lock) ? grantOf(lock, call.host) : undefined;
    if (grant === undefined || grant.state === 'offered') return undefined;
    if (mayBeTold(grant, call)) return grant;
    const { host, arrivedMs } = call;
    const by: Cause = { by: host, atMs: deps.clock.now(), requestId, reason: undefined };
    const write: LockWrite = { kind: 'restamp', host, fence: grant.fence, arrivedMs, cause: by };
    const tried = await tryWrite(deps, call.lock, write, arrivedMs);
    lock = tried.lock;
    cause = tried.kind === 'again' ? tried.cause : cause;
  }
  throw gaveUp(`telling ${call.host} that it holds ${call.lock}`, cause);
};

/** The update went wrong: the slot stays taken, and the failure counts against the lock's budget, once. */
export const failGrant = async (deps: LockDeps, call: FencedCall): Promise<FailOutcome> => {
  const requestId = deps.newId();
  let cause: unknown;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { host, fence } = call;
    const write: LockWrite = { kind: 'fail', host, fence, cause: causeOf(deps, call, requestId) };
    const tried = await tryWrite(deps, call.lock, write, call.arrivedMs);
    if (!isPresent(tried.lock)) return { kind: 'unknown_lock' };
    const grant = ownGrant(tried.lock, call);
    if (grant === undefined) return { kind: 'lost', lock: tried.lock };
    if (tried.kind === 'done') return { kind: 'failed', grant, lock: tried.lock };
    if (grant.state === 'offered') return { kind: 'not_confirmed', lock: tried.lock };
    cause = tried.cause;
  }
  throw gaveUp(`noting the failure of ${call.host} in ${call.lock}`, cause);
};
