import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProxyVolume } from '#domain/content/content-rules.ts';
import { defaultImmutable } from '#domain/content/proxy-defaults.ts';
import { linkedPath, proxyPlace } from '#domain/content/proxy-place.ts';
import { treePathProblem } from '#domain/volume/tree-path.ts';

const BASE = 'https://upstream.example/some/where';
const FILES = ['https://files.example', 'https://cdn.example:8443/packages'];

const proxy = (type: ProxyVolume['type'], more: Partial<ProxyVolume> = {}): ProxyVolume => ({
  id: 'p',
  mount: 'p',
  type,
  upstream: BASE,
  fileHosts: type === 'pypi' ? FILES : [],
  immutable: defaultImmutable(type),
  freshMs: 600_000,
  staleMs: 86_400_000,
  maximumBytes: 1_000_000,
  ...more,
});
const files = proxy('files');
const pypi = proxy('pypi');

const anything = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '.',
      '/',
      '%',
      '\\',
      '2',
      'e',
      'f',
      '?',
      '#',
      '@',
      ':',
      ' ',
      '\0',
      '\ud800',
      'simple/',
      'files/0/',
      '../',
    ),
    maxLength: 30,
  }),
);

describe('a path of a proxy volume', () => {
  test('is the same path below upstream, or nowhere', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(files, pypi), (path, volume) => {
        const place = proxyPlace(volume, path);
        if (!('url' in place)) return;
        const bases = [volume.upstream, ...volume.fileHosts].map((base) => `${base}/`);
        const base = bases.find((one) => place.url.startsWith(one));
        expect(base).toBeDefined();
        // Nothing that a parser does with it leads out, or asks something else.
        const url = new URL(place.url);
        expect([url.href, url.search, url.hash]).toEqual([place.url, '', '']);
        if (volume === files) expect(decodeURIComponent(place.url.slice(BASE.length + 1))).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', `${BASE}/`],
    ['dists/', `${BASE}/dists/`],
    ['a b/ä+c?#%.iso', `${BASE}/a%20b/%C3%A4+c%3F%23%25.iso`],
    ['%2e%2e/x', `${BASE}/%252e%252e/x`],
  ])('%j of files is %s', (path, url) => {
    expect(proxyPlace(files, path)).toEqual({ kind: 'file', url, isImmutable: false });
  });

  test.each(['..', '../x', 'a/../b', 'a/./b', '/', 'a//b', 'a//', 'a\nb', '\ud800', 'a/..', `${'a'.repeat(200)}/`.repeat(8)])(
    '%j is nowhere',
    (path) => expect(proxyPlace(files, path)).toEqual({ kind: 'nowhere' }),
  );

  test('never changes when it is one that the network file says so of, as a whole', () => {
    const isImmutable = (path: string) => proxyPlace(proxy('files', { immutable: ['pool/.*\\.deb', '.*\\.rpm'] }), path);
    for (const path of ['pool/a.deb', 'x/y.rpm']) expect(isImmutable(path)).toMatchObject({ isImmutable: true });
    for (const path of ['pool/a.deb.sig', 'x/pool/a.deb', 'pool/'])
      expect(isImmutable(path)).toMatchObject({ isImmutable: false });
  });
});

describe('a path of a volume of Python packages', () => {
  test.each([
    ['simple/', { kind: 'projects', url: `${BASE}/simple/`, isImmutable: false }],
    ['simple/red-hat/', { kind: 'project', project: 'red-hat', url: `${BASE}/simple/red-hat/`, isImmutable: false }],
    ['simple/red-hat', { kind: 'moved', path: 'simple/red-hat/' }],
    ['simple/Red_.Hat/', { kind: 'moved', path: 'simple/red-hat/' }],
    ['', { kind: 'moved', path: 'simple/' }],
    ['simple', { kind: 'moved', path: 'simple/' }],
    ['files/0/a/b-1.0-py3-none-any.whl', { kind: 'file', url: `${FILES[0]}/a/b-1.0-py3-none-any.whl`, isImmutable: true }],
    ['files/1/b+1.zip', { kind: 'file', url: `${FILES[1]}/b+1.zip`, isImmutable: true }],
    ['files/upstream/x/y.whl.metadata', { kind: 'file', url: `${BASE}/x/y.whl.metadata`, isImmutable: true }],
  ])('%j means its part of the index', (path, place) => expect(proxyPlace(pypi, path)).toEqual(place));

  test.each([
    'simple/-/',
    'simple/a/b',
    'simple/%41/',
    'files/2/a',
    'files/00000/a',
    'files/-1/a',
    'files/0/',
    'files/0/../a',
    'files/0/a/',
    'files/constructor/a',
    'pypi/a/json',
  ])('%j is nowhere', (path) => expect(proxyPlace(pypi, path)).toEqual({ kind: 'nowhere' }));

  test.each([
    [`${FILES[0]}/a/b.whl`, 'files/0/a/b.whl'],
    [`${FILES[1]}/b%2B1%20.zip`, 'files/1/b+1 .zip'],
    [`${BASE}/simple/a/b.whl`, 'files/upstream/simple/a/b.whl'],
  ])('is what the link %s of a page becomes', (url, path) => expect(linkedPath(pypi, url)).toBe(path));

  test.each([
    'https://files.example.evil/a.whl',
    'https://files.example:444/a.whl',
    'http://files.example/a.whl',
    'https://cdn.example:8443/other/a.whl',
    'https://cdn.example:8443/packages',
    `${FILES[0]}/a.whl?token=1`,
    `${FILES[0]}/a%2Fb.whl`,
    `${FILES[0]}/a%ff.whl`,
    `${FILES[0]}//a.whl`,
    `${FILES[0]}/a%00.whl`,
    'javascript:alert(1)',
  ])('is nothing that the link %s becomes', (url) => expect(linkedPath(pypi, url)).toBeUndefined());

  test('leads back to where the link led', () => {
    const path = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter((text) => treePathProblem(text) === undefined);
    fc.assert(
      fc.property(path, fc.constantFrom(BASE, ...FILES), (below, base) => {
        const encoded = below.split('/').map(encodeURIComponent).join('/');
        const url = new URL(`${base}/${encoded}`);
        const linked = linkedPath(pypi, url.href);
        if (linked === undefined) return expect.fail(`${url.href} is not linked`);
        const place = proxyPlace(pypi, linked);
        expect(place.kind === 'file' && decodeURIComponent(place.url)).toBe(decodeURIComponent(url.href));
      }),
    );
  });
});
