import type { CategoryId, EpochMs, HostId } from '#domain/inventory/inventory.ts';

/** When a host's check-in last made us look at it; what keeps one that checks in without end from being crawled without end. */
export interface CheckInHints {
  /** Undefined before the first. */
  last(host: HostId, category: CategoryId): Promise<EpochMs | undefined>;
  note(host: HostId, category: CategoryId, nowMs: EpochMs): Promise<void>;
}
