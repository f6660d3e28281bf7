/**
 * What to do for a host that gives its slot back. A release names the fence of the grant, so a late or repeated one never frees a
 * later grant; what is not held is as good as released. A client without fences is protected by time: its release frees only
 * what was granted, and asked for, before the release arrived. The slot goes to the first of the queue in the same write, when the lock may
 * grant at all; an operator's release hands nothing on.
 */

import { offerTo } from './decide-acquire.ts';
import {
  countsFromMs,
  type EpochMs,
  type Fence,
  grantOf,
  type HostName,
  isHalted,
  type LockState,
  type Waiter,
} from './lock-state.ts';
import type { Cause, LockWrite } from './lock-write.ts';
import { candidates, nextTypicalHoldMs } from './queue.ts';

export interface Releaser {
  readonly host: HostName;
  /** Undefined for clients without fences. */
  readonly fence: Fence | undefined;
  readonly arrivedMs: EpochMs;
}

export type ReleaseStep =
  | { readonly kind: 'not_held' }
  | { readonly kind: 'newer_grant' }
  | { readonly kind: 'try'; readonly write: LockWrite; readonly next: Waiter | undefined };

/** Whether a release has anybody to hand the slot to, as far as the lock says. */
export const mayHandOn = (lock: LockState): boolean =>
  lock.enabled && !isHalted(lock) && lock.policy.queue === 'fifo' && lock.grants.length <= lock.slots;

/** What needs no look at the queue; undefined when there is something to release. */
export const nothingToRelease = (lock: LockState, releaser: Releaser): ReleaseStep | undefined => {
  const grant = grantOf(lock, releaser.host);
  if (grant === undefined) return { kind: 'not_held' };
  if (releaser.fence !== undefined) return grant.fence === releaser.fence ? undefined : { kind: 'not_held' };
  return countsFromMs(grant) > releaser.arrivedMs ? { kind: 'newer_grant' } : undefined;
};

export const decideRelease = (lock: LockState, waiters: readonly Waiter[], releaser: Releaser, cause: Cause): ReleaseStep => {
  const grant = grantOf(lock, releaser.host);
  const nothing = nothingToRelease(lock, releaser);
  if (grant === undefined || nothing !== undefined) return nothing ?? { kind: 'not_held' };
  const nowMs = cause.atMs;
  const common = {
    host: grant.host,
    fence: grant.fence,
    arrivedMs: releaser.fence === undefined ? releaser.arrivedMs : undefined,
    // An offer that is declined says nothing of how long updates take.
    typicalHoldMs: grant.state === 'offered' ? lock.typicalHoldMs : nextTypicalHoldMs(lock, nowMs - grant.grantedMs),
    cause,
  };
  const next = mayHandOn(lock) ? candidates(lock, waiters, nowMs).find(({ host }) => host !== grant.host) : undefined;
  if (next === undefined) return { kind: 'try', write: { kind: 'release', ...common }, next: undefined };
  const offer = offerTo(lock, { ...next, requestId: `ticket-${next.ticket}` }, nowMs);
  return { kind: 'try', write: { kind: 'hand-off', ...common, next: offer }, next };
};
