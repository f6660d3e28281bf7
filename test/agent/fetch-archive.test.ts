import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpack } from '../../agent/fetch/archive/unpack.ts';
import { VerificationProblem } from '../../agent/fetch/fetch-outcome.ts';
import type { Disk } from '../../agent/fetch/fetch-world.ts';
import { SILENT, tarOf, treeOf } from './support/fetch-scene.ts';
import { paxEntry, type RawEntry, rawTar } from './support/tar-builder.ts';

let top: string;
let into: string;
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), 'mirrortide-archive-'));
  into = join(top, 'tree');
  fs.mkdirSync(into);
});
afterEach(() => fs.rmSync(top, { recursive: true, force: true }));

const LIMITS = { bytes: 1 << 20, entries: 50 };

async function unpacked(bytes: Buffer, limits = LIMITS): Promise<Readonly<Record<string, string>> | undefined> {
  const file = join(top, 'archive');
  fs.writeFileSync(file, bytes);
  await unpack({ disk: fs, syncFileSystem: () => false, file, folder: into, limits, report: SILENT });
  return treeOf(into);
}

/** The reason of the refusal; and that nothing was written outside of the folder. */
async function refusal(bytes: Buffer, limits = LIMITS): Promise<string> {
  const error: unknown = await unpacked(bytes, limits).then(
    (tree) => new Error(`it was unpacked: ${JSON.stringify(tree)}`),
    (problem: unknown) => problem,
  );
  expect(fs.readdirSync(top).toSorted()).toEqual(['archive', 'tree']);
  expect(error).toBeInstanceOf(VerificationProblem);
  return (error as Error).message;
}

const FILES = {
  'bin/run': '#!/bin/sh\n',
  'lib/current': '-> v1/lib.so',
  'lib/v1/lib.so': 'x'.repeat(3_000),
  'lib/v1/back': '-> ../../bin/run',
  [`${'long-'.repeat(30)}/${'name-'.repeat(25)}`]: 'long',
  'ümlaut and blank': '',
};

describe('an archive of the host’s own tar', () => {
  it.each([
    ['plain', ['-c']],
    ['gzip', ['-cz']],
    ['pax', ['-c', '--format=pax']],
    ['GNU', ['-c', '--format=gnu']],
    ['gzip, pax', ['-cz', '--format=posix']],
  ])('is unpacked: %s', async (_, flags) => {
    expect(await unpacked(tarOf(FILES, flags))).toEqual(FILES);
    expect(fs.statSync(join(into, 'bin/run')).mode & 0o7777).toBe(0o755);
    expect(fs.statSync(join(into, 'lib/v1/lib.so')).mode & 0o7777).toBe(0o644);
  });

  it('is unpacked: ustar, as far as that goes', async () => {
    const files = { 'bin/run': 'x', [`${'folder-'.repeat(10)}/${'name-'.repeat(15)}`]: 'prefix' };
    expect(await unpacked(tarOf(files, ['-c', '--format=ustar']))).toEqual(files);
  });

  it('is unpacked: the format before all others', async () => {
    expect(await unpacked(tarOf({ 'a/b': 'c' }, ['-c', '--format=v7']))).toEqual({ 'a/b': 'c' });
  });

  it('is unpacked: zstd', async () => {
    const compressed = zlib.zstdCompressSync(tarOf(FILES, ['-c']));
    expect(await unpacked(compressed)).toEqual(FILES);
  });

  it('keeps times, and hard links as links', async () => {
    const source = join(top, 'source');
    fs.mkdirSync(source);
    fs.writeFileSync(join(source, 'a'), 'same');
    fs.linkSync(join(source, 'a'), join(source, 'b'));
    fs.utimesSync(join(source, 'a'), 1_600_000_000, 1_600_000_000);
    const bytes = execFileSync('tar', ['-c', '-f', '-', '-C', source, 'a', 'b']);
    fs.rmSync(source, { recursive: true });
    expect(await unpacked(bytes)).toEqual({ a: 'same', b: 'same' });
    expect(fs.statSync(join(into, 'a')).mtimeMs).toBe(1_600_000_000_000);
    expect(fs.statSync(join(into, 'b')).ino).toBe(fs.statSync(join(into, 'a')).ino);
  });

  it('is the same as that tar unpacks, for any files', async () => {
    const part = fc.stringMatching(/^[a-zäß _+-]{1,40}$/).filter((name) => name.trim() === name);
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    const files = fc.dictionary(
      path,
      fc.string({ maxLength: 2_000 }).filter((text) => text.isWellFormed() && !text.startsWith('-> ')),
      {
        maxKeys: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(files, fc.constantFrom('gnu', 'posix'), async (wanted, format) => {
        const names = Object.keys(wanted);
        fc.pre(!names.some((name) => names.some((other) => other.startsWith(`${name}/`))));
        fs.rmSync(into, { recursive: true });
        fs.mkdirSync(into);
        expect(await unpacked(tarOf(wanted, ['-c', `--format=${format}`]))).toEqual(wanted);
      }),
      { numRuns: 25 },
    );
  });
});

const file = (path: string, content = 'x'): RawEntry => ({ path, content });
const link = (path: string, target: string): RawEntry => ({ path, type: '2', target });
const hard = (path: string, target: string): RawEntry => ({ path, type: '1', target });
const folder = (path: string): RawEntry => ({ path, type: '5', mode: 0o755 });

describe('a hostile archive is refused, with nothing written outside:', () => {
  it.each<[string, readonly RawEntry[], string]>([
    ['an absolute path', [file('/etc/passwd')], 'a path is absolute'],
    ['a path out of it', [file('../outside')], 'has .. in it'],
    ['a path out of it, further down', [file('a/../../outside')], 'has .. in it'],
    ['a folder out of it', [folder('../outside/')], 'has .. in it'],
    ['a path out of it in an extended header', [paxEntry({ path: '../outside' }), file('a')], 'has .. in it'],
    ['an absolute path in a long name of GNU', [{ path: 'x', type: 'L', content: '/outside\0' }, file('a')], 'is absolute'],
    ['a name with a NUL', [paxEntry({ path: 'a\0b' }), file('a')], 'has a NUL'],
    ['a link with a NUL', [paxEntry({ linkpath: 'a\0b' }), link('l', 'a')], 'has a NUL'],
    ['a name that is empty', [file('')], 'is empty'],
    ['the folder itself as a file', [file('.')], 'replaces the folder itself'],
    ['the folder itself as a link', [link('./', '/etc')], 'replaces the folder itself'],
    ['an absolute link', [link('l', '/etc')], 'absolute'],
    ['a link out of it', [link('l', '..')], 'leads out'],
    ['a link out of it, further down', [link('a/l', '../../outside')], 'leads out'],
    ['a link out of it in an extended header', [paxEntry({ linkpath: '../outside' }), link('l', 'a')], 'leads out'],
    ['a file through a link', [link('l', 'a'), folder('a/'), file('l/b')], 'goes through a symlink'],
    ['a folder through a link', [link('l', 'a'), folder('a/'), folder('l/b/')], 'goes through a symlink'],
    ['a link through a link', [link('l', 'a'), folder('a/'), link('l/b', 'c')], 'goes through a symlink'],
    ['a link that goes out through an earlier one', [link('d/e/up', '../..'), link('l', 'd/e/up/../x')], 'leads out'],
    ['a link that goes out through a later one', [link('l', 'd/e/up/../x'), link('d/e/up', '../..')], 'leads out'],
    [
      'a link that goes out through two',
      [link('a', 'b/..'), folder('c/'), link('b', 'c/..'), link('d/x', '../a/../y')],
      'leads out',
    ],
    ['a folder in place of a link', [link('l', 'a'), folder('l/')], 'comes twice'],
    ['a file in place of a link', [link('l', 'a'), file('l')], 'comes twice'],
    ['a link in place of a file', [file('l'), link('l', 'a')], 'comes twice'],
    ['a link in place of a folder', [folder('l/'), link('l', 'a')], 'comes twice'],
    ['a link in place of a folder that only a path made', [file('l/a'), link('l', 'b')], 'comes twice'],
    ['another link in its place', [link('l', 'a'), link('l', 'b')], 'comes twice'],
    ['a file twice', [file('a', '1'), file('./a', '2')], 'comes twice'],
    ['a file below a file', [file('a'), file('a/b')], 'goes through a file'],
    ['a hard link out of it', [hard('h', '/etc/passwd')], 'is absolute'],
    ['a hard link out of it by ..', [hard('h', '../archive')], 'has .. in it'],
    ['a hard link to a link', [link('l', 'a'), hard('h', 'l')], 'no file before it'],
    ['a hard link through a link', [folder('a/'), file('a/f'), link('l', 'a'), hard('h', 'l/f')], 'no file before it'],
    ['a hard link to what is not there', [hard('h', 'a')], 'no file before it'],
    ['a character device', [{ path: 'd', type: '3' }], 'is a device'],
    ['a block device', [{ path: 'd', type: '4' }], 'is a device'],
    ['a named pipe', [{ path: 'd', type: '6' }], 'is a named pipe'],
    ['a kind that nobody knows', [{ path: 'd', type: 'Q' }], 'of a kind'],
    ['a sparse file of GNU', [{ path: 'd', type: 'S' }], 'of a kind'],
    ['a sparse file of pax', [paxEntry({ 'GNU.sparse.major': '1' }), file('a')], 'sparse'],
    ['our own marker', [file('./.mirrortide-complete.json', '{}')], 'is taken'],
    ['our own marker as a folder', [file('.mirrortide-complete.json/a')], 'is taken'],
    ['too many entries', Array.from({ length: 51 }, (_, index) => file(`f${index}`)), 'more than 50 entries'],
    ['too many bytes', [file('a', 'x'.repeat((1 << 20) + 1))], 'more than 1048576 bytes'],
    ['a size beyond the limit, without the bytes', [{ path: 'a', size: 8 ** 11 - 1 }], 'more than 1048576 bytes'],
    ['a size that is none', [{ path: 'a', size: '99999999999\0' }], 'a number that is none'],
    ['a size out of range', [{ path: 'a', size: '\xff'.repeat(12) }], 'out of range'],
    ['a link with content', [{ path: 'l', type: '2', target: 'a', content: 'x' }], 'with content'],
    ['a global header that names files', [paxEntry({ path: 'x' }, 'g'), file('a')], 'a global header'],
    ['an extended header of a wrong length', [{ path: 'x', type: 'x', content: '99 path=a\n' }, file('a')], 'not well-formed'],
    ['an extended header without its entry', [paxEntry({ path: 'a' })], 'without its entry'],
    ['an extended header that is too large', [{ path: 'x', type: 'x', size: 2 ** 21 }], 'too large'],
    ['a header with a wrong checksum', [{ path: 'a', checksum: 1 }], 'a wrong checksum'],
    ['nothing in it', [], 'empty'],
  ])('%s', async (_, entries, reason) => {
    expect(await refusal(rawTar(entries))).toContain(reason);
  });

  it('one that ends in the middle', async () => {
    const whole = rawTar([file('a', 'x'.repeat(2_000))], false);
    for (const bytes of [100, 600, 1_024, 2_100]) {
      fs.rmSync(into, { recursive: true });
      fs.mkdirSync(into);
      expect(await refusal(whole.subarray(0, bytes))).toMatch(/ends in the middle|no archive/);
    }
  });

  it('one whose compression is damaged', async () => {
    const bytes = zlib.gzipSync(rawTar([file('a', 'x'.repeat(2_000))]));
    bytes.fill(0xff, 20, 40);
    expect(await refusal(bytes)).toContain('damaged');
    fs.rmSync(into, { recursive: true });
    fs.mkdirSync(into);
    expect(await refusal(zlib.zstdCompressSync(rawTar([file('a', 'x'.repeat(90_000))])).subarray(0, 40))).toMatch(
      /damaged|middle/,
    );
  });

  it('a bomb: small, and endless zeros once it is unpacked', async () => {
    const zeros = Buffer.concat([rawTar([{ path: 'a', size: 1 << 19 }], false), Buffer.alloc(64 << 20)]);
    expect(await refusal(zlib.gzipSync(zeros), { bytes: 1_000, entries: 10 })).toContain('more than');
  });

  it.each([
    ['zip', Buffer.from('PK\x03\x04rest of it'), 'a zip archive'],
    ['xz', Buffer.from('fd377a585a0000', 'hex'), 'compressed with xz'],
    ['bzip2', Buffer.from('BZh91AY'), 'compressed with bzip2'],
    ['text', Buffer.from('hello'), 'no archive'],
    ['nothing', Buffer.alloc(0), 'no archive'],
  ])('what is no tar archive: %s', async (_, bytes, reason) => {
    if (bytes.length > 0) expect(await refusal(bytes)).toContain(reason);
    else expect(await refusal(bytes)).toMatch(/no archive|empty/);
  });
});

describe('what is harmless', () => {
  it('is unpacked: links that stay inside, also to what is not there, and loops', async () => {
    const entries = [link('a', 'b'), link('b', 'a'), link('c/d', '../e/./f'), link('up', 'c/..'), folder('c/'), folder('c')];
    expect(await unpacked(rawTar(entries))).toEqual({ a: '-> b', b: '-> a', 'c/d': '-> ../e/./f', up: '-> c/..' });
  });

  it('loses what gives rights away: set-user-id, set-group-id, sticky, and writing for others', async () => {
    await unpacked(
      rawTar([
        { ...file('a'), mode: 0o7777 },
        { ...folder('b/'), mode: 0o7777 },
        { ...file('c'), mode: 0 },
      ]),
    );
    const modes = ['a', 'b', 'c'].map((name) => (fs.lstatSync(join(into, name)).mode & 0o7777).toString(8));
    expect(modes).toEqual(['755', '755', '600']);
  });

  it('ends at the first empty block, or where the file ends', async () => {
    const entries = [file('a')];
    expect(await unpacked(Buffer.concat([rawTar(entries), rawTar([file('../b')])]))).toEqual({ a: 'x' });
    fs.rmSync(join(into, 'a'));
    expect(await unpacked(rawTar(entries, false))).toEqual({ a: 'x' });
  });
});

describe('all of a tree is on disk', () => {
  it.each([
    ['one by one, when it is small', 5, true, 'each'],
    ['by one sync of the file system, when it is large', 100, true, 'all'],
    ['one by one, where the host cannot sync a file system', 100, false, 'each'],
  ])('%s', async (_, count, able, way) => {
    const synced = new Set<string>();
    const paths = new Map<number, string>();
    const disk: Disk = {
      ...(fs as Disk),
      openSync: (path, flags, mode) => {
        const descriptor = fs.openSync(path, flags, mode);
        paths.set(descriptor, String(path));
        return descriptor;
      },
      fsyncSync: (descriptor) => void synced.add(paths.get(descriptor) ?? ''),
    };
    let all = 0;
    const syncFileSystem = (): boolean => {
      all += 1;
      return able;
    };
    const archive = join(top, 'archive');
    fs.writeFileSync(archive, rawTar(Array.from({ length: count }, (__, index) => file(`d/f${index}`))));
    await unpack({ disk, syncFileSystem, file: archive, folder: into, limits: { ...LIMITS, entries: 200 }, report: SILENT });
    const each = [into, join(into, 'd'), ...Array.from({ length: count }, (__, index) => join(into, `d/f${index}`))];
    expect(synced).toEqual(new Set(way === 'each' ? each : []));
    expect(all).toBe(count > 64 ? 1 : 0);
  });
});

describe('any archive', () => {
  it('is unpacked or refused, and never writes outside', async () => {
    const name = fc.constantFrom('a', 'b', 'a/b', 'a/c', 'b/a', '..', '../x', '/x', '.', 'a/../b', 'l', 'l/x', 'a/l', '');
    const entry = fc.record({ path: name, type: fc.constantFrom('0', '1', '2', '5', '3'), target: name });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        fs.rmSync(into, { recursive: true });
        fs.mkdirSync(into);
        await unpacked(rawTar(entries)).catch((error: unknown) => expect(error).toBeInstanceOf(VerificationProblem));
        expect(fs.readdirSync(top).toSorted()).toEqual(['archive', 'tree']);
      }),
      { numRuns: 200 },
    );
  });

  it('that was unpacked has no link that the kernel follows out of it', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'a/b', 'a/c', 'a/b/c');
    const target = fc
      .array(fc.constantFrom('..', '.', 'a', 'b', 'c'), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join('/'));
    const entry = fc.record({ path: name, type: fc.constantFrom('2', '5'), target });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(entry, { maxLength: 6, selector: ({ path }) => path }), async (entries) => {
        fs.rmSync(into, { recursive: true });
        fs.mkdirSync(into);
        const tree = await unpacked(rawTar(entries)).catch(() => undefined);
        for (const path of Object.keys(tree ?? {})) {
          const followed = fs.existsSync(join(into, path)) ? fs.realpathSync.native(join(into, path)) : into;
          expect(`${followed}/`.startsWith(`${fs.realpathSync.native(into)}/`), `${path} ${JSON.stringify(entries)}`).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
