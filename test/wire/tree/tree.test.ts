import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { MOST_SHARD_ENTRIES } from '#domain/volume/shard-end.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { byPath, treeOf } from '#domain/volume/tree-of.ts';
import { shardOf, shardsBelow } from '#wire/tree/shards-of.ts';
import { parseRoot, parseShard } from '#wire/tree/tree-document.ts';
import { printTree, treePrinter } from '#wire/tree/tree-printer.ts';
import { files, hashOf, manyFiles } from '../../support/tree-arbitrary.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (document: Uint8Array): string => new TextDecoder().decode(document);
const ordered = (all: readonly TreeEntry[]): readonly TreeEntry[] => {
  const outcome = treeOf(all);
  return outcome.kind === 'tree' ? outcome.tree.entries : [];
};
const ONE: TreeEntry = { path: 'a "b"', sha256: hashOf(''), sizeBytes: 0, mode: 'file' };
const TWO: TreeEntry = { path: 'bin/é', sha256: hashOf('x'), sizeBytes: 1, mode: 'executable' };

describe('the documents of a tree', () => {
  test('are these bytes for ever', () => {
    const tree = printTree([ONE, TWO], hashOf);
    expect(tree.shards.map(({ document }) => text(document))).toEqual([
      `["a \\"b\\"",0,"${hashOf('')}"]\n["bin/é",1,"${hashOf('x')}","x"]\n`,
    ]);
    expect(text(tree.document)).toBe(
      `{"format":"mirrortide-tree","version":1,"files":2,"bytes":1}\n["a \\"b\\"",2,1,"${tree.shards[0]?.reference.sha256}"]\n`,
    );
    expect(tree.sha256).toBe(hashOf(tree.document));
    expect(text(printTree([], hashOf).document)).toBe('{"format":"mirrortide-tree","version":1,"files":0,"bytes":0}\n');
    expect(printTree(ordered(manyFiles(5_000)), hashOf).sha256).toBe(
      'e1afa2d99f53c0bb831f06dc1682e25e63576321f4ec5840105f3e3b5f355611',
    );
  });

  test('give the tree back', () => {
    fc.assert(
      fc.property(files, (all) => {
        const entries = ordered(all);
        const tree = printTree(entries, hashOf);
        expect(parseRoot(tree.document)).toEqual(tree.root);
        expect(tree.shards.flatMap(({ document }) => parseShard(document))).toEqual(entries);
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['no end', '{"format":"mirrortide-tree","version":1,"files":0,"bytes":0}'],
    ['another version', '{"format":"mirrortide-tree","version":2,"files":0,"bytes":0}\n'],
    ['a blank', '{"format":"mirrortide-tree", "version":1,"files":0,"bytes":0}\n'],
    ['another order', '{"version":1,"format":"mirrortide-tree","files":0,"bytes":0}\n'],
    ['a wrong sum', `{"format":"mirrortide-tree","version":1,"files":2,"bytes":0}\n["a",1,0,"${hashOf('')}"]\n`],
    ['wrong bytes', `{"format":"mirrortide-tree","version":1,"files":1,"bytes":1}\n["a",1,0,"${hashOf('')}"]\n`],
    [
      'shards out of order',
      `{"format":"mirrortide-tree","version":1,"files":2,"bytes":0}\n["b",1,0,"${hashOf('')}"]\n["a",1,0,"${hashOf('')}"]\n`,
    ],
  ])('are not read as a root when there is %s', (_, document) => {
    expect(() => parseRoot(bytes(document))).toThrow(WireError);
  });

  test.each([
    ['a number spelt otherwise', `["a",1e0,"${hashOf('')}"]\n`],
    ['an escape that is not needed', `["\\u0061",1,"${hashOf('')}"]\n`],
    ['an unsound path', `["../a",1,"${hashOf('')}"]\n`],
    ['a path twice', `["a",1,"${hashOf('')}"]\n["a",1,"${hashOf('')}"]\n`],
    ['a file as a directory', `["a",1,"${hashOf('')}"]\n["a/b",1,"${hashOf('')}"]\n`],
    ['more than there is', `["a",1,"${hashOf('')}","x",1]\n`],
    ['no line end', `["a",1,"${hashOf('')}"]`],
  ])('are not read as a shard when there is %s', (_, document) => {
    expect(() => parseShard(bytes(document))).toThrow(WireError);
  });

  test('are not read, nor anything but refused, when a byte is another one', () => {
    const tree = printTree([ONE, TWO], hashOf);
    for (const [document, parse] of [
      [tree.document, parseRoot],
      [tree.shards[0]?.document ?? bytes(''), parseShard],
    ] as const) {
      fc.assert(
        fc.property(fc.nat(document.length - 1), fc.nat(255), (at, byte) => {
          const other = Uint8Array.from(document);
          other[at] = byte;
          try {
            // Whatever is still a document is a document of something else, or the same one.
            expect(hashOf(other) === hashOf(document) || JSON.stringify(parse(other)) !== JSON.stringify(parse(document))).toBe(
              true,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }),
      );
    }
  });
});

describe('shards', () => {
  test('are never larger than their ceiling, and one is in memory at a time', () => {
    const printer = treePrinter(hashOf);
    let largest = 0;
    for (const entry of manyFiles(30_000).toSorted(byPath)) {
      largest = Math.max(largest, printer.add(entry)?.reference.files ?? 0);
    }
    printer.rest();
    expect(largest).toBeLessThanOrEqual(MOST_SHARD_ENTRIES);
    expect(printer.root().root.shards.length).toBeGreaterThan(8);
  });

  test('stay as they were where nothing changed', () => {
    const before = printTree(manyFiles(20_000).toSorted(byPath), hashOf);
    const changed = new Set([17, 4_711]);
    const after = printTree(manyFiles(20_001, (index) => (changed.has(index) ? 'new' : '')).toSorted(byPath), hashOf);
    const known = new Set(before.root.shards.map(({ sha256 }) => sha256));
    expect(after.root.shards.length).toBeGreaterThan(10);
    expect(after.root.shards.filter(({ sha256 }) => !known.has(sha256)).length).toBeLessThanOrEqual(3);
  });

  test('are found by any path and by any directory', () => {
    const entries = manyFiles(6_000).toSorted(byPath);
    const tree = printTree(entries, hashOf);
    const documents = new Map(tree.shards.map(({ reference, document }) => [reference.sha256, parseShard(document)]));
    fc.assert(
      fc.property(fc.nat(entries.length - 1), (at) => {
        const entry = entries[at]!;
        expect(documents.get(shardOf(tree.root, entry.path)?.sha256 ?? '')).toContainEqual(entry);
        const prefix = entry.path.slice(0, entry.path.lastIndexOf('/') + 1);
        const below = shardsBelow(tree.root, prefix).flatMap(({ sha256 }) => documents.get(sha256) ?? []);
        expect(below.filter(({ path }) => path.startsWith(prefix))).toEqual(
          entries.filter(({ path }) => path.startsWith(prefix)),
        );
      }),
      { numRuns: 50 },
    );
    expect(shardOf(tree.root, 'a')).toBeUndefined();
    expect(shardsBelow(tree.root, '')).toEqual(tree.root.shards);
    expect(shardsBelow(printTree([], hashOf).root, 'a/')).toEqual([]);
  });

  test('take entries in order only', () => {
    const printer = treePrinter(hashOf);
    printer.add(TWO);
    expect(() => printer.add(ONE)).toThrow(WireError);
  });
});
