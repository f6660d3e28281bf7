import { expect, test } from 'vitest';
import { keptProblems } from '#domain/volume/kept-problems.ts';
import { MOST_PROBLEMS } from '#domain/volume/release.ts';

const many = (count: number, path: string, message: string) => Array.from({ length: count }, () => ({ path, message }));

test('a few problems are kept as they are', () => {
  expect(keptProblems(many(3, 'a', 'is not there'))).toEqual(many(3, 'a', 'is not there'));
});

test('of very many the first are kept, and of a long message the beginning', () => {
  expect(keptProblems(many(MOST_PROBLEMS + 1, 'a', 'b'))).toHaveLength(MOST_PROBLEMS);
  expect(keptProblems([{ path: 'a', message: `${'x'.repeat(499)}😀` }])).toEqual([
    { path: 'a', message: `${'x'.repeat(499)}\ufffd` },
  ]);
});

test('however long they are, they fit an item of a table', () => {
  const kept = keptProblems(many(MOST_PROBLEMS, '\u0001'.repeat(1_024), '\u0001'.repeat(9_999)));
  expect(kept.length).toBeGreaterThan(10);
  expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(350_000);
});
