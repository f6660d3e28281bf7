import type { HostName, LockName } from '#domain/lock/lock-state.ts';
import type { HostLock, LockEvent } from '#domain/lock/outcomes.ts';

/** Written from the stream of changes only. Every call may be repeated, and repeated late: an older version never undoes a newer one. */
export interface LockAudit {
  /** Adds the entry; `known` when this version has one. */
  record(event: LockEvent): Promise<'recorded' | 'known'>;
  /** Notes what the host holds since that version of the lock. */
  hold(host: HostName, held: HostLock, version: number): Promise<void>;
  /** Notes that the host holds nothing of the lock since that version. */
  drop(host: HostName, lock: LockName, version: number): Promise<void>;
}
