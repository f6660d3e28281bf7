/**
 * What to do for a host that asks for a lock, in the state that was read. Whoever has a grant gets that grant again, whatever the
 * request's id: asking twice never takes two slots, and a reply that was lost is answered again. A free slot goes to the caller
 * when fewer hosts wait before it than slots are free; else the first of the queue is offered it, and the caller waits. An offer
 * or a lease that lapsed counts as free, and is taken over in one write with the grant. Clients without fences are told that they hold
 * only by a request that the grant is dated by, so that their own late releases of earlier grants can be told from the next one.
 */

import {
  type ClientKind,
  countsFromMs,
  type EpochMs,
  type Grant,
  grantOf,
  type HostName,
  isHalted,
  type LockState,
  type Waiter,
} from './lock-state.ts';
import type { Cause, LockWrite } from './lock-write.ts';
import type { Granted, Refused } from './outcomes.ts';
import { candidates, GUARD_MS } from './queue.ts';

export interface Asker {
  readonly host: HostName;
  readonly requestId: string;
  readonly client: ClientKind;
  readonly claimed: string | undefined;
  /** Of the request; a grant without confirmation counts from then. */
  readonly arrivedMs: EpochMs;
}

export type AcquireStep =
  | { readonly kind: 'answer'; readonly outcome: Granted | Refused }
  | { readonly kind: 'try'; readonly write: LockWrite }
  /** The caller gets a slot by this write. */
  | { readonly kind: 'take'; readonly write: LockWrite }
  /** The slot goes to whoever waits before the caller. */
  | { readonly kind: 'offer'; readonly write: LockWrite; readonly waiter: Waiter }
  /** Nothing is free for the caller. */
  | { readonly kind: 'wait' };

export const hasLapsed = (grant: Grant, nowMs: EpochMs): boolean =>
  grant.deadlineMs !== undefined && grant.deadlineMs < nowMs - GUARD_MS;

/** Slots that can be given now. */
const freeSlots = (lock: LockState, nowMs: EpochMs): number =>
  lock.slots - lock.grants.length + lock.grants.filter((grant) => hasLapsed(grant, nowMs)).length;

export const granted = (lock: LockState, grant: Grant, nowMs: EpochMs): Granted => ({
  kind: 'granted',
  grant,
  offerMs: grant.state === 'offered' ? Math.max(0, (grant.deadlineMs ?? nowMs) - nowMs - GUARD_MS) : undefined,
  lock,
});

const causeOf = (asker: Asker, nowMs: EpochMs): Cause => ({
  by: asker.host,
  atMs: nowMs,
  requestId: asker.requestId,
  reason: undefined,
});

export const offerTo = (
  lock: LockState,
  to: { readonly host: HostName; readonly client: ClientKind; readonly requestId: string },
  nowMs: EpochMs,
): Grant => ({
  host: to.host,
  fence: lock.fence + 1,
  state: 'offered',
  grantedMs: nowMs,
  askedMs: undefined,
  deadlineMs: nowMs + lock.policy.offerMs,
  leaseMs: lock.policy.mode === 'lease' ? lock.policy.leaseMs : undefined,
  requestId: to.requestId,
  client: to.client,
  claimed: undefined,
  acknowledged: false,
});

/** Clients without confirmation hold at once. Their grant counts from their request's arrival, by the clock that also dates their releases. */
const grantFor = (lock: LockState, asker: Asker, nowMs: EpochMs): Grant => {
  const offer = { ...offerTo(lock, asker, nowMs), claimed: asker.claimed };
  if (asker.client === 'native') return offer;
  const deadlineMs = offer.leaseMs === undefined ? undefined : nowMs + offer.leaseMs;
  return { ...offer, state: 'held', grantedMs: asker.arrivedMs, deadlineMs };
};

/** Gives `grant`, in place of a lapsed one when every slot is taken. */
const givingWrite = (lock: LockState, grant: Grant, cause: Cause, nowMs: EpochMs): LockWrite => {
  const lapsed = lock.grants.find((one) => hasLapsed(one, nowMs));
  if (lock.grants.length < lock.slots || lapsed === undefined) return { kind: 'grant', grant, cause };
  const { host, fence } = lapsed;
  return { kind: 'evict-and-grant', grant, lapsed: { host, fence }, lapsedBeforeMs: nowMs - GUARD_MS, cause };
};

/**
 * Whether the caller may be told of this grant as it stands. A client without fences starts to work on that answer. So the grant has
 * to hold, and to count from this request or a later one: an acquire that its client gave up may have been written late, and then its
 * grant looks older than a release that the client gave up as well and that is still on its way.
 */
export const mayBeTold = (grant: Grant, asker: Pick<Asker, 'client' | 'arrivedMs'>): boolean =>
  asker.client === 'native' || (grant.state !== 'offered' && countsFromMs(grant) >= asker.arrivedMs);

const stepForOwnGrant = (lock: LockState, grant: Grant, asker: Asker, nowMs: EpochMs): AcquireStep => {
  const cause = causeOf(asker, nowMs);
  const { host, fence, leaseMs } = grant;
  if (grant.state !== 'offered') {
    if (mayBeTold(grant, asker)) return { kind: 'answer', outcome: granted(lock, grant, nowMs) };
    return { kind: 'try', write: { kind: 'restamp', host, fence, arrivedMs: asker.arrivedMs, cause } };
  }
  if (asker.client !== 'native') {
    const { arrivedMs: heldSinceMs, claimed } = asker;
    return { kind: 'try', write: { kind: 'confirm', host, fence, heldSinceMs, claimed, leaseMs, cause } };
  }
  if ((grant.deadlineMs ?? nowMs) - GUARD_MS > nowMs) return { kind: 'answer', outcome: granted(lock, grant, nowMs) };
  // Too late to be told, and not yet given to anybody else.
  return { kind: 'try', write: { kind: 'extend-offer', host, fence, deadlineMs: nowMs + lock.policy.offerMs, cause } };
};

/** What needs no look at the queue; undefined when it does. */
export const decideWithoutQueue = (lock: LockState, asker: Asker, nowMs: EpochMs): AcquireStep | undefined => {
  const own = grantOf(lock, asker.host);
  if (own !== undefined) return stepForOwnGrant(lock, own, asker, nowMs);
  if (!lock.enabled) return { kind: 'answer', outcome: { kind: 'lock_disabled', lock } };
  if (isHalted(lock)) return { kind: 'answer', outcome: { kind: 'lock_halted', lock } };
  return undefined;
};

/** Whose turn it is; `waiters` are the first of the queue in order. */
export const decideTurn = (lock: LockState, waiters: readonly Waiter[], asker: Asker, nowMs: EpochMs): AcquireStep => {
  const cause = causeOf(asker, nowMs);
  const lapsed = lock.grants.find((grant) => hasLapsed(grant, nowMs));
  if (lock.grants.length > lock.slots && lapsed !== undefined) {
    // More are taken than there are, since the lock was made smaller: a lapsed one goes, and nobody comes in its place.
    const { host, fence } = lapsed;
    return { kind: 'try', write: { kind: 'evict', host, fence, lapsedBeforeMs: nowMs - GUARD_MS, cause } };
  }
  const free = freeSlots(lock, nowMs);
  if (free <= 0) return { kind: 'wait' };
  const own = waiters.find(({ host }) => host === asker.host);
  const before = candidates(lock, waiters, nowMs).filter(
    ({ host, ticket }) => host !== asker.host && (own === undefined || ticket < own.ticket),
  );
  if (before.length < free) return { kind: 'take', write: givingWrite(lock, grantFor(lock, asker, nowMs), cause, nowMs) };
  const [waiter] = before;
  if (waiter === undefined) return { kind: 'wait' };
  const offer = offerTo(lock, { ...waiter, requestId: `ticket-${waiter.ticket}` }, nowMs);
  return { kind: 'offer', write: givingWrite(lock, offer, cause, nowMs), waiter };
};
