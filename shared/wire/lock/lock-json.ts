import { isHalted, type LockState } from '#domain/lock/lock-state.ts';
import type { LockView } from '#domain/lock/outcomes.ts';

/** A lock as the native API shows it: times in milliseconds since 1970, what is not set left out. */
export const lockJson = (lock: LockState) => ({
  lock: lock.name,
  id: lock.id,
  version: lock.version,
  fence: lock.fence,
  enabled: lock.enabled,
  halted: isHalted(lock),
  slots: lock.slots,
  failures: lock.failures,
  failureBudget: lock.failureBudget,
  policy: lock.policy,
  group: lock.group,
  owner: lock.owner,
  comment: lock.comment,
  typicalHoldMs: lock.typicalHoldMs,
  createdMs: lock.createdMs,
  holders: lock.grants.map(({ requestId: _, acknowledged, ...grant }) => ({
    ...grant,
    ...(grant.state === 'failed' && { acknowledged }),
  })),
});

export const lockViewJson = ({ lock, waiters, more }: LockView) => ({
  ...lockJson(lock),
  queue: waiters.map((waiter, rank) => ({ rank, ...waiter })),
  /** More wait than are shown. */
  queueGoesOn: more,
});
