import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, open, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { rsyncLister } from '#adapters/net/rsync-lister.ts';
import type { ListedEntry, Listing, ListingOptions } from '#ports/file-lister.ts';
import { type RsyncDaemon, startRsyncDaemon } from '../support/rsync-daemon.ts';
import { listWithRsync } from '../support/rsync-listing.ts';

const ROOT_USER = process.getuid?.() === 0;
const NOBODY = '65534';
const FAR_FUTURE = 4_102_444_800; // 2100, beyond signed 32 bits and within unsigned
const FIVE_GIB = 5 * 2 ** 30;
const LONG_NAME = 'n'.repeat(255);

const guard = addressGuard({ allow: ['127.0.0.0/8'] });
const lister = rsyncLister({ guard, allowedPorts: 'any' });

const collect = async (
  url: string,
  options?: ListingOptions,
  using = lister,
): Promise<{ entries: ListedEntry[]; listing: Listing }> => {
  const entries: ListedEntry[] = [];
  const listing = await using.list(url, (entry) => entries.push(entry), options);
  return { entries, listing };
};

const sorted = (entries: readonly ListedEntry[]): ListedEntry[] => entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));

const bytes = (folder: string, ...parts: (string | Buffer)[]): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), ...parts.map((part) => Buffer.from(part))]);

const makeOddTree = async (root: string): Promise<void> => {
  const names: (string | Buffer)[] = [
    'plain.txt',
    ' leading and trailing blanks ',
    'two\nlines',
    'tab\tand\rreturn',
    'back\\slash',
    'literal \\#012 escape',
    '-rf',
    '--list-only',
    '#hash',
    '...',
    '..dots',
    '.hidden',
    'dots..',
    '日本語 – čeština.rpm',
    'emoji 🪞',
    Buffer.from('latin1 caf\xe9 \xff', 'latin1'),
    Buffer.from('broken utf8 \xc3(', 'latin1'),
    Buffer.from([1, 2, 27, 127]),
    LONG_NAME,
    'é'.repeat(127),
  ];
  for (const [size, name] of names.entries()) await writeFile(bytes(root, name), 'x'.repeat(size));
  await mkdir(join(root, 'empty', 'emptier'), { recursive: true });
  const deep = join(root, ...Array.from({ length: 6 }, (_, level) => String.fromCharCode(97 + level).repeat(220)));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'bottom'), 'deep');
  // A Latin-1 directory, so that the shared prefix itself is no valid UTF-8.
  const latin = bytes(root, Buffer.from('d\xe9p\xf4t', 'latin1'));
  await mkdir(latin);
  for (const name of ['aaa', 'aab', 'ünï']) await writeFile(Buffer.concat([latin, Buffer.from(`/${name}`)]), '');
  await symlink('plain.txt', join(root, 'link'));
  await symlink('/nowhere/at all', join(root, 'dangling'));
  await symlink('.', join(root, 'loop'));
  const sparse = await open(join(root, 'sparse'), 'w');
  await sparse.truncate(FIVE_GIB);
  await sparse.close();
  for (const [name, seconds] of Object.entries({ epoch: 0, future: FAR_FUTURE, y2038: 2 ** 31, last: 2 ** 32 - 1 })) {
    await writeFile(join(root, name), '');
    await utimes(join(root, name), seconds, seconds);
  }
  await writeFile(join(root, 'setuid'), '');
  await chmod(join(root, 'setuid'), 0o6751);
  await chmod(join(root, 'empty'), 0o1777);
  execFileSync('mkfifo', [join(root, 'fifo')]);
  if (ROOT_USER) execFileSync('mknod', [join(root, 'device'), 'c', '1', '3']);
};

let folder: string;
let daemon: RsyncDaemon;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-lister-'));
  await chmod(folder, 0o755);
  const odd = join(folder, 'odd');
  const partly = join(folder, 'partly');
  await mkdir(odd);
  await makeOddTree(odd);
  for (const name of ['open', 'shut']) {
    await mkdir(join(partly, name), { recursive: true });
    await writeFile(join(partly, name, 'file'), name);
  }
  await chmod(join(partly, 'shut'), 0o000);
  await writeFile(join(folder, 'motd'), 'Welcome to the mirror\n@RSYNC is fine\n\n');
  const unprivileged: Record<string, string> = ROOT_USER ? { uid: NOBODY, gid: NOBODY } : {};
  daemon = await startRsyncDaemon({
    globals: { 'motd file': join(folder, 'motd') },
    modules: {
      odd: { path: odd },
      'with blanks': { path: odd },
      partly: { path: partly, options: unprivileged },
      denied: { path: odd, options: { 'hosts deny': '*' } },
      private: { path: odd, options: { 'auth users': 'somebody', 'secrets file': join(folder, 'none') } },
      single: { path: odd, options: { 'max connections': '1' } },
      unmounted: { path: join(folder, 'not there') },
      refusing: { path: odd, options: { 'refuse options': 'recursive' } },
      writeonly: { path: odd, options: { 'write only': 'yes', 'read only': 'no' } },
    },
  });
});

afterAll(async () => {
  await daemon?.stop();
  await chmod(join(folder, 'partly', 'shut'), 0o755);
  await rm(folder, { recursive: true, force: true });
});

describe('a listing', () => {
  it('holds exactly what rsync itself lists, odd names, links, devices, sizes and times included', async () => {
    const { entries, listing } = await collect(daemon.url('odd'));
    const expected = await listWithRsync(daemon.url('odd'));
    expect(expected.exitCode).toBe(0);
    expect(sorted(entries)).toEqual(sorted(expected.entries));
    expect(listing).toEqual({ kind: 'complete', entries: expected.entries.length, bytesReceived: expect.any(Number) });
  });

  it('reports the values that went into the tree', async () => {
    const { entries } = await collect(daemon.url('odd'));
    const find = (path: string): ListedEntry | undefined => entries.find((entry) => entry.path === path);
    expect(find('')?.kind).toBe('directory');
    expect(find('two\nlines')?.sizeBytes).toBe(2);
    expect(find('latin1 café ÿ')?.kind).toBe('file');
    expect(find('dépôt/aab')?.kind).toBe('file');
    // Not one valid UTF-8 string, so all of it reads as Latin-1.
    expect(find('dépôt/Ã¼nÃ¯')?.kind).toBe('file');
    expect(find(LONG_NAME)?.kind).toBe('file');
    expect(find('sparse')).toMatchObject({ sizeBytes: FIVE_GIB });
    expect(find('epoch')?.modifiedSeconds).toBe(0);
    expect(find('future')?.modifiedSeconds).toBe(FAR_FUTURE);
    expect(find('dangling')).toMatchObject({ kind: 'symlink', mode: 0o120777 });
    expect(find('fifo')?.kind).toBe('other');
    expect(find('setuid')?.mode).toBe(0o106751);
    expect(Math.max(...entries.map((entry) => entry.path.length))).toBeGreaterThan(1_300);
  });

  it.each([27, 28, 29] as const)('is the same in protocol %i', async (protocol) => {
    const old = rsyncLister({ guard, allowedPorts: 'any', protocol });
    const { entries, listing } = await collect(daemon.url('odd'), {}, old);
    expect(listing.kind).toBe('complete');
    expect(sorted(entries)).toEqual(sorted((await listWithRsync(daemon.url('odd'))).entries));
  });

  it('can begin below the module, and at a module with blanks in its name', async () => {
    for (const url of [`${daemon.url('odd')}empty`, `${daemon.url('odd')}/empty//`, `${daemon.url('with blanks')}empty/`]) {
      const { entries, listing } = await collect(url);
      expect(listing.kind).toBe('complete');
      expect(entries.map((entry) => entry.path)).toEqual(['', 'emptier']);
    }
  });

  it('leaves out what the caller excludes, as rsync does', async () => {
    const excludes = ['*.txt', '/empty/', 'sparse', '日本語*'];
    const { entries, listing } = await collect(daemon.url('odd'), { excludes });
    const expected = await listWithRsync(
      daemon.url('odd'),
      excludes.map((pattern) => `--exclude=${pattern}`),
    );
    expect(listing.kind).toBe('complete');
    expect(sorted(entries)).toEqual(sorted(expected.entries));
    expect(entries.some((entry) => entry.path === 'plain.txt')).toBe(false);
  });

  it('ends in order for the daemon as well', async () => {
    const before = (await daemon.log()).length;
    await collect(daemon.url('odd'));
    await expect
      .poll(async () => (await daemon.log()).slice(before), { timeout: 20_000 })
      .toMatch(/sent \d+ bytes {2}received \d+ bytes/);
    expect((await daemon.log()).slice(before)).not.toMatch(/error/);
  });

  it('is partial when the daemon cannot read a directory', async () => {
    const { entries, listing } = await collect(daemon.url('partly'));
    expect((await listWithRsync(daemon.url('partly'))).exitCode).toBe(23);
    expect(listing).toEqual({
      kind: 'partial',
      reason: 'rsync: [sender] opendir "shut" (in partly) failed: Permission denied (13)',
      entries: 4,
      bytesReceived: expect.any(Number),
    });
    expect(entries.map((entry) => entry.path).toSorted()).toEqual(['', 'open', 'open/file', 'shut']);
  });
});

describe('a refusal', () => {
  it.each([
    ['an unknown module', 'nowhere', 'unknown-module', /^@ERROR: Unknown module 'nowhere'$/],
    ['a client that may not connect', 'denied', 'access-denied', /^@ERROR: access denied to denied from/],
    ['a module with a password', 'private', 'auth-required', /^@RSYNCD: AUTHREQD /],
    ['a module whose disk is not mounted', 'unmounted', 'module-broken', /^@ERROR: chdir failed$/],
    ['a path that is not there', 'odd/nowhere', 'no-such-path', /failed: No such file or directory \(2\)$/],
    ['a path that is a file', 'odd/plain.txt', 'no-such-path', /failed: Not a directory \(20\)$/],
    ['a module without recursion', 'refusing', 'option-refused', /configured to refuse --recursive/],
  ])('names %s', async (_, module, cause, reason) => {
    const { entries, listing } = await collect(daemon.url(module));
    expect(listing).toEqual({ kind: 'refused', cause, reason: expect.stringMatching(reason), temporary: false });
    expect(entries).toEqual([]);
  });

  it('is temporary when the daemon is full, and over when it is not', async () => {
    const holder = connect({ port: daemon.port, host: '127.0.0.1' });
    holder.write('@RSYNCD: 29.0\nsingle\n');
    let said = '';
    for await (const chunk of holder.iterator({ destroyOnReturn: false })) {
      said += chunk;
      if (said.includes('@RSYNCD: OK')) break;
    }
    const { listing } = await collect(daemon.url('single'));
    expect(listing).toEqual({
      kind: 'refused',
      cause: 'too-many-connections',
      reason: expect.stringMatching(/^@ERROR: max connections \(1\) reached/),
      temporary: true,
    });
    holder.destroy();
    await once(holder, 'close');
    await expect.poll(async () => (await collect(daemon.url('single'))).listing.kind, { timeout: 20_000 }).toBe('complete');
  });

  it('of a write-only module is a broken listing, since old protocols give no reason', async () => {
    const { listing } = await collect(daemon.url('writeonly'));
    expect(listing).toMatchObject({ kind: 'broken', cause: 'cut', entries: 0 });
  });
});
