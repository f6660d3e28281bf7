import type { Facts, FactsName, Observation } from '#domain/crawl/observation.ts';
import type { CategoryId, EpochMs, HostId } from '#domain/inventory/inventory.ts';

/** A number that only grows, per host and category; every write under the lease carries it. */
export type Fence = number;

export type LeaseGrant =
  | { readonly kind: 'granted'; readonly fence: Fence; readonly observation: Observation | undefined }
  | { readonly kind: 'held'; readonly untilMs: EpochMs };

export type FencedWrite = { readonly kind: 'written' } | { readonly kind: 'lost' };

/** What was measured: one small observation per host and category, and the facts they share by name. */
export interface ObservationStore {
  /** Takes the right to crawl one host in one category until `untilMs`; a lapsed lease can be taken over, with a higher fence. */
  acquire(host: HostId, category: CategoryId, nowMs: EpochMs, untilMs: EpochMs): Promise<LeaseGrant>;
  /** Replaces the observation and gives the lease back, if `fence` still holds it. */
  write(observation: Observation, fence: Fence): Promise<FencedWrite>;
  /** Every observation of a category, in host order. */
  list(category: CategoryId): Promise<readonly Observation[]>;
}

/** Immutable facts objects, named by content. */
export interface FactsStore {
  put(facts: Facts): Promise<FactsName>;
  get(category: CategoryId, name: FactsName): Promise<Facts | undefined>;
}
