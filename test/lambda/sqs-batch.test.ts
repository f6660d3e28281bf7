import type { SQSEvent, SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault, WireError } from '#domain/errors.ts';
import { sqsBatch } from '#lambda/sqs-batch.ts';
import { memoryLog } from '../support/memory-stores.ts';

interface Message {
  readonly id: string;
  readonly group: string | undefined;
  readonly fails: 'no' | 'rejects' | 'throws' | 'does not parse';
}

const recordOf = ({ id, group, fails }: Message): SQSRecord => ({
  messageId: id,
  receiptHandle: id,
  body: JSON.stringify({ id, fails }),
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'x',
    ApproximateFirstReceiveTimestamp: '0',
    ...(group !== undefined && { MessageGroupId: group }),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn',
  awsRegion: 'eu-north-1',
});

const eventOf = (messages: readonly Message[]): SQSEvent => ({ Records: messages.map(recordOf) });

const run = async (messages: readonly Message[]) => {
  const log = memoryLog();
  const worked: string[] = [];
  const story = (body: string): Promise<string> => {
    const { id, fails } = JSON.parse(body);
    worked.push(id);
    if (fails === 'throws') throw new Error('at once');
    if (fails === 'rejects') return Promise.reject(new Fault('later'));
    if (fails === 'does not parse') return Promise.reject(new WireError('crawl request is not JSON'));
    return Promise.resolve('done');
  };
  const { batchItemFailures } = await sqsBatch(log, story)(eventOf(messages));
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), worked, log };
};

const messages = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    group: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    fails: fc.constantFrom('no', 'no', 'rejects', 'throws', 'does not parse') as fc.Arbitrary<Message['fails']>,
  }),
  { selector: ({ id }) => id, maxLength: 10 },
);

/** What SQS is owed: the first failure of each group and everything behind it. */
const expectedFailures = (batch: readonly Message[]): string[] => {
  const broken = new Set<string>();
  return batch.flatMap(({ id, group, fails }) => {
    if (fails === 'no' && (group === undefined || !broken.has(group))) return [];
    if (group !== undefined) broken.add(group);
    return [id];
  });
};

describe('for any batch', () => {
  test('exactly the messages that failed, and those behind them in their group, are reported', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (batch) => {
        const { failed } = await run(batch);
        expect(failed.toSorted()).toEqual(expectedFailures(batch).toSorted());
      }),
    );
  });

  test('a group is worked on in order, up to its first failure and not beyond', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (batch) => {
        const { worked } = await run(batch);
        for (const group of ['a', 'b', 'c']) {
          const members = batch.filter((message) => message.group === group);
          const firstFailure = members.findIndex(({ fails }) => fails !== 'no');
          const reached = firstFailure < 0 ? members : members.slice(0, firstFailure + 1);
          expect(worked.filter((id) => members.some((member) => member.id === id))).toEqual(reached.map(({ id }) => id));
        }
      }),
    );
  });

  test('each message that was worked on is one line in the log', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (batch) => {
        const { worked, log } = await run(batch);
        expect(log.lines.map(({ fields }) => fields['messageId']).toSorted()).toEqual(worked.toSorted());
      }),
    );
  });
});

test('an empty batch gives an empty list', async () => {
  expect((await run([])).failed).toEqual([]);
});

test('a message that was delivered twice in one batch is worked on twice, for stories are safe to repeat', async () => {
  const twice: Message = { id: 'm1', group: undefined, fails: 'no' };
  const { failed, worked } = await run([twice, twice]);
  expect([failed, worked]).toEqual([[], ['m1', 'm1']]);
});

test('a message that does not parse is reported with its reason and without its body', async () => {
  const { failed, log } = await run([{ id: 'm1', group: 'a', fails: 'does not parse' }]);
  expect(failed).toEqual(['m1']);
  expect(log.lines).toEqual([
    {
      level: 'error',
      message: 'message met what does not parse',
      fields: { messageId: 'm1', received: 1, error: new WireError('crawl request is not JSON') },
    },
  ]);
});

test('a fault is a warning, since the message comes again', async () => {
  const { log } = await run([{ id: 'm1', group: 'a', fails: 'rejects' }]);
  expect(log.lines.map(({ level, message }) => [level, message])).toEqual([['warn', 'message will be retried']]);
});
