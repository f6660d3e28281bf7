import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, WireError } from '#domain/errors.ts';
import { streamBatch } from '#lambda/stream-batch.ts';
import { memoryLog } from '../support/memory-stores.ts';

type Fate = 'done' | 'fails' | 'throws' | 'does not parse';

const run = async (fates: readonly Fate[]) => {
  const worked: number[] = [];
  let unreadable = 0;
  const story = (record: DynamoDBRecord): Promise<string> => {
    const index = Number(record.dynamodb?.SequenceNumber);
    worked.push(index);
    const fate = fates[index];
    if (fate === 'throws') throw new Error('at once');
    if (fate === 'fails') return Promise.reject(new Fault('throttled'));
    if (fate === 'does not parse') return Promise.reject(new WireError('not the state of a lock'));
    return Promise.resolve('done');
  };
  const Records = fates.map((_fate, index): DynamoDBRecord => ({ dynamodb: { SequenceNumber: String(index) } }));
  const answer = await streamBatch(memoryLog(), story, () => {
    unreadable += 1;
  })({ Records });
  return { failed: answer.batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)), worked, unreadable };
};

describe('a batch of changes', () => {
  it('is worked on in order up to the first that fails, which is the one reported', async () => {
    const fates = fc.array(fc.constantFrom<Fate>('done', 'done', 'fails', 'throws', 'does not parse'), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fates, async (batch) => {
        const failing = batch.findIndex((fate) => fate === 'fails' || fate === 'throws');
        const reached = batch.slice(0, failing === -1 ? batch.length : failing + 1);
        expect(await run(batch)).toEqual({
          failed: failing === -1 ? [] : [failing],
          worked: reached.map((_fate, index) => index),
          unreadable: reached.filter((fate) => fate === 'does not parse').length,
        });
      }),
    );
  });
});
