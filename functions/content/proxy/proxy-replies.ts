import { ABSENT_CACHING, BUSY_RETRY_S, NOT_KEPT, troubleRetryS, troubleStatus } from '#domain/content/proxy-answer.ts';
import type { Trouble } from '#domain/content/proxy-copy.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { ContentReply } from '../content-reply.ts';
import { NOTHING, plain } from '../replies.ts';

export const ABSENT = plain(404, 'There is nothing at this path upstream.\n', { 'cache-control': ABSENT_CACHING });
export const NOWHERE = plain(404, 'This path is not fetched from upstream.\n', { 'cache-control': ABSENT_CACHING });

export const BUSY = plain(503, 'It is being fetched. Try again in a few seconds.\n', {
  'cache-control': NOT_KEPT,
  'retry-after': BUSY_RETRY_S,
});

/** What went wrong stands in the log: it may name addresses that are nobody's business. */
export const troubleReply = (trouble: Trouble, nowMs: EpochMs): ContentReply =>
  plain(troubleStatus(trouble), `Upstream ${trouble.kind === 'timeout' ? 'did not answer in time' : 'failed'}.\n`, {
    'cache-control': NOT_KEPT,
    'retry-after': troubleRetryS(trouble, nowMs),
  });

/** To upstream itself, for what is not kept here. */
export const sentTo = (url: string): ContentReply => ({
  status: 307,
  headers: { location: url, 'cache-control': NOT_KEPT },
  body: NOTHING,
});
