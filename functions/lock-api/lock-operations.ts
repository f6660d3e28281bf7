import type { ClientKind, EpochMs, Fence, HostName, LockConfig, LockName, LockState } from '#domain/lock/lock-state.ts';
import type {
  AcquireOutcome,
  ConfigureOutcome,
  ConfirmOutcome,
  FailOutcome,
  ForceReleaseOutcome,
  HostLock,
  LegacyReleaseOutcome,
  LockEvent,
  LockView,
  ReleaseOutcome,
  RemoveOutcome,
  RenewOutcome,
  ResumeOutcome,
  UnknownLock,
} from '#domain/lock/outcomes.ts';

/** Which lock, by whom, and when the request arrived at the front door (`requestContext.timeEpoch`): no write starts 6 s later. */
export interface LockCall {
  readonly lock: LockName;
  /** The authenticated host. */
  readonly host: HostName;
  readonly arrivedMs: EpochMs;
}

export interface FencedCall extends LockCall {
  readonly fence: Fence;
  readonly reason?: string | undefined;
}

export interface OperatorCall {
  readonly lock: LockName;
  readonly operator: string;
  readonly arrivedMs: EpochMs;
  readonly reason?: string | undefined;
}

/** A client that knows neither confirmation nor fence nor ticket. */
export interface LegacyCall extends LockCall {
  readonly client: Exclude<ClientKind, 'native'>;
  /** The name as the client wrote it, when it differs from `host`; returned as it was. */
  readonly claimed?: string | undefined;
  /** Refuse a new grant at a full lock without a place in the queue. */
  readonly noQueue?: boolean;
}

/**
 * Everything that can be done to a lock; the native routes and the other protocols are made of these. Every operation may be
 * repeated at any time and by anybody who lost a reply. Throws Fault when the table does not answer in time (503), nothing else.
 */
export interface LockOperations {
  acquire(call: LockCall & { readonly requestId: string; readonly ticket?: number | undefined }): Promise<AcquireOutcome>;
  confirm(call: FencedCall): Promise<ConfirmOutcome>;
  renew(call: FencedCall): Promise<RenewOutcome>;
  release(call: FencedCall): Promise<ReleaseOutcome>;
  fail(call: FencedCall): Promise<FailOutcome>;
  /** Grants directly to `held`; the holder gets its own grant again. `granted`'s grant is never an offer. */
  legacyAcquire(call: LegacyCall): Promise<AcquireOutcome>;
  /** Releases whatever the host holds, unless that was granted after the release arrived. Reads only when nothing is held. */
  legacyRelease(call: LegacyCall): Promise<LegacyReleaseOutcome>;
  inspect(lock: LockName, arrivedMs: EpochMs): Promise<LockView | UnknownLock>;
  list(arrivedMs: EpochMs): Promise<readonly LockState[]>;
  history(lock: LockName, afterVersion: number, limit: number, arrivedMs: EpochMs): Promise<readonly LockEvent[]>;
  hostLocks(host: HostName, arrivedMs: EpochMs): Promise<readonly HostLock[]>;
  /** The lock with that number, for protocols that number them. */
  byId(id: number, arrivedMs: EpochMs): Promise<LockState | UnknownLock>;
  forceRelease(call: OperatorCall & { readonly host: HostName; readonly fence: Fence }): Promise<ForceReleaseOutcome>;
  resume(call: OperatorCall): Promise<ResumeOutcome>;
  /** `version` undefined: creates the lock when it is not there, else changes whatever version there is. */
  configure(
    call: OperatorCall & { readonly version: number | undefined; readonly change: Partial<LockConfig> },
  ): Promise<ConfigureOutcome>;
  /** Only a lock that nobody holds; its fence is kept. */
  remove(call: OperatorCall): Promise<RemoveOutcome>;
  removeWaiter(
    call: OperatorCall & { readonly host: HostName },
  ): Promise<UnknownLock | { readonly kind: 'removed' | 'not_waiting' }>;
}
