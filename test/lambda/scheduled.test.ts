import { expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { memoryLog } from '../support/memory-stores.ts';

const parse = (event: unknown): string => {
  if (typeof event !== 'string') throw new WireError('not a text');
  return event;
};

test('the outcome is logged as one line', async () => {
  const log = memoryLog();
  await scheduled(log, parse, async (input) => ({ kind: 'done', input }))('tick');
  expect(log.lines).toEqual([
    { level: 'info', message: 'run ended', fields: { outcome: { kind: 'done', input: 'tick' }, tookMs: expect.any(Number) } },
  ]);
});

test.each([
  ['an event that does not parse', 5, new WireError('not a text')],
  ['a story that fails', 'tick', new Error('boom')],
])('%s is logged once and thrown on', async (_name, event, error) => {
  const log = memoryLog();
  const story = async () => {
    throw error;
  };
  await expect(scheduled(log, parse, story)(event)).rejects.toEqual(error);
  expect(log.lines).toEqual([{ level: 'error', message: 'run failed', fields: { error, tookMs: expect.any(Number) } }]);
});
