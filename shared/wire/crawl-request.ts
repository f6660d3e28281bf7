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
  basedOnMs: epochMs,
  publish: v.optional(v.literal(true)),
});

export const printCrawlRequest = ({ host, category, check, generation, plannedMs, basedOnMs, publish }: CrawlRequest): string =>
  JSON.stringify({ version: VERSION, host, category, check, generation, plannedMs, basedOnMs, publish });

export const parseCrawlRequest = (body: string): CrawlRequest => {
  const { version: _, publish, ...request } = parseJson(document, body, 'crawl request');
  return publish === undefined ? request : { ...request, publish };
};
