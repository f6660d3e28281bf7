import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffTrees } from '#domain/volume/diff-trees.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { treeOf } from '#domain/volume/tree-of.ts';
import { treePathProblem } from '#domain/volume/tree-path.ts';
import { files, hashOf } from '../../support/tree-arbitrary.ts';

const entry = (path: string, content = ''): TreeEntry => ({
  path,
  sha256: hashOf(content),
  sizeBytes: content.length,
  mode: 'file',
});

const treeEntries = (all: Iterable<TreeEntry>): readonly TreeEntry[] => {
  const outcome = treeOf(all);
  if (outcome.kind === 'refused') throw new Error(outcome.problem.message);
  return outcome.tree.entries;
};

describe('a path', () => {
  test.each(['a', 'a/b', 'a b', '...', 'é/😀', '@1', '-', 'x'.repeat(255)])('%j is one', (path) => {
    expect(treePathProblem(path)).toBeUndefined();
  });

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    'a/..',
    '../a',
    'a/./b',
    'a\nb',
    'a\u0000',
    '\u007f',
    '\ud800',
    'x'.repeat(256),
    'a/'.repeat(600),
  ])('%j is none', (path) => {
    expect(treePathProblem(path)).toBeTypeOf('string');
  });
});

describe('a tree', () => {
  test('does not depend on the order in which its files come', () => {
    fc.assert(
      fc.property(
        files.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length })),
        ),
        ([all, shuffled]) => {
          expect(treeOf(shuffled)).toEqual(treeOf(all));
        },
      ),
    );
  });

  test.each([
    [['a', 'a'], 'a', 'a path is there once'],
    [['a', 'a-b', 'a/b'], 'a/b', 'a is a file and not a directory'],
    [['a/b', 'a/b-c', 'a/b/c/d'], 'a/b/c/d', 'a/b is a file and not a directory'],
    [['b/../c'], 'b/../c', 'a path has no . or .. in it'],
  ])('is not made of %j', (paths, path, message) => {
    expect(treeOf(paths.map((name) => entry(name)))).toEqual({ kind: 'refused', problem: { path, message } });
  });

  test.each([
    [{ ...entry('a'), sha256: 'A'.repeat(64) }, 'a SHA-256 is 64 hexadecimal digits in lower case'],
    [{ ...entry('a'), sizeBytes: 1.5 }, 'a size is a whole number of bytes'],
    [{ ...entry('a'), sizeBytes: -1 }, 'a size is a whole number of bytes'],
  ])('has no such entry: %j', (wrong, message) => {
    expect(treeOf([wrong])).toEqual({ kind: 'refused', problem: { path: 'a', message } });
  });
});

describe('a difference', () => {
  test('tells what was added, removed and changed', () => {
    const before = treeEntries([entry('a'), entry('b', 'x'), entry('c')]);
    const after = treeEntries([entry('b', 'y'), entry('c'), entry('d')]);
    expect([...diffTrees(before, after)]).toEqual([
      { kind: 'removed', path: 'a', before: entry('a') },
      { kind: 'changed', path: 'b', before: entry('b', 'x'), after: entry('b', 'y') },
      { kind: 'added', path: 'd', after: entry('d') },
    ]);
  });

  test('sees that a file may be run now', () => {
    expect([...diffTrees([entry('a')], [{ ...entry('a'), mode: 'executable' }])].map(({ kind }) => kind)).toEqual(['changed']);
  });

  test('makes the one tree from the other', () => {
    fc.assert(
      fc.property(files, files, (one, other) => {
        const [before, after] = [treeEntries(one), treeEntries(other)];
        const made = new Map(before.map((file) => [file.path, file]));
        for (const change of diffTrees(before, after)) {
          if (change.kind === 'removed') made.delete(change.path);
          else made.set(change.path, change.after);
        }
        expect(treeEntries(made.values())).toEqual(after);
        expect([...diffTrees(before, before)]).toEqual([]);
      }),
    );
  });
});
