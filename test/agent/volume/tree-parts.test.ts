import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diffTrees, type TreeChange } from '#domain/volume/diff-trees.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { byPath } from '#domain/volume/tree-of.ts';
import { parseShard } from '#wire/tree/tree-document.ts';
import { printTree } from '#wire/tree/tree-printer.ts';
import { lineSorter } from '../../../agent/volume/index/line-sorter.ts';
import { hashSet } from '../../../agent/volume/trees/hash-set.ts';
import { differingShards, type TreeSide, treeChanges } from '../../../agent/volume/trees/tree-changes.ts';
import { sampleEntries } from '../../../agent/volume/verify/sample-entries.ts';
import { files, hashOf, manyFiles } from '../../support/tree-arbitrary.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const listed = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

/** Changes by way of shards that differ, and how many of these were read. */
const changesOf = async (before: readonly TreeEntry[], after: readonly TreeEntry[]) => {
  let reads = 0;
  const trees = [before, after].map((entries) => printTree(entries.toSorted(byPath), hashOf));
  const documents = new Map(trees.flatMap(({ shards }) => shards.map(({ reference, document }) => [reference.sha256, document])));
  const read: TreeSide['read'] = async ({ sha256 }) => {
    reads += 1;
    return parseShard(documents.get(sha256) ?? new Uint8Array());
  };
  const differing = differingShards(trees[0]?.root ?? { shards: [] }, trees[1]?.root ?? { shards: [] });
  const changes = await listed(treeChanges({ shards: differing.before, read }, { shards: differing.after, read }));
  return { changes, reads };
};

const expected = (before: readonly TreeEntry[], after: readonly TreeEntry[]): readonly TreeChange[] => [
  ...diffTrees(before.toSorted(byPath), after.toSorted(byPath)),
];

test('changes by shards are those of the whole trees', async () => {
  await fc.assert(
    fc.asyncProperty(files, files, async (before, after) => {
      expect((await changesOf(before, after)).changes).toEqual(expected(before, after));
    }),
    { numRuns: 60 },
  );
});

test('of large trees only the shards around a change are read', async () => {
  const before = manyFiles(20_000);
  const after = manyFiles(20_003, (at) => (at % 7_000 === 3 ? 'new' : '')).filter((_, at) => at !== 5_000);
  const { changes, reads } = await changesOf(before, after);
  expect(changes).toEqual(expected(before, after));
  expect(changes).toHaveLength(7);
  expect(reads).toBeLessThan(16);
});

test('hashes above a number are forgotten, and that is said', () => {
  const hashes = hashSet(2);
  const [one, two, three] = ['1', '2', '3'].map(hashOf) as [string, string, string];
  expect([one, one, two].map(hashes.add)).toEqual([true, false, true]);
  expect(hashes.isComplete()).toBe(true);
  expect(hashes.add(three)).toBe(true);
  expect([one, two, three].map(hashes.has)).toEqual([true, true, false]);
  expect(hashes.isComplete()).toBe(false);
});

const line = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'a\u2028b', 'é', ''))
  .map((text) => text.replaceAll('\n', ' ').toWellFormed());

test('lines come out sorted, however many runs there were, as often as they are read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), async (lines, runCharacters) => {
      const place = await mkdtemp(join(folder, 'sort-'));
      const sorter = lineSorter(place, runCharacters);
      for (const one of lines) sorter.add(one);
      const sorted = lines.toSorted((one, other) => (one < other ? -1 : Number(one > other)));
      expect(await listed(sorter.sorted())).toEqual(sorted);
      expect(await listed(sorter.sorted())).toEqual(sorted);
      expect((await readdir(place)).length > 0).toBe(lines.length > 0);
    }),
    { numRuns: 60 },
  );
});

test('a sample has as many as are asked for, and each file as likely as any other', async () => {
  const entries = manyFiles(20);
  const asked = async function* () {
    yield* entries;
  };
  const counts = new Map<string, number>();
  let seed = 1;
  const random = (): number => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let round = 0; round < 2_000; round += 1) {
    const sample = await sampleEntries(asked(), 5, random);
    expect(new Set(sample).size).toBe(5);
    for (const { path } of sample) counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  // 500 each; six standard deviations are 116.
  for (const { path } of entries) expect(Math.abs((counts.get(path) ?? 0) - 500)).toBeLessThan(116);
  expect(await sampleEntries(asked(), 50, random)).toEqual(entries);
});
