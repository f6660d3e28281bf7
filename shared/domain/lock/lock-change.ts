/**
 * What one change of a lock means to whoever watches: the audit's entry, what each host now holds, and what people should hear
 * of. The audit is made from the stream of changes and not by the callers, so nobody can leave it out: each write raises the version by one, and
 * a version that is missing, or was given twice, shows that something else wrote to the table.
 */
import { type Grant, grantOf, type HostName, isHalted, type LockState } from './lock-state.ts';
import type { HostLock, LockEvent } from './outcomes.ts';

/** A lock before and after one write. Undefined before: it was made. Undefined after: its item was deleted, which nothing here does. */
export interface LockChange {
  readonly before: LockState | undefined;
  readonly after: LockState | undefined;
}

/** `LockFailures`: updates that failed. `LocksHalted`: the failure budget is used up. `LockAuditGaps`: changes that left no trace. */
export const LOCK_SIGNALS = ['LockFailures', 'LocksHalted', 'LocksHeldTooLong', 'LockAuditGaps'] as const;
export type LockSignal = (typeof LOCK_SIGNALS)[number];

export interface LockTrace {
  readonly event: LockEvent | undefined;
  readonly holds: readonly { readonly host: HostName; readonly held: HostLock }[];
  readonly drops: readonly HostName[];
  readonly signals: readonly LockSignal[];
}

export const eventOf = (lock: LockState): LockEvent | undefined =>
  lock.last === undefined ? undefined : { lock: lock.name, version: lock.version, ...lock.last };

const isSame = (left: Grant | undefined, right: Grant): boolean =>
  left !== undefined && left.fence === right.fence && left.state === right.state && left.grantedMs === right.grantedMs;

const heldTooLong = (before: LockState | undefined, after: LockState): boolean => {
  const endedMs = after.last?.atMs;
  if (before === undefined || endedMs === undefined) return false;
  const ended = before.grants.filter(({ host, fence }) => grantOf(after, host)?.fence !== fence);
  return ended.some(({ state, grantedMs }) => state !== 'offered' && endedMs - grantedMs > before.policy.staleMs);
};

const signalsOf = (before: LockState | undefined, after: LockState): readonly LockSignal[] => {
  const halted = isHalted(after) && (before === undefined || !isHalted(before));
  const gap = after.version !== (before?.version ?? 0) + 1 || after.last === undefined;
  return [
    ...(after.last?.transition === 'fail' && !gap ? (['LockFailures'] as const) : []),
    ...(halted ? (['LocksHalted'] as const) : []),
    ...(heldTooLong(before, after) ? (['LocksHeldTooLong'] as const) : []),
    ...(gap ? (['LockAuditGaps'] as const) : []),
  ];
};

export const traceOf = ({ before, after }: LockChange): LockTrace => {
  const hostsBefore = (before?.grants ?? []).map(({ host }) => host);
  if (after === undefined) return { event: undefined, holds: [], drops: hostsBefore, signals: ['LockAuditGaps'] };
  const changed = after.grants.filter((grant) => !isSame(before === undefined ? undefined : grantOf(before, grant.host), grant));
  return {
    event: eventOf(after),
    holds: changed.map(({ host, fence, state, grantedMs }) => ({
      host,
      held: { lock: after.name, fence, state, grantedMs },
    })),
    drops: hostsBefore.filter((host) => grantOf(after, host) === undefined),
    signals: signalsOf(before, after),
  };
};
