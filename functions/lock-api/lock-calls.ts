import type { ClientKind, EpochMs, Fence, HostName, LockName } from '#domain/lock/lock-state.ts';

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

export interface AcquireCall extends LockCall {
  readonly requestId: string;
  readonly ticket?: number | undefined;
}
