import { type SendMessageBatchCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { Fault } from '#domain/errors.ts';
import type { CrawlRequest } from '#ports/crawl-queue.ts';

interface Refusal {
  readonly Id: string;
  readonly Code: string;
  readonly SenderFault: boolean;
}

/** A client that answers by itself: no emulator refuses single messages of a batch. Returns the ids of each batch it was sent. */
const answering = (refuse: (id: string, batch: number) => Refusal | undefined) => {
  const batches: string[][] = [];
  const client = new SQSClient({ region: 'eu-north-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.middlewareStack.add(
    () => async (args) => {
      const ids = ((args.input as SendMessageBatchCommandInput).Entries ?? []).map(({ Id = '' }) => Id);
      batches.push(ids);
      const Failed = ids.flatMap((id) => refuse(id, batches.length) ?? []);
      return { response: {}, output: { $metadata: {}, Successful: [], Failed } };
    },
    { step: 'initialize', name: 'answer', priority: 'high' },
  );
  return { batches, queue: sqsCrawlQueue(client, 'http://queue.fifo', { retryDelayMs: 1 }) };
};

const requests = Array.from(
  { length: 13 },
  (_, index): CrawlRequest => ({ host: `h${index}`, category: 'c', check: 'reach', generation: 1, plannedMs: 0, basedOnMs: 0 }),
);

test('only the messages that a batch refused are sent again', async () => {
  const { batches, queue } = answering((Id, batch) =>
    batch <= 2 && ['3', '7'].includes(Id) ? { Id, Code: 'InternalError', SenderFault: false } : undefined,
  );
  await queue.send(requests);
  expect(batches.toSorted((a, b) => b.length - a.length)).toEqual([
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    ['10', '11', '12'],
    ['3', '7'],
  ]);
});

test('messages refused again and again are a Fault', async () => {
  const { batches, queue } = answering((Id) => (Id === '3' ? { Id, Code: 'InternalError', SenderFault: false } : undefined));
  await expect(queue.send(requests.slice(0, 4))).rejects.toThrow(
    new Fault('the crawl queue refused messages 4 times: InternalError'),
  );
  expect(batches).toEqual([['0', '1', '2', '3'], ['3'], ['3'], ['3']]);
});

test('a message that is refused for what it is, is not sent again', async () => {
  const { batches, queue } = answering((Id) => ({ Id, Code: 'InvalidMessageContents', SenderFault: true }));
  await expect(queue.send(requests.slice(0, 1))).rejects.toThrow('refused a message for good: InvalidMessageContents');
  expect(batches).toHaveLength(1);
});
