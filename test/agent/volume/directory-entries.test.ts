import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { treeOf } from '#domain/volume/tree-of.ts';
import { treePrinter } from '#wire/tree/tree-printer.ts';
import { type DirectoryItem, directoryEntries } from '../../../agent/volume/directory-entries.ts';
import { files, hashOf } from '../../support/tree-arbitrary.ts';

let top: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'mirrortide-directory-'));
});
afterEach(() => rm(top, { recursive: true, force: true }));

const put = async (path: string, content = '', folder = top): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
};

const itemsOf = async (folder: string): Promise<readonly DirectoryItem[]> => {
  const items: DirectoryItem[] = [];
  for await (const item of directoryEntries(folder)) items.push(item);
  return items;
};

const entry = (path: string, content = '', mode: 'file' | 'executable' = 'file'): DirectoryItem => ({
  kind: 'entry',
  entry: { path, sha256: hashOf(content), sizeBytes: content.length, mode },
});
const problem = (path: string, message: string): DirectoryItem => ({ kind: 'problem', path, message });

test('files come in the order of a tree, with their hashes and whether they may be run', async () => {
  for (const path of ['b', 'a/b', 'a-b', 'a/c/d', 'Z']) await put(path, path);
  await put('run', 'x');
  await chmod(join(top, 'run'), 0o755);
  await mkdir(join(top, 'empty'));
  expect(await itemsOf(top)).toEqual([
    entry('Z', 'Z'),
    entry('a-b', 'a-b'),
    entry('a/b', 'a/b'),
    entry('a/c/d', 'a/c/d'),
    entry('b', 'b'),
    entry('run', 'x', 'executable'),
  ]);
});

test('a link over a link leads where the system says', async () => {
  await put('sub/c', 'meant');
  await mkdir(join(top, 'sub/deep'));
  await symlink('sub/deep', join(top, 'b'));
  await symlink('b/../c', join(top, 'c'));
  expect(await itemsOf(top)).toEqual([entry('c', 'meant'), entry('sub/c', 'meant')]);
});

test('any tree that a file system can hold is read back as it is, in order', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(files, async (all) => {
      const folder = await mkdtemp(join(top, 'tree-'));
      // One name in two spellings is one file on some file systems only.
      for (const file of all) await put(file.path, file.path, folder);
      const made = all.map(({ path }) => ({
        path,
        sha256: hashOf(path),
        sizeBytes: Buffer.byteLength(path),
        mode: 'file' as const,
      }));
      const outcome = treeOf(made);
      const printer = treePrinter(hashOf);
      const read = (await itemsOf(folder)).flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
      for (const file of read) printer.add(file);
      expect(read).toEqual(outcome.kind === 'tree' ? outcome.tree.entries : []);
    }),
    { numRuns: 30 },
  );
});

test('links inside stand for what they lead to, files and directories alike', async () => {
  await put('dists/jammy/Release', 'r');
  await symlink('jammy', join(top, 'dists/stable'));
  await symlink('dists/jammy/Release', join(top, 'Release'));
  expect(await itemsOf(top)).toEqual([
    entry('Release', 'r'),
    entry('dists/jammy/Release', 'r'),
    entry('dists/stable/Release', 'r'),
  ]);
});

test('what cannot be published is told, all of it', async () => {
  await put('good', 'g');
  await put('a\nb');
  await symlink('/etc/hostname', join(top, 'out'));
  await symlink('nowhere', join(top, 'broken'));
  await mkdir(join(top, 'loop'));
  await symlink('..', join(top, 'loop/up'));
  await writeFile(Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0xfe])]), '');
  const items = await itemsOf(top);
  expect(items).toEqual([
    problem('a\nb', 'a path has no control characters'),
    problem('broken', 'it cannot be read'),
    entry('good', 'g'),
    problem('loop/up', 'it is a link to a directory that it is in'),
    problem('out', 'it is a link that leads out of the directory'),
    problem('\ufffd\ufffd', 'it cannot be read'),
  ]);
});

test('a file of any size is read whole', async () => {
  for (const size of [0, 1_048_575, 1_048_576, 1_048_577, 3_000_000]) await put(`f${size}`, 'x'.repeat(size));
  expect(await itemsOf(top)).toEqual(
    [0, 1_048_575, 1_048_576, 1_048_577, 3_000_000].map((size) => entry(`f${size}`, 'x'.repeat(size))),
  );
});

test('the directory itself may be a link', async () => {
  await put('real/a', 'a');
  await symlink('real', join(top, 'link'));
  expect(await itemsOf(join(top, 'link'))).toEqual([entry('a', 'a')]);
});

test('a directory that is not there is an error', async () => {
  await expect(itemsOf(join(top, 'none'))).rejects.toThrow('ENOENT');
});
