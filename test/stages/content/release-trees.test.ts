import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directoryOf } from '#domain/content/directory.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { byPath } from '#domain/volume/tree-of.ts';
import { printTree } from '#wire/tree/tree-printer.ts';
import { releaseTrees } from '../../../functions/content/release-trees.ts';
import { files, hashOf, manyFiles } from '../../support/tree-arbitrary.ts';

/** A stored tree, and how often its documents are read. */
const stored = (entries: readonly TreeEntry[]) => {
  const printed = printTree(entries.toSorted(byPath), hashOf);
  const documents = new Map(printed.shards.map(({ reference, document }) => [reference.sha256, document]));
  documents.set(printed.sha256, printed.document);
  const reads: string[] = [];
  const trees = releaseTrees(async (sha256) => {
    reads.push(sha256);
    return documents.get(sha256);
  });
  return { trees, root: printed.sha256, reads, shards: printed.shards.length };
};

const PACKAGES = manyFiles(20_000);

describe('a tree', () => {
  test('gives each of its files, and no other', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.string(), async (entries, other) => {
        const { trees, root } = stored(entries);
        for (const entry of entries) expect(await trees.entry(root, entry.path)).toEqual(entry);
        const known = entries.some(({ path }) => path === other);
        expect((await trees.entry(root, other)) !== undefined).toBe(known);
      }),
      { numRuns: 40 },
    );
  });

  test('gives folders as all of its entries would, whatever they are called', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (entries) => {
        const { trees, root } = stored(entries);
        const folders = new Set(
          entries.flatMap(({ path }) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1))),
        );
        for (const folder of ['', ...folders, 'none/']) {
          const found = await trees.folder(root, folder);
          expect(directoryOf(folder, found.entries)).toEqual(directoryOf(folder, entries.toSorted(byPath)));
          expect(await trees.hasFolder(root, folder)).toBe(folder === '' ? entries.length > 0 : folders.has(folder));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is read where something is looked for, each document once', async () => {
    const { trees, root, reads, shards } = stored(PACKAGES);
    expect(shards).toBeGreaterThan(10);
    const paths = [PACKAGES[7], PACKAGES[7], PACKAGES[19_999]].map((entry) => entry?.path ?? '');
    expect((await Promise.all(paths.map((path) => trees.entry(root, path)))).map((entry) => entry?.path)).toEqual(paths);
    expect(reads.length).toBeLessThanOrEqual(3);
    expect(new Set(reads).size).toBe(reads.length);
  });

  test('of many files is listed without reading all of it', async () => {
    const { trees, root, reads } = stored([...PACKAGES, { path: 'zzz', sha256: hashOf(''), sizeBytes: 1, mode: 'file' }]);
    const { entries, isCut } = await trees.folder(root, '');
    expect(directoryOf('', entries)?.rows.map(({ name }) => name)).toEqual(['pool', 'zzz']);
    expect(isCut).toBe(false);
    expect(reads.length).toBeLessThanOrEqual(4);
    expect(await trees.hasFolder(root, 'pool/57/')).toBe(true);
    expect(await trees.hasFolder(root, 'pool/5/')).toBe(false);
  });

  test('whose document is missing is damaged', async () => {
    const { root } = stored(PACKAGES.slice(0, 3));
    await expect(releaseTrees(async () => undefined).entry(root, 'a')).rejects.toThrow('is not there');
  });
});
