import { expect, test } from 'vitest';
import { eitherTrigger } from '#lambda/either-trigger.ts';

test('a batch of messages goes to the queue’s side, whatever else to the schedule’s', async () => {
  const scheduled: unknown[] = [];
  const handler = eitherTrigger(
    async (event) => void scheduled.push(event),
    async ({ Records: records }) => ({ batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })) }),
  );
  expect(await handler({ Records: [{ messageId: 'm' }] })).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
  expect([await handler({}), await handler(undefined), await handler({ Records: 1 })]).toEqual([undefined, undefined, undefined]);
  expect(scheduled).toEqual([{}, undefined, { Records: 1 }]);
  const failing = eitherTrigger(
    () => Promise.reject(new Error('x')),
    () => Promise.reject(new Error('y')),
  );
  await expect(failing({})).rejects.toThrow('x');
});
