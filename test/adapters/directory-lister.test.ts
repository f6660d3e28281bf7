import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { directoryLister } from '#adapters/net/directory-lister.ts';
import { directoryMasterFiles } from '#adapters/net/master-files.ts';
import type { ListedEntry, Listing, ListingOptions } from '#ports/file-lister.ts';
import { runProgram } from '../support/run-program.ts';

vi.setConfig({ testTimeout: 60_000 });

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirrortide-list-'));
});
afterEach(async () => {
  await chmod(root, 0o755);
  await rm(root, { recursive: true });
});

const list = async (path: string, options?: ListingOptions): Promise<{ listing: Listing; entries: ListedEntry[] }> => {
  const entries: ListedEntry[] = [];
  const listing = await directoryLister().list(path, (entry) => entries.push(entry), options);
  return { listing, entries: entries.sort((left, right) => (left.path < right.path ? -1 : 1)) };
};

describe('listing a directory of this machine', () => {
  it('names everything in it as it is, and follows no link', async () => {
    await mkdir(join(root, 'a/b'), { recursive: true });
    await writeFile(join(root, 'a/b/file'), 'hello', { mode: 0o640 });
    await utimes(join(root, 'a/b/file'), 1_700_000_000.9, 1_700_000_000.9);
    await symlink('..', join(root, 'a/loop'));
    await symlink('/etc', join(root, 'a/out'));
    await writeFile(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), '');
    await writeFile(join(root, 'grün\n x'), '');
    const { listing, entries } = await list(root);
    expect(listing).toEqual({ kind: 'complete', entries: 8, bytesReceived: 0 });
    expect(entries.map(({ path, kind }) => [path, kind])).toEqual([
      ['', 'directory'],
      ['a', 'directory'],
      ['a/b', 'directory'],
      ['a/b/file', 'file'],
      ['a/loop', 'symlink'],
      ['a/out', 'symlink'],
      ['café', 'file'],
      ['grün\n x', 'file'],
    ]);
    expect(entries[3]).toEqual({ path: 'a/b/file', kind: 'file', sizeBytes: 5, modifiedSeconds: 1_700_000_000, mode: 0o100640 });
  });

  it('takes a link as its root', async () => {
    await mkdir(join(root, 'real'));
    await writeFile(join(root, 'real/x'), '');
    await symlink('real', join(root, 'link'));
    expect((await list(join(root, 'link'))).entries.map(({ path }) => path)).toEqual(['', 'x']);
  });

  it('is refused where there is no directory', async () => {
    await writeFile(join(root, 'file'), '');
    expect((await list(join(root, 'none'))).listing).toMatchObject({ kind: 'refused', cause: 'no-such-path' });
    expect((await list(join(root, 'file'))).listing).toMatchObject({ kind: 'refused', cause: 'no-such-path' });
  });

  it('ends at the limit of entries, and when it is stopped', async () => {
    for (let index = 0; index < 100; index += 1) await writeFile(join(root, `${index}`), '');
    expect((await list(root, { limits: { maxEntries: 20 } })).listing).toMatchObject({ kind: 'broken', cause: 'size' });
    expect((await list(root, { signal: AbortSignal.abort() })).listing).toMatchObject({ kind: 'stopped' });
  });

  it('is partial when something cannot be read', async () => {
    // Root reads everything, so another user lists.
    await mkdir(join(root, 'shut'));
    await writeFile(join(root, 'shut/x'), '');
    await chmod(join(root, 'shut'), 0o000);
    await chmod(root, 0o755);
    const script = `
      import { directoryLister } from '${join(import.meta.dirname, '../../shared/adapters/net/directory-lister.ts')}';
      if (process.getuid() === 0) process.setuid(65534);
      console.log(JSON.stringify(await directoryLister().list(${JSON.stringify(root)}, () => undefined)));`;
    const { stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', script]);
    await chmod(join(root, 'shut'), 0o755);
    expect({ ...JSON.parse(stdout || '{}'), stderr }).toMatchObject({ kind: 'partial', reason: 'EACCES at shut', entries: 2 });
  });
});

describe('reading a file of a local master', () => {
  it('gives its bytes and the time that the listing shows', async () => {
    await writeFile(join(root, 'x'), 'hello');
    await utimes(join(root, 'x'), 1_700_000_000.9, 1_700_000_000.9);
    expect(await directoryMasterFiles(root)('x', 5)).toEqual({
      kind: 'read',
      bytes: new Uint8Array(Buffer.from('hello')),
      modifiedSeconds: 1_700_000_000,
      ageMs: undefined,
    });
  });

  it('has a limit, leaves the directory by no path, and waits for no FIFO', async () => {
    const read = directoryMasterFiles(join(root, 'in'));
    await mkdir(join(root, 'in'));
    await writeFile(join(root, 'secret'), 'x');
    await writeFile(join(root, 'in/large'), '123456');
    await runProgram('mkfifo', [join(root, 'in/fifo')], { debianPackage: 'coreutils' });
    const found = [];
    for (const path of ['large', '../secret', 'none', 'large/x', 'fifo', '.']) found.push((await read(path, 5)).kind);
    expect(found).toEqual(['too-large', 'absent', 'absent', 'absent', 'absent', 'absent']);
  });
});
