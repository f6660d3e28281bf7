import type { PlannedCheck } from '#domain/crawl/plan.ts';

/** What a plan asks for is what travels: one host, one category, one kind of check. */
export interface CrawlRequest extends PlannedCheck {
  /** Somebody waits for what this check finds: publish soon when it changes what clients are told. */
  readonly publish?: true;
}

export interface CrawlQueue {
  /**
   * Requests of one host are worked on one at a time, in order; the same request, planned again on the same knowledge within
   * five minutes, is dropped.
   */
  send(requests: readonly CrawlRequest[]): Promise<void>;
}
