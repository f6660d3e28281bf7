import type { CheckKind } from '#domain/crawl/observation.ts';
import type { CategoryId, EpochMs, HostId } from '#domain/inventory/inventory.ts';
import type { Generation } from '#domain/master/manifest.ts';

/** One host, one category, one kind of check. */
export interface CrawlRequest {
  readonly host: HostId;
  readonly category: CategoryId;
  readonly check: CheckKind;
  /** The manifest generation the plan knew; a later one may be used. */
  readonly generation: Generation;
  readonly plannedMs: EpochMs;
  /** The latest moment that the plan knew of this pair, 0 when it knew nothing: plans on the same knowledge ask the same. */
  readonly basedOnMs: EpochMs;
}

export interface CrawlQueue {
  /** Requests of one host are worked on one at a time, in order; the same request, planned again on the same knowledge within five minutes, is dropped. */
  send(requests: readonly CrawlRequest[]): Promise<void>;
}
