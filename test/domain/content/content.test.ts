import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { hashTag, INLINE_BYTES, PAGE_BYTES } from '#domain/content/answer-bytes.ts';
import { byteRange } from '#domain/content/byte-range.ts';
import { directoryOf, mountsBelow } from '#domain/content/directory.ts';
import { directoryPage } from '#domain/content/directory-page.ts';
import { mediaType } from '#domain/content/media-type.ts';
import { mountProblems, type ReleaseName, resolveMount } from '#domain/content/mounts.ts';
import { answerFile, fileCaching, objectUrl } from '#domain/content/serve.ts';
import { byPath } from '#domain/volume/tree-of.ts';
import { files, hashOf } from '../../support/tree-arbitrary.ts';

const volumes = [
  { id: 'wheel', mount: 'wheel/debian-12' },
  { id: 'other', mount: 'wheel/debian-13' },
  { id: 'ubuntu', mount: 'ubuntu' },
  { id: 'ports', mount: 'ubuntu-ports' },
];
const HASH = 'ab'.repeat(32);

describe('a mount', () => {
  test.each([
    ['/ubuntu/dists/jammy/InRelease', 'ubuntu', { kind: 'current' }, 'dists/jammy/InRelease', false],
    ['/ubuntu', 'ubuntu', { kind: 'current' }, '', true],
    ['/ubuntu/', 'ubuntu', { kind: 'current' }, '', false],
    ['/ubuntu/@1/x', 'ubuntu', { kind: 'current' }, '@1/x', false],
    ['/ubuntu-ports/dists/', 'ports', { kind: 'current' }, 'dists/', false],
    ['/ubuntu@12/a', 'ubuntu', { kind: 'sequence', sequence: 12 }, 'a', false],
    ['/ubuntu@12', 'ubuntu', { kind: 'sequence', sequence: 12 }, '', true],
    [`/wheel/debian-12@${HASH}/a/b`, 'wheel', { kind: 'root', root: HASH }, 'a/b', false],
  ])('finds %s', (path, volume, release, below, isBare) => {
    expect(resolveMount(volumes, path)).toEqual({ volume, release, path: below, isBare });
  });

  test.each([
    '/',
    '/ubuntux',
    '/wheel',
    '/wheel/',
    '/wheel/debian-120/a',
    '/ubuntu@/a',
    '/ubuntu@0/a',
    '/ubuntu@latest/a',
    '/Ubuntu/',
  ])('does not answer for %s', (path) => {
    expect(resolveMount(volumes, path)).toBeUndefined();
  });

  test('is found whatever the order in which volumes are declared', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(volumes, { minLength: 4, maxLength: 4 }), (shuffled) => {
        expect(resolveMount(shuffled, '/ubuntu-ports/a')?.volume).toBe('ports');
      }),
    );
  });

  test('is a path of its own', () => {
    expect(mountProblems(volumes)).toEqual([]);
    const wrong = ['', '/a', 'a/', 'a/../b', 'a@1', 'api/x', '_o'].map((mount, at) => ({ id: `v${at}`, mount }));
    expect(mountProblems(wrong).map(({ at }) => at)).toEqual(wrong.map((_, at) => at));
  });

  test('is not below another, nor the same', () => {
    const nested = [
      { id: 'below', mount: 'a/b' },
      { id: 'above', mount: 'a' },
      { id: 'same', mount: 'a' },
      { id: 'beside', mount: 'a-b' },
    ];
    expect(mountProblems(nested)).toEqual([
      { at: 0, message: 'is at or below the mount of above' },
      { at: 2, message: 'is at or below the mount of above' },
      { at: 3, message: 'differs from the mount of below in punctuation or case only' },
    ]);
  });
});

describe('a type', () => {
  test.each([
    ['dists/jammy/InRelease', 'text/plain; charset=utf-8'],
    ['repodata/repomd.xml', 'application/xml'],
    ['repodata/x-primary.xml.gz', 'application/gzip'],
    ['a.b/noextension', 'application/octet-stream'],
    ['.html', 'application/octet-stream'],
    ['A.RPM', 'application/x-rpm'],
    ['x.constructor', 'application/octet-stream'],
    ['toString', 'application/octet-stream'],
  ])('of %s is %s', (path, type) => {
    expect(mediaType(path)).toBe(type);
  });
});

describe('a range', () => {
  test.each([
    [undefined, 10, { kind: 'all' }],
    ['bytes=0-', 10, { kind: 'part', start: 0, endExclusive: 10 }],
    ['bytes=2-4', 10, { kind: 'part', start: 2, endExclusive: 5 }],
    ['bytes=2-99', 10, { kind: 'part', start: 2, endExclusive: 10 }],
    ['bytes=-3', 10, { kind: 'part', start: 7, endExclusive: 10 }],
    ['bytes=-99', 10, { kind: 'part', start: 0, endExclusive: 10 }],
    ['bytes=-0', 10, { kind: 'unsatisfiable' }],
    ['bytes=10-', 10, { kind: 'unsatisfiable' }],
    ['bytes=0-', 0, { kind: 'unsatisfiable' }],
    ['bytes=4-2', 10, { kind: 'all' }],
    ['bytes=0-1,3-4', 10, { kind: 'all' }],
    ['lines=1-2', 10, { kind: 'all' }],
    ['bytes=-', 10, { kind: 'all' }],
  ])('%j of %i bytes', (header, size, expected) => {
    expect(byteRange(header, size)).toEqual(expected);
  });
});

describe('a file', () => {
  const entry = { path: 'a/b c.xml', sha256: HASH, sizeBytes: 10, mode: 'file' as const };
  const asked = { entry, caching: 'any', ifNoneMatch: undefined, range: undefined, ifRange: undefined };

  test('that is small comes at once', () => {
    const headers = {
      etag: `"sha256-${HASH}"`,
      'cache-control': 'any',
      'content-type': 'application/xml',
      'accept-ranges': 'bytes',
    };
    expect(answerFile(asked)).toEqual({ kind: 'whole', status: 200, headers });
    expect(answerFile({ ...asked, range: 'bytes=2-3' })).toEqual({
      kind: 'part',
      status: 206,
      start: 2,
      endExclusive: 4,
      headers: { ...headers, 'content-range': 'bytes 2-3/10' },
    });
  });

  test.each([
    ['current', 'CURRENT', 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400'],
    ['current', 'SUPERSEDED', 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400'],
    ['sequence', 'CURRENT', 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400'],
    ['root', 'SEALED', 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400'],
    ['root', 'VALIDATED', 'public, max-age=31536000, immutable'],
    ['root', 'CURRENT', 'public, max-age=31536000, immutable'],
    ['root', 'SUPERSEDED', 'public, max-age=31536000, immutable'],
  ] as const)('of a release asked for as %s that is %s is kept by caches: %s', (kind, state, caching) => {
    const names = {
      current: { kind: 'current' },
      sequence: { kind: 'sequence', sequence: 12 },
      root: { kind: 'root', root: HASH },
    };
    expect(fileCaching(names[kind] as ReleaseName, { state })).toBe(caching);
  });

  test.each(['"x", "TAG"', 'W/"TAG"', '*', '"TAG"'])('that is known by %s is not sent again', (header) => {
    const ifNoneMatch = header.replace('TAG', `sha256-${HASH}`);
    expect(answerFile({ ...asked, ifNoneMatch }).status).toBe(304);
  });

  test('is sent whole when the part is of something else', () => {
    expect(answerFile({ ...asked, range: 'bytes=2-3', ifRange: '"other"' }).status).toBe(200);
    expect(answerFile({ ...asked, range: 'bytes=2-3', ifRange: `W/${hashTag(entry.sha256)}` }).status).toBe(200);
    expect(answerFile({ ...asked, range: 'bytes=2-3', ifRange: hashTag(entry.sha256) }).status).toBe(206);
    expect(answerFile({ ...asked, range: 'bytes=99-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    });
  });

  test('that is large is a redirect to its content', () => {
    const large = { ...entry, sizeBytes: INLINE_BYTES + 1 };
    expect(answerFile({ ...asked, entry: large, range: 'bytes=2-3' })).toEqual({
      kind: 'empty',
      status: 307,
      headers: { location: `/_o/sha256/${HASH}/b%20c.xml`, 'cache-control': 'any' },
    });
    expect(answerFile({ ...asked, entry: { ...entry, sizeBytes: INLINE_BYTES } }).status).toBe(200);
  });

  test('that is a page comes at once for longer, since links in it lead from where it is', () => {
    const page = { ...entry, path: 'docs/index.html', sizeBytes: PAGE_BYTES };
    expect(answerFile({ ...asked, entry: page }).status).toBe(200);
    expect(answerFile({ ...asked, entry: { ...page, sizeBytes: PAGE_BYTES + 1 } }).status).toBe(307);
  });

  test('has a URL that leads back to its name, whatever that is', () => {
    fc.assert(
      fc.property(files, (all) => {
        for (const file of all) {
          const url = new URL(objectUrl(file), 'http://mirror.example');
          expect(decodeURIComponent(url.pathname)).toBe(`/_o/sha256/${file.sha256}/${file.path.split('/').at(-1)}`);
        }
      }),
    );
  });
});

describe('a directory', () => {
  const all = ['a/1', 'a/b/1', 'a/b/2', 'a/c', 'ab', 'b/1'].map((path) => ({
    path,
    sha256: hashOf(''),
    sizeBytes: 3,
    mode: 'file' as const,
  }));

  test('has what is in it, once', () => {
    expect(directoryOf('', all)?.rows).toEqual([
      { kind: 'directory', name: 'a' },
      { kind: 'file', name: 'ab', sizeBytes: 3 },
      { kind: 'directory', name: 'b' },
    ]);
    expect(directoryOf('a/', all)?.rows.map(({ name }) => name)).toEqual(['1', 'b', 'c']);
    expect(directoryOf('c/', all)).toBeUndefined();
    expect(directoryOf('', all, 2)).toMatchObject({ rows: [{ name: 'a' }, { name: 'ab' }], isCut: true });
    expect(directoryOf('', all, 3)?.isCut).toBe(false);
  });

  test('above mounts has their next parts, once, and what is at them', () => {
    const mounts = [
      { mount: 'wheel/debian-12', type: 'wheel' },
      { mount: 'wheel/debian-11', type: 'wheel' },
      { mount: 'ubuntu', type: 'apt' },
      { mount: 'wheelhouse', type: 'files' },
    ];
    expect(mountsBelow(mounts, '')?.rows).toEqual([
      { kind: 'directory', name: 'ubuntu', note: 'apt' },
      { kind: 'directory', name: 'wheel' },
      { kind: 'directory', name: 'wheelhouse', note: 'files' },
    ]);
    expect(mountsBelow(mounts, 'wheel/')?.rows.map(({ name }) => name)).toEqual(['debian-11', 'debian-12']);
    expect(mountsBelow([], '')).toEqual({ rows: [], isCut: false });
    expect(mountsBelow(mounts, 'centos/')).toBeUndefined();
  });

  test('is a page whose links lead to what they name, whatever that is', () => {
    const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, htmlEntities: true });
    fc.assert(
      fc.property(files, (some) => {
        const directory = directoryOf('', some.toSorted(byPath));
        if (directory === undefined) return;
        const foot = { text: '<script>', link: '"&', href: '/a?"' };
        const page = directoryPage({ path: '/a & <b>/"\'/', directory, foot })
          .replace('<!DOCTYPE html>', '')
          .replaceAll(/<meta [^>]*>/g, '');
        expect(XMLValidator.validate(page)).toBe(true);
        const { table, h1, footer } = parser.parse(page).html.body;
        const [up, ...links] = [table.tr].flat().map(({ td }) => [td].flat()[0].a['@_href'] as string);
        const names = links.map((link) => decodeURIComponent(new URL(link, 'http://mirror.example/x/').pathname.slice(3)));
        expect(names).toEqual(directory.rows.map(({ kind, name }) => (kind === 'directory' ? `${name}/` : name)));
        expect(up).toBe('../');
        expect(h1.a.map((link: { '@_href': string }) => link['@_href'])).toEqual([
          '/',
          '/a%20&%20%3Cb%3E/',
          "/a%20&%20%3Cb%3E/%22'/",
        ]);
        expect(footer.a).toEqual({ '#text': '"&', '@_href': '/a?"' });
      }),
    );
  });

  test('is never larger than an answer may be', () => {
    const name = (at: number): string => `${at}`.padStart(255, '\u{ffff}');
    const rows = Array.from({ length: 10_000 }, (_, at) => ({ kind: 'file' as const, name: name(at), sizeBytes: 1 }));
    const deep = directoryPage({ path: `/${'\u{ffff}/'.repeat(512)}`, directory: { rows, isCut: false } });
    expect(Buffer.byteLength(deep)).toBeLessThan(4_500_000);
    const [, shown] = /<p>Only the first (\d+) are shown/.exec(deep) ?? [];
    expect(deep.match(/<tr>/g)?.length).toBe(Number(shown) + 1);
    const usual = rows.map((row, at) => ({ ...row, name: `python3-some-library-${at}-1.fc42.noarch.rpm` }));
    expect(directoryPage({ path: '/', directory: { rows: usual, isCut: false } })).not.toContain('Only the first');
  });

  test('shows sizes, and that there is more', () => {
    const page = directoryPage({
      path: '/x/',
      directory: { rows: [{ kind: 'file', name: 'a', sizeBytes: 1_536 }], isCut: true },
    });
    expect(page).toContain('<tr><td><a href="./a">a</a></td><td>1.5 KiB</td></tr>');
    expect(page).toContain('<p>Only the first 1 are shown.</p>');
    expect(directoryPage({ path: '/', directory: { rows: [], isCut: false } })).toContain('<p>There is nothing here yet.</p>');
  });
});
