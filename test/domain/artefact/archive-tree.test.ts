import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArchiveEntry, archiveTree, type EntryKind } from '#domain/artefact/archive-tree.ts';
import { entryPath } from '#domain/artefact/entry-path.ts';

const LIMITS = { entries: 100, bytes: 1_000 };
const entry = (kind: EntryKind, path: string, target = '', sizeBytes = 0): ArchiveEntry => ({ kind, path, target, sizeBytes });

describe('the path of an entry', () => {
  it.each([
    ['a/b', ['a', 'b']],
    ['./a//b/.', ['a', 'b']],
    ['./', []],
    ['..a/b..', ['..a', 'b..']],
    ['a\\..\\b', ['a\\..\\b']],
  ])('%j is %j', (raw, segments) => {
    expect(entryPath(raw)).toEqual({ kind: 'path', segments });
  });

  it.each([
    ['', 'empty'],
    ['/', 'absolute'],
    ['//a', 'absolute'],
    ['..', '..'],
    ['a/..', '..'],
    ['a\0', 'NUL'],
    ['n'.repeat(256), '255 bytes'],
    ['ü'.repeat(128), '255 bytes'],
    ['🙂'.repeat(64), '255 bytes'],
    ['a/'.repeat(201), '200 folders'],
    [`${'n'.repeat(200)}/`.repeat(16), '3000 bytes'],
  ])('%j is refused', (raw, reason) => {
    expect(entryPath(raw)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) });
  });

  it('that is admitted stays below its folder, by any spelling', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '.', '..', '', '...', 'b'), { maxLength: 8 }), (parts) => {
        const path = entryPath(parts.join('/'));
        if (path.kind === 'path') for (const segment of path.segments) expect(['', '.', '..']).not.toContain(segment);
        else expect(parts.includes('..') || parts.join('/') === '' || parts[0] === '').toBe(true);
      }),
    );
  });
});

describe('a tree', () => {
  it('counts entries and bytes, the refused one too', () => {
    const tree = archiveTree(LIMITS, []);
    expect(tree.admit(entry('file', 'a', '', 600))).toMatchObject({ kind: 'admitted', segments: ['a'] });
    expect(tree.admit(entry('file', 'b', '', 401))).toMatchObject({ kind: 'refused' });
    expect([tree.entries(), tree.bytes()]).toEqual([2, 1_001]);
  });

  it('says where a hard link leads, in the tree’s own spelling', () => {
    const tree = archiveTree(LIMITS, []);
    tree.admit(entry('file', 'a/b'));
    expect(tree.admit(entry('hardlink', 'c', './a//b'))).toEqual({
      kind: 'admitted',
      segments: ['c'],
      targetSegments: ['a', 'b'],
    });
  });

  it('does not follow links for ever: what the kernel gives up leads nowhere', () => {
    const tree = archiveTree(LIMITS, []);
    for (let index = 0; index < 60; index += 1) tree.admit(entry('symlink', `l${index}`, `l${(index + 1) % 60}`));
    expect(tree.escape()).toBeUndefined();
  });

  it('says which link leads out', () => {
    const tree = archiveTree(LIMITS, []);
    tree.admit(entry('symlink', 'a/fine', '../b'));
    tree.admit(entry('symlink', 'a/out', '../../b'));
    expect(tree.escape()).toBe('a/out');
  });
});
