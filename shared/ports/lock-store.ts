import type { ClientKind, EpochMs, HostName, LockName, LockState, Waiter } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { HostLock, LockEvent } from '#domain/lock/outcomes.ts';

export type WriteResult =
  /** Done; `state` is the lock after it. */
  | { readonly kind: 'written'; readonly state: LockState }
  /** The condition was false, which may mean that an earlier try of this very write was done: `seen` tells. Undefined: no such lock. */
  | { readonly kind: 'refused'; readonly seen: LockState | undefined }
  /** Done, not done, or still to be done: no reply came. Only the state tells. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** How long a call may still take; after that it is abandoned, so that nothing is started late. */
export interface Within {
  readonly withinMs: number;
}

/** Whoever joins a queue; when to ask again depends on the ticket. */
export interface Newcomer {
  readonly host: HostName;
  readonly client: ClientKind;
  readonly nowMs: EpochMs;
  readonly intervalMs: (ticket: number) => number;
}

/** Locks, one item each; the queue of each lock under a key of its own, so that an arrival storm never slows a release. */
export interface LockStore {
  /** Strongly consistent. Locks that were removed are returned, marked so. */
  read(lock: LockName, within: Within): Promise<LockState | undefined>;
  /** Tries one conditional write; never throws for what happens to it on the way. */
  write(lock: LockName, write: LockWrite, within: Within): Promise<WriteResult>;
  /** The first waiters in the order of their tickets; strongly consistent. */
  waiters(lock: LockName, limit: number, within: Within): Promise<readonly Waiter[]>;
  waiter(lock: LockName, host: HostName, within: Within): Promise<Waiter | undefined>;
  /** Puts the host at the end of the queue; a host that is in it already keeps its place. */
  enqueue(lock: LockName, newcomer: Newcomer, within: Within): Promise<Waiter>;
  /** Notes that the waiter is alive and when it comes next. Does nothing when it left the queue in the meantime. */
  touch(lock: LockName, waiter: Waiter, within: Within): Promise<void>;
  /** Takes the host out of the queue; with a ticket, only if it still has that one. Whether it was there. */
  dequeue(lock: LockName, host: HostName, ticket: number | undefined, within: Within): Promise<boolean>;
  /** A number for a new lock, never given before. */
  allocateId(lock: LockName, within: Within): Promise<number>;
  /** The lock that has this number, if any was ever made with it. */
  nameOf(id: number, within: Within): Promise<LockName | undefined>;
  /** Every lock that was not removed, by name. A lock made in the last second may be missing. */
  list(within: Within): Promise<readonly LockState[]>;
  /** Audit of a lock after a version, oldest first. */
  events(lock: LockName, afterVersion: number, limit: number, within: Within): Promise<readonly LockEvent[]>;
  /** What a host holds, over all locks. */
  hostLocks(host: HostName, within: Within): Promise<readonly HostLock[]>;
}
