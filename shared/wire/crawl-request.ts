import * as v from 'valibot';
import type { CrawlRequest } from '#ports/crawl-queue.ts';
import { count, epochMs, nonEmpty } from './fields.ts';
import { parseJson } from './parse-json.ts';

/** The body of a message of the crawl queue. */
const VERSION = 1;

const document = v.object({
  version: v.literal(VERSION),
  host: nonEmpty,
  category: nonEmpty,
  check: v.picklist(['reach', 'heads', 'sample', 'full']),
  generation: count,
  plannedMs: epochMs,
});

export const printCrawlRequest = ({ host, category, check, generation, plannedMs }: CrawlRequest): string =>
  JSON.stringify({ version: VERSION, host, category, check, generation, plannedMs });

export const parseCrawlRequest = (body: string): CrawlRequest => {
  const { host, category, check, generation, plannedMs } = parseJson(document, body, 'crawl request');
  return { host, category, check, generation, plannedMs };
};
