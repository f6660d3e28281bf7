import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import pLimit from 'p-limit';
import { Fault } from '#domain/errors.ts';
import type { CrawlQueue, CrawlRequest } from '#ports/crawl-queue.ts';
import { printCrawlRequest } from '#wire/crawl-request.ts';
import { callAws } from './call-aws.ts';

/** SendMessageBatch takes no more. */
const BATCH = 10;
const BATCHES_AT_ONCE = 4;
/** For messages that a batch refused; the SDK retries whole requests by itself. */
const TRIES = 4;
const RETRY_DELAY_MS = 100;
/** The time in which a FIFO queue remembers deduplication ids. */
const DEDUPLICATION_MS = 300_000;

export interface CrawlQueueOptions {
  /** Requests that are equal but for `plannedMs` are the same within a window of this length; longer than the queue remembers means nothing. */
  readonly planWindowMs?: number;
  readonly retryDelayMs?: number;
}

/** Requests of one host must arrive in order, so a round holds one of each host, and rounds follow each other. */
const roundsOf = (requests: readonly CrawlRequest[]): CrawlRequest[][] => {
  const ofHost = new Map<string, number>();
  const rounds: CrawlRequest[][] = [];
  for (const request of requests) {
    const number = ofHost.get(request.host) ?? 0;
    ofHost.set(request.host, number + 1);
    const round = rounds[number];
    if (round === undefined) rounds.push([request]);
    else round.push(request);
  }
  return rounds;
};

const batchesOf = <Entry>(entries: readonly Entry[]): Entry[][] =>
  Array.from({ length: Math.ceil(entries.length / BATCH) }, (_, batch) => entries.slice(batch * BATCH, (batch + 1) * BATCH));

/** A FIFO queue: the group is the host, so that one host is asked for one thing at a time. */
export const sqsCrawlQueue = (client: SQSClient, queueUrl: string, options: CrawlQueueOptions = {}): CrawlQueue => {
  const { planWindowMs = DEDUPLICATION_MS, retryDelayMs = RETRY_DELAY_MS } = options;

  const entryOf = (request: CrawlRequest, index: number): SendMessageBatchRequestEntry => {
    const { host, category, check, generation, plannedMs, basedOnMs, publish = false } = request;
    // With `publish` it is another request: a plan's, which came first, would not tell anybody what it found.
    const same = [host, category, check, generation, basedOnMs, Math.floor(plannedMs / planWindowMs), publish].join('/');
    return {
      Id: String(index),
      MessageBody: printCrawlRequest(request),
      MessageGroupId: host,
      // Hashed because an id may have 128 characters, and the names in it may be that long each.
      MessageDeduplicationId: createHash('sha256').update(same).digest('hex'),
    };
  };

  const sendBatch = async (batch: readonly SendMessageBatchRequestEntry[]): Promise<void> => {
    let left = batch;
    for (let attempt = 1; ; attempt += 1) {
      const { Failed: failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: [...left] }));
      if (failed.length === 0) return;
      const refused = failed.find(({ SenderFault: ourFault }) => ourFault === true);
      if (refused !== undefined) throw new Fault(`the crawl queue refused a message for good: ${refused.Code}`);
      if (attempt === TRIES) throw new Fault(`the crawl queue refused messages ${TRIES} times: ${failed[0]?.Code}`);
      const again = new Set(failed.map(({ Id: id }) => id));
      left = left.filter(({ Id: id }) => again.has(id));
      await delay(retryDelayMs * 2 ** (attempt - 1));
    }
  };

  return {
    send: (requests) =>
      callAws('sending crawl requests', async () => {
        const limit = pLimit(BATCHES_AT_ONCE);
        for (const round of roundsOf(requests)) {
          const batches = batchesOf(round.map(entryOf));
          await Promise.all(batches.map((batch) => limit(() => sendBatch(batch))));
        }
      }),
  };
};
