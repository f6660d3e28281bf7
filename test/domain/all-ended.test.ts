import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { allEnded } from '#domain/all-ended.ts';

test('results come in the order of the items, and no more is done at once than was said', async () => {
  let [working, most] = [0, 0];
  const results = await allEnded(
    Array.from({ length: 50 }, (_, at) => at),
    async (item) => {
      working += 1;
      most = Math.max(most, working);
      for (let turns = 0; turns < 50 - item; turns += 1) await turn();
      working -= 1;
      return item * 2;
    },
    7,
  );
  expect(results).toEqual(Array.from({ length: 50 }, (_, at) => at * 2));
  expect([most, working]).toEqual([7, 0]);
  expect(await allEnded([], async () => 1)).toEqual([]);
});

test('what is thrown first is thrown, when all that had begun have ended; no more begins', async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    for (let turns = 0; turns < 5; turns += 1) await turn();
    ended.push(item);
    if (item === 2) throw new Error('second');
  };
  await expect(allEnded([0, 1, 2, 3, 4], work, 3)).rejects.toThrow('first');
  expect([begun, ended]).toEqual([
    [0, 1, 2],
    [0, 2],
  ]);
});
