import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import type { ReleaseProblem } from '#domain/volume/release.ts';
import { aptProblems } from '#domain/volume/validate/apt-archive.ts';
import { aptDocuments } from '#wire/apt/apt-documents.ts';
import { addAptPackages } from '../../support/build-repositories.ts';
import { filesBelow, treeOfFiles } from '../../support/directory-tree.ts';
import { runProgram } from '../../support/run-program.ts';

const PORTS = { decompress: nodeDecompress, digester: nodeDigester };
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('utf8');
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const digest = (value: Uint8Array | undefined, kind = 'sha256'): string =>
  createHash(kind)
    .update(value ?? new Uint8Array())
    .digest('hex');

type Archive = Map<string, Uint8Array>;
const problems = (files: Archive): Promise<readonly ReleaseProblem[]> => {
  const tree = treeOfFiles(files);
  return aptProblems(tree, aptDocuments(tree, PORTS));
};

const RELEASE = 'dists/stable/Release';
const INRELEASE = 'dists/stable/InRelease';
const INDEX = 'main/binary-amd64/Packages';
const PACKAGES = `dists/stable/${INDEX}`;
const ZIPPED = `${PACKAGES}.gz`;
const HAT = 'pool/main/hat/hat_1_all.deb';

let folder: string;
let built: Archive;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-apt-'));
  await addAptPackages(folder, { suite: 'stable', architectures: ['amd64', 'arm64'] }, [
    { name: 'hat', version: '1' },
    { name: 'coat', version: '2' },
  ]);
  built = await filesBelow(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const copy = (): Archive => new Map(built);

/** Lists these files again, as they are now, with SHA256 only. */
const relisted = (files: Archive, fields = 'Suite: stable\nCodename: stable\n'): Archive => {
  const top = 'dists/stable/';
  const paths = [...files.keys()].filter((path) => path.startsWith(top) && !/Release$|by-hash/.test(path));
  const lines = paths.map((path) => ` ${digest(files.get(path))} ${files.get(path)?.length} ${path.slice(top.length)}\n`);
  return files.set(RELEASE, bytes(`${fields}SHA256:\n${lines.join('')}`));
};

/** One architecture, whose Packages is edited, in every compression given. */
const withPackages = (edit: (packages: string) => string, packed: Record<string, (open: Uint8Array) => Uint8Array>): Archive => {
  const files = copy();
  const open = bytes(edit(text(files.get(PACKAGES))));
  for (const path of built.keys()) if (path.startsWith('dists/stable/main/')) files.delete(path);
  for (const [extension, pack] of Object.entries(packed)) files.set(`${PACKAGES}${extension}`, new Uint8Array(pack(open)));
  return relisted(files);
};
const same = (value: string): string => value;

const signed = async (files: Archive): Promise<Archive> => {
  const home = await mkdtemp(join(tmpdir(), 'mirrortide-gpg-'));
  try {
    const gpg = async (...args: string[]) => {
      const result = await runProgram('gpg', ['--batch', '--homedir', home, '--passphrase', '', ...args], {
        debianPackage: 'gnupg',
      });
      if (result.exitCode !== 0) throw new Error(result.stderr);
    };
    await gpg('--quick-gen-key', 'tests@mirrors.example', 'ed25519', 'sign', 'never');
    await writeFile(join(home, 'Release'), files.get(RELEASE) ?? '');
    await gpg('--clearsign', '--output', join(home, 'InRelease'), join(home, 'Release'));
    return new Map(files).set(INRELEASE, new Uint8Array(await readFile(join(home, 'InRelease'))));
  } finally {
    await runProgram('gpgconf', ['--homedir', home, '--kill', 'all']);
    await rm(home, { recursive: true, force: true });
  }
};

describe('an archive of Debian packages', () => {
  it('is good as apt-ftparchive makes it', async () => {
    expect(await problems(copy())).toEqual([]);
  });

  it('is good as gpg signs it', async () => {
    expect(await problems(await signed(copy()))).toEqual([]);
  });

  it('needs no Release beside InRelease', async () => {
    const files = await signed(copy());
    files.delete(RELEASE);
    expect(await problems(files)).toEqual([]);
    files.delete(HAT);
    expect((await problems(files)).map(({ path }) => path)).toEqual([HAT]);
  });

  it('may be below a folder, with suites below suites', async () => {
    const files: Archive = new Map();
    for (const [path, content] of built) {
      files.set(`debian/${path}`, content);
      if (path.startsWith('dists/stable/'))
        files.set(`debian/dists/stable/updates/${path.slice('dists/stable/'.length)}`, content);
    }
    expect(await problems(files)).toEqual([]);
    files.delete(`debian/${HAT}`);
    expect(await problems(files)).toEqual([
      { path: `debian/${HAT}`, message: `is not in the release, but debian/${ZIPPED} names it` },
    ]);
  });

  it.each([
    ['gzip alone', { '.gz': gzipSync }],
    ['zstd alone', { '.zst': zstdCompressSync }],
    ['nothing', { '': (open: Uint8Array) => open }],
  ])('may be compressed with %s', async (_, packed) => {
    const files = withPackages(same, packed);
    expect(await problems(files)).toEqual([]);
    files.delete(HAT);
    expect((await problems(files)).map(({ path }) => path)).toEqual([HAT]);
  });

  it('may be compressed with bzip2 alone, but not with xz alone', async () => {
    const packed = async (program: string, extension: string): Promise<Archive> => {
      const scratch = await mkdtemp(join(tmpdir(), 'mirrortide-packed-'));
      try {
        await writeFile(join(scratch, 'Packages'), built.get(PACKAGES) ?? '');
        await runProgram(program, [join(scratch, 'Packages')]);
        const content = new Uint8Array(await readFile(join(scratch, `Packages.${extension}`)));
        return withPackages(same, { [`.${extension}`]: () => content });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    };
    expect(await problems(await packed('bzip2', 'bz2'))).toEqual([]);
    expect(await problems(await packed('xz', 'xz'))).toEqual([
      {
        path: `${PACKAGES}.xz`,
        message: 'is compressed with xz, which cannot be read here, so it is not checked; gzip and zstd can be',
      },
    ]);
  });

  it('may list indexes that it does not have, if no apt needs them or another compression is there', async () => {
    const files = copy();
    const lines = ['main/Contents-amd64', 'main/i18n/Translation-en.xz', 'main/source/Sources', `${INDEX}.xz`];
    const listed = lines.map((path) => ` ${'1'.repeat(64)} 7 ${path}\n`).join('');
    files.set(RELEASE, bytes(text(files.get(RELEASE)).replace(/^SHA256:\n/m, `SHA256:\n${listed}`)));
    expect(await problems(files)).toEqual([]);
  });

  it('needs no index of all architectures where those of each have the packages too', async () => {
    const files = copy();
    const lines = `SHA256:\n ${'1'.repeat(64)} 7 main/binary-all/Packages.gz\n`;
    const listed = text(files.get(RELEASE)).replace(/^SHA256:\n/m, lines);
    files.set(RELEASE, bytes(listed));
    const message = `is not in the release in any compression, but ${RELEASE} lists it`;
    expect(await problems(files)).toEqual([{ path: 'dists/stable/main/binary-all/Packages', message }]);
    files.set(RELEASE, bytes(`No-Support-for-Architecture-all: Packages\n${listed}`));
    expect(await problems(files)).toEqual([]);
  });

  it('may have only SHA512, of which indexes are read for their digests', async () => {
    const files = copy();
    const release = text(files.get(RELEASE)).replace(/^(?:MD5Sum|SHA1|SHA256):\n(?: .*\n)+/gm, '');
    files.set(RELEASE, bytes(release));
    expect(await problems(files)).toEqual([]);
    const before = files.get(PACKAGES) ?? new Uint8Array();
    const after = before.with(9, 'X'.charCodeAt(0));
    files.set(PACKAGES, after);
    expect(await problems(files)).toEqual([
      { path: PACKAGES, message: `is sha512-${digest(after, 'sha512')}, but ${RELEASE} says sha512-${digest(before, 'sha512')}` },
    ]);
  });

  it('may have source packages, all of whose files are looked at', async () => {
    const [archive, note] = [bytes('archive'), bytes('note')];
    const sources = `Package: hat
Format: 3.0 (quilt)
Directory: pool/main/hat
Files:
 ${digest(archive, 'md5')} 7 hat_1.tar.gz
 ${digest(note, 'md5')} 4 hat_1.dsc
Checksums-Sha256:
 ${digest(archive)} 7 hat_1.tar.gz
 ${digest(note)} 4 hat_1.dsc
`;
    const files = copy();
    files.set('dists/stable/main/source/Sources.gz', new Uint8Array(gzipSync(sources)));
    files.set('pool/main/hat/hat_1.tar.gz', archive);
    files.set('pool/main/hat/hat_1.dsc', note);
    expect(await problems(relisted(files))).toEqual([]);
    files.set('pool/main/hat/hat_1.tar.gz', bytes('archivE'));
    files.delete('pool/main/hat/hat_1.dsc');
    const said = 'dists/stable/main/source/Sources.gz';
    expect(await problems(relisted(files))).toEqual([
      {
        path: 'pool/main/hat/hat_1.tar.gz',
        message: `is sha256-${digest(bytes('archivE'))}, but ${said} says sha256-${digest(archive)}`,
      },
      { path: 'pool/main/hat/hat_1.dsc', message: `is not in the release, but ${said} names it` },
    ]);
  });

  describe('with by-hash', () => {
    const byHash = (): Archive => {
      const files = relisted(copy(), 'Suite: stable\nAcquire-By-Hash: yes\n');
      for (const path of built.keys()) {
        const [, top] = /^(dists\/.*)\/Packages/.exec(path) ?? [];
        const content = files.get(path);
        if (top !== undefined && content !== undefined) files.set(`${top}/by-hash/SHA256/${digest(content)}`, content);
      }
      return files;
    };

    it('is good with files below by-hash, and without them, since such paths are answered by themselves', async () => {
      const files = byHash();
      expect(await problems(files)).toEqual([]);
      for (const path of files.keys()) if (path.includes('/by-hash/')) files.delete(path);
      expect(await problems(files)).toEqual([]);
    });

    it('is bad when a file is not what its name says', async () => {
      const files = byHash();
      const path = `dists/stable/main/binary-amd64/by-hash/SHA256/${digest(built.get(ZIPPED))}`;
      files.set(path, bytes('other'));
      expect(await problems(files)).toEqual([
        { path, message: `is sha256-${digest(bytes('other'))}, but its name says another` },
      ]);
    });
  });

  describe('is bad, and says which path and why,', () => {
    it('when there is no suite', async () => {
      const message = 'has no suite with InRelease or Release, so no client finds an archive';
      expect(await problems(new Map([[HAT, bytes('x')]]))).toEqual([{ path: 'dists', message }]);
    });

    it('when a package is missing, which is said once however many architectures name it', async () => {
      const files = copy();
      files.delete(HAT);
      expect(await problems(files)).toEqual([{ path: HAT, message: `is not in the release, but ${ZIPPED} names it` }]);
    });

    it('when a package has other bytes', async () => {
      const files = copy();
      const before = files.get(HAT) ?? new Uint8Array();
      const after = before.with(-1, (before.at(-1) ?? 0) ^ 1);
      files.set(HAT, after);
      expect(await problems(files)).toEqual([
        { path: HAT, message: `is sha256-${digest(after)}, but ${ZIPPED} says sha256-${digest(before)}` },
      ]);
    });

    it('when a package is cut off', async () => {
      const files = copy();
      const before = files.get(HAT) ?? new Uint8Array();
      const after = before.slice(0, 100);
      files.set(HAT, after);
      expect(await problems(files)).toEqual([
        { path: HAT, message: `has 100 bytes, but ${ZIPPED} says ${before.length}` },
        { path: HAT, message: `is sha256-${digest(after)}, but ${ZIPPED} says sha256-${digest(before)}` },
      ]);
    });

    it('when an index is that of another time', async () => {
      const files = copy();
      const later = bytes(`${text(files.get(PACKAGES))}\n`);
      files.set(PACKAGES, later);
      expect(await problems(files)).toEqual([
        { path: PACKAGES, message: `has ${later.length} bytes, but ${RELEASE} says ${later.length - 1}` },
        { path: PACKAGES, message: `is sha256-${digest(later)}, but ${RELEASE} says sha256-${digest(built.get(PACKAGES))}` },
      ]);
    });

    it('when Release is that of another time', async () => {
      const other = await mkdtemp(join(tmpdir(), 'mirrortide-apt-'));
      try {
        await mkdir(other, { recursive: true });
        await addAptPackages(other, { suite: 'stable', architectures: ['amd64', 'arm64'] }, [{ name: 'hat', version: '2' }]);
        const files = copy();
        files.set(RELEASE, (await filesBelow(other)).get(RELEASE) ?? new Uint8Array());
        const paths = new Set((await problems(files)).map(({ path }) => path));
        const arm = PACKAGES.replace('amd64', 'arm64');
        expect(paths).toEqual(new Set([PACKAGES, ZIPPED, arm, `${arm}.gz`]));
      } finally {
        await rm(other, { recursive: true, force: true });
      }
    });

    it('when an architecture that Release lists is gone', async () => {
      const files = copy();
      for (const path of [PACKAGES, ZIPPED]) files.delete(path);
      expect(await problems(files)).toEqual([
        { path: PACKAGES, message: `is not in the release in any compression, but ${RELEASE} lists it` },
      ]);
    });

    it('when InRelease and Release differ', async () => {
      const files = await signed(copy());
      const release = text(files.get(RELEASE));
      files.set(RELEASE, bytes(release.replace('Codename: stable', 'Codename: other')));
      const message = 'says something else of codename than Release does';
      expect(await problems(files)).toEqual([{ path: INRELEASE, message }]);
      files.set(RELEASE, bytes(release.replaceAll(digest(built.get(PACKAGES)), '0'.repeat(64))));
      expect(await problems(files)).toEqual([{ path: INRELEASE, message: `says something else of ${INDEX} than Release does` }]);
    });

    it('when the signature of InRelease does not cover all of it', async () => {
      const files = await signed(copy());
      files.set(INRELEASE, bytes(`${text(files.get(INRELEASE))}Suite: other\n`));
      expect(await problems(files)).toEqual([
        { path: INRELEASE, message: 'has a signature that does not cover all of it, or is cut off' },
      ]);
    });

    it('when nothing but weak digests is listed', async () => {
      const files = copy();
      files.set(RELEASE, bytes(text(files.get(RELEASE)).replace(/^SHA(?:256|512):\n(?: .*\n)+/gm, '')));
      expect(await problems(files)).toEqual([
        { path: RELEASE, message: 'lists no files with SHA256 or SHA512, and apt accepts no others' },
      ]);
    });

    it.each([
      [
        'leads out of the archive',
        /^Filename: .*$/m,
        'Filename: ../../secret',
        '../../secret',
        'is a path out of the archive, and INDEX names it',
      ],
      ['has no digest', /^SHA\d+: .*\n/gm, '', 'pool/main/coat/coat_2_all.deb', 'has neither SHA256 nor SHA512 in INDEX'],
      ['has no size', /^Size: .*\n/m, '', 'pool/main/coat/coat_2_all.deb', 'has no size in INDEX'],
      ['has no place', /^Filename: .*\n/m, '', ZIPPED, 'does not say where the package "coat" is'],
    ])('when a package %s', async (_, pattern, replacement, path, message) => {
      const files = withPackages((packages) => packages.replace(pattern, replacement), { '.gz': gzipSync });
      expect((await problems(files))[0]).toEqual({ path, message: message.replace('INDEX', ZIPPED) });
    });

    it('when an index unpacks to something else than is listed', async () => {
      const files = withPackages(same, { '.gz': gzipSync, '': (open) => open });
      const wrong = '0'.repeat(64);
      files.delete(PACKAGES);
      files.set(RELEASE, bytes(text(files.get(RELEASE)).replace(digest(built.get(PACKAGES)), wrong)));
      const open = new Uint8Array(gunzipSync(files.get(ZIPPED) ?? new Uint8Array()));
      expect(await problems(files)).toEqual([
        { path: ZIPPED, message: `unpacks to sha256-${digest(open)}, but ${RELEASE} says sha256-${wrong} of ${INDEX}` },
      ]);
    });

    it.each([
      ['is cut off', (open: Uint8Array) => gzipSync(open).subarray(0, -20), 'is damaged or cut off (gzip)'],
      ['is a web page', () => gzipSync('<html></html>'), 'has a line that is no field: "<html></html>"'],
      ['is no text', () => gzipSync(new Uint8Array([0xff, 0xfe])), 'the index is not UTF-8'],
      ['goes on before it begins', () => gzipSync(' x\n'), 'begins with a line that goes on'],
      ['has a field twice', () => gzipSync('Filename: a\nFilename: b\n'), 'has the field filename twice in one paragraph'],
    ])('when an index %s', async (_, pack, message) => {
      const files = withPackages(same, { '.gz': (open) => new Uint8Array(pack(open)) });
      expect(await problems(files)).toEqual([{ path: ZIPPED, message }]);
    });

    it.each([
      ['is empty', '', 'lists no files'],
      ['is a web page', '<html>', 'has a line that is no field: "<html>"'],
      ['lists a file with two sizes', 'MD5Sum:\n 00 1 a\nSHA256:\n 00 2 a\n', 'lists a with two sizes'],
      ['lists a file with two digests', 'SHA256:\n 00 1 a\n 01 1 a\n', 'lists a with two sha256'],
      ['lists something else', 'SHA256:\n hello\n', 'has a line that lists no file: " hello"'],
    ])('when Release %s', async (_, release, message) => {
      expect(await problems(new Map([[RELEASE, bytes(release)]]))).toEqual([{ path: RELEASE, message }]);
    });
  });
});
