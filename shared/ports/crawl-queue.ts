import type { PlannedCheck } from '#domain/crawl/plan.ts';

/** What a plan asks for is what travels: one host, one category, one kind of check. */
export type CrawlRequest = PlannedCheck;

export interface CrawlQueue {
  /**
   * Requests of one host are worked on one at a time, in order; the same request, planned again on the same knowledge within
   * five minutes, is dropped.
   */
  send(requests: readonly CrawlRequest[]): Promise<void>;
}
