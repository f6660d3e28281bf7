import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import type { ReleaseProblem } from '#domain/volume/release.ts';
import { rpmProblems } from '#domain/volume/validate/rpm-repository.ts';
import { rpmDocuments } from '#wire/rpm/rpm-documents.ts';
import { addRpmPackages } from '../../support/build-repositories.ts';
import { filesBelow, treeOfFiles } from '../../support/directory-tree.ts';
import { runProgram } from '../../support/run-program.ts';

const PORTS = { decompress: nodeDecompress, digester: nodeDigester };
const text = (value: Uint8Array): string => Buffer.from(value).toString('utf8');
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const sha256 = (value: Uint8Array): string => createHash('sha256').update(value).digest('hex');

type Repository = Map<string, Uint8Array>;
const problems = (files: Repository): Promise<readonly ReleaseProblem[]> => {
  const tree = treeOfFiles(files);
  return rpmProblems(tree, rpmDocuments(tree, PORTS));
};

const REPOMD = 'repodata/repomd.xml';
const HAT = 'Packages/hat-1-1.noarch.rpm';

let folder: string;
let built: Repository;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-rpm-'));
  await addRpmPackages(folder, [
    { name: 'hat', version: '1' },
    { name: 'coat', version: '2' },
  ]);
  built = await filesBelow(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const copy = (): Repository => new Map(built);
const pathOf = (files: Repository, end: string): string => [...files.keys()].find((path) => path.endsWith(end)) ?? end;

/** Puts another index `primary` into the repository and says so in repomd.xml, as a generator would. */
const withPrimary = (edit: (xml: string) => string, pack: (xml: Uint8Array) => Uint8Array = gzipSync): Repository => {
  const files = copy();
  const path = pathOf(files, '-primary.xml.gz');
  const before = files.get(path) ?? new Uint8Array();
  const open = gunzipSync(before);
  const nextOpen = bytes(edit(text(open)));
  const next = new Uint8Array(pack(nextOpen));
  files.set(path, next);
  const repomd = text(files.get(REPOMD) ?? new Uint8Array())
    .replace(`>${sha256(before)}<`, `>${sha256(next)}<`)
    .replace(`>${sha256(open)}<`, `>${sha256(nextOpen)}<`)
    .replace(`<size>${before.length}</size>`, `<size>${next.length}</size>`)
    .replace(`<open-size>${open.length}</open-size>`, `<open-size>${nextOpen.length}</open-size>`);
  files.set(REPOMD, bytes(repomd));
  return files;
};

describe('a repository of rpm packages', () => {
  it('is good as createrepo_c makes it', async () => {
    expect(await problems(copy())).toEqual([]);
  });

  it('may be below any folder, beside others', async () => {
    const files: Repository = new Map();
    for (const top of ['9/BaseOS', '9/AppStream']) for (const [path, content] of built) files.set(`${top}/${path}`, content);
    files.delete(`9/AppStream/${HAT}`);
    const index = pathOf(files, 'AppStream/repodata/'.concat(pathOf(copy(), '-primary.xml.gz').slice('repodata/'.length)));
    expect(await problems(files)).toEqual([
      { path: `9/AppStream/${HAT}`, message: `is not in the release, but ${index} names it` },
    ]);
  });

  it('must be there', async () => {
    expect(await problems(new Map([['README', bytes('hello')]]))).toEqual([
      { path: REPOMD, message: 'is not in the release, so no client finds a repository' },
    ]);
  });

  it.each(['gz', 'zst', 'bz2'] as const)('may be compressed with %s', async (type) => {
    const other = await mkdtemp(join(tmpdir(), 'mirrortide-rpm-'));
    try {
      await addRpmPackages(other, [{ name: 'hat', version: '1' }]);
      if (type === 'zst') return expect(await problems(withPrimary((xml) => xml, zstdCompressSync))).toEqual([]);
      await runProgram('createrepo_c', ['--quiet', `--general-compress-type=${type}`, other]);
      expect(await problems(await filesBelow(other))).toEqual([]);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('cannot be checked when it is compressed with xz, and says so', async () => {
    const other = await mkdtemp(join(tmpdir(), 'mirrortide-rpm-'));
    try {
      await addRpmPackages(other, [{ name: 'hat', version: '1' }]);
      await runProgram('createrepo_c', ['--quiet', '--general-compress-type=xz', other]);
      const files = await filesBelow(other);
      expect(await problems(files)).toEqual([
        {
          path: pathOf(files, '-primary.xml.xz'),
          message: 'is compressed with xz, which cannot be read here, so it is not checked; gzip and zstd can be',
        },
      ]);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it.each(['sha512', 'sha1'])('may name everything with %s, of which sizes and indexes are compared', async (type) => {
    const other = await mkdtemp(join(tmpdir(), 'mirrortide-rpm-'));
    try {
      await addRpmPackages(other, [{ name: 'hat', version: '1' }]);
      await runProgram('createrepo_c', ['--quiet', `--checksum=${type}`, '--compatibility', other]);
      const files = await filesBelow(other);
      expect(await problems(files)).toEqual([]);
      const path = pathOf(files, '-other.xml.gz');
      files.set(path, (files.get(path) ?? new Uint8Array()).with(-1, 7));
      const found = await problems(files);
      expect(found.map((problem) => problem.path)).toEqual([path]);
      expect(found[0]?.message).toMatch(new RegExp(`^is ${type}-[0-9a-f]+, but repodata/repomd.xml says ${type}-[0-9a-f]+$`));
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  describe('is bad, and says which path and why,', () => {
    it('when a package is missing', async () => {
      const files = copy();
      files.delete(HAT);
      const index = pathOf(files, '-primary.xml.gz');
      expect(await problems(files)).toEqual([{ path: HAT, message: `is not in the release, but ${index} names it` }]);
    });

    it('when a package has other bytes than the index says', async () => {
      const files = copy();
      const before = files.get(HAT) ?? new Uint8Array();
      const after = before.with(-1, (before.at(-1) ?? 0) ^ 1);
      files.set(HAT, after);
      const index = pathOf(files, '-primary.xml.gz');
      expect(await problems(files)).toEqual([
        { path: HAT, message: `is sha256-${sha256(after)}, but ${index} says sha256-${sha256(before)}` },
      ]);
    });

    it('when a package is cut off', async () => {
      const files = copy();
      const before = files.get(HAT) ?? new Uint8Array();
      const after = before.slice(0, 1000);
      files.set(HAT, after);
      const index = pathOf(files, '-primary.xml.gz');
      expect(await problems(files)).toEqual([
        { path: HAT, message: `has 1000 bytes, but ${index} says ${before.length}` },
        { path: HAT, message: `is sha256-${sha256(after)}, but ${index} says sha256-${sha256(before)}` },
      ]);
    });

    it('when an index is cut off, although no package is in it', async () => {
      const files = copy();
      const path = pathOf(files, '-other.xml.gz');
      const before = files.get(path) ?? new Uint8Array();
      const after = before.slice(0, 50);
      files.set(path, after);
      expect(await problems(files)).toEqual([
        { path, message: `has 50 bytes, but ${REPOMD} says ${before.length}` },
        { path, message: `is sha256-${sha256(after)}, but ${REPOMD} says sha256-${sha256(before)}` },
      ]);
    });

    it('when the indexes are those of another time', async () => {
      const files = copy();
      for (const end of ['-primary.xml.gz', '-filelists.xml.gz']) files.delete(pathOf(files, end));
      const gone = ['-primary.xml.gz', '-filelists.xml.gz'].map((end) => pathOf(built, end));
      expect(await problems(files)).toEqual(
        gone.map((path) => ({ path, message: `is not in the release, but ${REPOMD} names it` })),
      );
    });

    it('when repomd.xml is the old one and a package was replaced', async () => {
      const later = await mkdtemp(join(tmpdir(), 'mirrortide-rpm-'));
      try {
        await addRpmPackages(later, [{ name: 'hat', version: '1', content: 'new' }]);
        const files = copy();
        const fresh = (await filesBelow(later)).get(HAT) ?? new Uint8Array();
        files.set(HAT, fresh);
        const found = await problems(files);
        expect(new Set(found.map(({ path }) => path))).toEqual(new Set([HAT]));
        expect(found.at(-1)?.message).toContain(`is sha256-${sha256(fresh)}, but`);
      } finally {
        await rm(later, { recursive: true, force: true });
      }
    });

    it('when a location leads out of the repository, elsewhere or to the same file twice', async () => {
      const files = withPrimary((xml) =>
        xml
          .replace(/(<package type="rpm">[\s\S]*?<\/package>)/, '$1$1$1$1$1')
          .replace(/href="Packages\/[^"]*"/, 'href="../secret.rpm"')
          .replace(/href="Packages\/[^"]*"/, 'xml:base="http://other.example/" href="away.rpm"')
          .replace(/href="Packages\/[^"]*"/, 'href="/absolute.rpm"')
          .replace('packages="2"', 'packages="6"'),
      );
      const index = pathOf(files, '-primary.xml.gz');
      const found = await problems(files);
      expect(found.map(({ path, message }) => `${path} ${message}`)).toEqual([
        `../secret.rpm is a path out of the repository, and ${index} names it`,
        `away.rpm is elsewhere according to ${index}: http://other.example/`,
        `/absolute.rpm is a path out of the repository, and ${index} names it`,
        expect.stringMatching(/^Packages\/(coat|hat).* is in repodata\/.* twice: for (\S+) and for \2$/),
      ]);
    });

    it('when the index has fewer packages than it says', async () => {
      const files = withPrimary((xml) => xml.replace('packages="2"', 'packages="3"'));
      const path = pathOf(files, '-primary.xml.gz');
      expect(await problems(files)).toEqual([{ path, message: 'says that it has 3 packages, and has 2' }]);
    });

    it('when the index unpacks to something else than repomd.xml says', async () => {
      const files = copy();
      const path = pathOf(files, '-primary.xml.gz');
      const open = gunzipSync(files.get(path) ?? new Uint8Array());
      const wrong = '0'.repeat(64);
      const repomd = text(files.get(REPOMD) ?? new Uint8Array())
        .replace(`>${sha256(open)}<`, `>${wrong}<`)
        .replace(`<open-size>${open.length}<`, '<open-size>7<');
      files.set(REPOMD, bytes(repomd));
      expect(await problems(files)).toEqual([
        { path, message: `unpacks to ${open.length} bytes, but ${REPOMD} says 7` },
        { path, message: `unpacks to sha256-${sha256(open)}, but ${REPOMD} says ${wrong}` },
      ]);
    });

    it.each([
      ['the index is cut off', (packed: Uint8Array) => packed.slice(0, -30), 'is damaged or cut off (gzip)'],
      [
        'the index is damaged',
        (packed: Uint8Array) => packed.with(40, 0).with(41, 0).with(42, 0),
        'is damaged or cut off (gzip)',
      ],
    ])('when %s', async (_, damage, message) => {
      const files = withPrimary(
        (xml) => xml,
        (xml) => damage(new Uint8Array(gzipSync(xml))),
      );
      expect(await problems(files)).toEqual([{ path: pathOf(files, '-primary.xml.gz'), message }]);
    });

    it.each([
      ['XML that ends too early', (xml: string) => xml.slice(0, -12), 'the index of packages is not XML, or is cut off'],
      ['a web page', () => '<html><body/></html>', 'the index of packages is no index of packages, but html'],
      ['no text', () => '\0\0\0', 'the index of packages has text outside of its root'],
      [
        'a package without a place',
        (xml: string) => xml.replace(/<location [^>]*>/, ''),
        expect.stringMatching(/does not say where \w+-\d-1\.noarch is$/),
      ],
      [
        'a document type',
        (xml: string) => xml.replace('<metadata', '<!DOCTYPE metadata><metadata'),
        'the index of packages has a document type',
      ],
    ])('when the index is %s', async (_, edit, message) => {
      const files = withPrimary(edit);
      expect(await problems(files)).toEqual([{ path: pathOf(files, '-primary.xml.gz'), message }]);
    });

    it('when packages or indexes have no digest of a known kind', async () => {
      const files = withPrimary((xml) => xml.replace('checksum type="sha256"', 'checksum type="crc32"'));
      const index = pathOf(files, '-primary.xml.gz');
      const repomd = text(files.get(REPOMD) ?? new Uint8Array()).replace(
        /(<data type="other">\s*)<checksum type="sha256"/,
        '$1<checksum type="x"',
      );
      files.set(REPOMD, bytes(repomd));
      expect((await problems(files)).map(({ path, message }) => `${path} ${message}`)).toEqual([
        expect.stringMatching(new RegExp(`^Packages/\\S+ has no digest of a known kind in ${index}$`)),
        `${pathOf(files, '-other.xml.gz')} has no digest of a known kind in ${REPOMD}`,
      ]);
    });

    it.each([
      ['is empty', '', 'repomd.xml is not XML, or is cut off'],
      ['is a web page', '<html></html>', 'repomd.xml names no indexes'],
      ['names an index of no place', '<repomd><data type="primary"/></repomd>', 'repomd.xml does not say where primary is'],
    ])('when repomd.xml %s', async (_, repomd, message) => {
      expect(await problems(new Map([[REPOMD, bytes(repomd)]]))).toEqual([{ path: REPOMD, message }]);
    });

    it('and keeps a hundred problems of many, the last of which counts the rest', async () => {
      const one = (n: number) =>
        `<package type="rpm"><name>p${n}</name><checksum type="sha256">${sha256(bytes(`${n}`))}</checksum><location href="p${n}.rpm"/></package>`;
      const files = withPrimary(
        () => `<metadata packages="500">${Array.from({ length: 500 }, (_, n) => one(n)).join('')}</metadata>`,
      );
      const found = await problems(files);
      expect(found.length).toBe(100);
      expect(found[98]?.path).toBe('p98.rpm');
      expect(found[99]).toEqual({ path: '', message: '401 more problems' });
    });
  });
});
