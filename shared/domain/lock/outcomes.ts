/**
 * What the operations on a lock can come to. Refusals are outcomes like any other: every caller is told something true, and asking
 * again is always safe. `lock` is the state that the answer was read from.
 */
import type { EpochMs, Fence, Grant, HostName, LockName, LockState, Waiter } from './lock-state.ts';

/** No such lock, and no policy that lets it be made on first use. */
export interface UnknownLock {
  readonly kind: 'unknown_lock';
}

/** The caller holds, or is offered, a slot. */
export interface Granted {
  readonly kind: 'granted';
  readonly grant: Grant;
  /** For an offer: the time from now to its deadline, less what clocks may differ. */
  readonly offerMs: number | undefined;
  readonly lock: LockState;
}

export interface Queued {
  readonly kind: 'queued';
  readonly ticket: number;
  /** Waiting hosts before this one, at most. */
  readonly rank: number;
  /** When to ask again. */
  readonly retryAfterMs: number;
  readonly lock: LockState;
}

export type Refused = { readonly kind: 'lock_disabled' | 'lock_halted'; readonly lock: LockState };

export type AcquireOutcome = UnknownLock | Granted | Queued | Refused;

/** A later grant, or nobody's: whatever the caller does, it does not hold this fence. */
export interface Lost {
  readonly kind: 'lost';
  readonly lock: LockState;
}

export type ConfirmOutcome = UnknownLock | Lost | { readonly kind: 'held'; readonly grant: Grant; readonly lock: LockState };
export type RenewOutcome =
  | ConfirmOutcome
  /** An offer is confirmed, not renewed. */
  | { readonly kind: 'not_confirmed'; readonly lock: LockState };
export type FailOutcome =
  | UnknownLock
  | Lost
  | { readonly kind: 'not_confirmed'; readonly lock: LockState }
  | { readonly kind: 'failed'; readonly grant: Grant; readonly lock: LockState };

export type ReleaseOutcome =
  | UnknownLock
  | { readonly kind: 'released'; readonly lock: LockState }
  /** Not, or no longer: as good as released. */
  | { readonly kind: 'not_held'; readonly lock: LockState };

export type LegacyReleaseOutcome =
  | ReleaseOutcome
  /** The release arrived before the present grant was made, or was last asked for, so it is about an earlier one. Nobody waits for this answer; whoever does asks again. */
  | { readonly kind: 'newer_grant'; readonly lock: LockState };

export type ForceReleaseOutcome =
  | ReleaseOutcome
  /** The grant is not as the operator saw it. */
  | { readonly kind: 'changed'; readonly lock: LockState };

export type ConfigureOutcome =
  | UnknownLock
  | { readonly kind: 'configured'; readonly lock: LockState }
  | { readonly kind: 'version_mismatch'; readonly lock: LockState };
export type ResumeOutcome = UnknownLock | { readonly kind: 'resumed'; readonly lock: LockState };
export type RemoveOutcome = UnknownLock | { readonly kind: 'removed' } | { readonly kind: 'lock_held'; readonly lock: LockState };

export interface LockView {
  readonly kind: 'lock';
  readonly lock: LockState;
  /** The first of the queue, in order. */
  readonly waiters: readonly Waiter[];
  /** More wait than are shown. */
  readonly more: boolean;
}

/** One entry of the audit: one per version of a lock. */
export interface LockEvent {
  readonly lock: LockName;
  readonly version: number;
  readonly transition: string;
  readonly by: string;
  readonly atMs: EpochMs;
  readonly host: HostName | undefined;
  readonly fence: Fence | undefined;
  readonly requestId: string | undefined;
  readonly reason: string | undefined;
  readonly other: { readonly host: HostName; readonly fence: Fence } | undefined;
}

/** What a host holds, as the stream of changes tells: seconds late at most. */
export interface HostLock {
  readonly lock: LockName;
  readonly fence: Fence;
  readonly state: Grant['state'];
  readonly grantedMs: EpochMs;
}
