import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import type { SimpleFile, SimpleProject } from '#domain/volume/python/simple-project.ts';
import { pageAnchors } from '#wire/pypi/page-anchors.ts';
import { printSimpleProject } from '#wire/pypi/print-simple-page.ts';
import { parseUpstreamIndex, parseUpstreamProject } from '#wire/pypi/upstream-page.ts';

const URL = 'https://index.example/simple/hat/';
const HASH = 'ab'.repeat(32);
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const HTML_TYPE = 'text/html; charset=utf-8';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const html = (body: string) => parseUpstreamProject({ bytes: bytes(body), contentType: HTML_TYPE, url: URL }, 'hat');
const json = (page: unknown) =>
  parseUpstreamProject({ bytes: bytes(JSON.stringify(page)), contentType: JSON_TYPE, url: URL }, 'hat');

const file = (name: string, more: Partial<SimpleFile> = {}): SimpleFile => ({
  name,
  url: `https://files.example/${name}`,
  sha256: HASH,
  sizeBytes: undefined,
  requiresPython: undefined,
  coreMetadata: undefined,
  yanked: undefined,
  uploadTime: undefined,
  ...more,
});

describe('links of a page', () => {
  test.each([
    ['<a href="x">t</a>', 'x', 't'],
    ["<A\n HREF = 'x' >t", 'x', 't'],
    ['<a class=c href=x>t</a>', 'x', 't'],
    ['<a data-requires-python=">=3" href="x">t</a>', 'x', 't'],
    ['<a href="x" href="y">t</a>', 'x', 't'],
    ['<a href="a&amp;b&#43;&#x2B;&quot;">&lt;t&gt;</a>', 'a&b++"', '<t>'],
    ['<a/href="x"/>t', 'x', 't'],
  ])('%s', (page, href, text) => {
    expect(pageAnchors(page).anchors.map((anchor) => [anchor.href, anchor.text])).toEqual([[href, text]]);
  });

  test.each(['<a>t</a>', '<!-- <a href="x">t</a> -->', '<abbr href="x">', '<a name="href">', '&lt;a href="x"&gt;', '<a href="x'])(
    '%s has none',
    (page) => expect(pageAnchors(page).anchors).toEqual([]),
  );

  test('are relative to the first base', () => {
    expect(pageAnchors('<base target="_top"><base href="/b/"><base href="/c/"><a href="x">').base).toBe('/b/');
  });

  test('are found in the time that the page takes to read, whatever is in it', () => {
    const parts = ['<a ', '<a href="', "<a x='", '<!--', '&#', 'a = ', '/ ', '<base ', ' '.repeat(50), '<a/', '=', '>'];
    for (const part of parts) {
      const page = part.repeat(400_000 / part.length);
      const before = performance.now();
      pageAnchors(page);
      expect(performance.now() - before, JSON.stringify(part)).toBeLessThan(2_000);
    }
  });
});

describe('a page of another index', () => {
  test('in JSON says all that there is to know of a file', () => {
    const versions = ['1.0'];
    const written = {
      filename: 'hat-1.0-py3-none-any.whl',
      url: '../../files/hat-1.0-py3-none-any.whl#sha256=old',
      hashes: { sha256: HASH.toUpperCase(), md5: '' },
      size: 7,
      'requires-python': '>=3',
      'core-metadata': { sha256: HASH },
      yanked: 'broken',
      'upload-time': '2024-01-01T00:00:00Z',
      'gpg-sig': false,
    };
    const plain = {
      filename: 'hat-1.0.zip',
      url: 'https://files.example/hat-1.0.zip',
      hashes: {},
      yanked: false,
      'core-metadata': false,
    };
    expect(json({ meta: { 'api-version': '1.4' }, name: 'Hat', versions, files: [written, plain] })).toEqual({
      name: 'hat',
      versions,
      files: [
        file('hat-1.0-py3-none-any.whl', {
          url: 'https://index.example/files/hat-1.0-py3-none-any.whl',
          sizeBytes: 7,
          requiresPython: '>=3',
          coreMetadata: { sha256: HASH },
          yanked: 'broken',
          uploadTime: '2024-01-01T00:00:00Z',
        }),
        file('hat-1.0.zip', { sha256: undefined }),
      ],
    });
  });

  test('in HTML says what its links do', () => {
    const page = `<!DOCTYPE html><body>
      <a href="../../f/hat-1.0%2Bcpu-py3-none-any.whl#sha256=${HASH}" data-requires-python="&gt;=3" data-core-metadata="sha256=${HASH}"
         data-yanked="">hat</a>
      <a href="https://files.example/hat-2.zip#md5=abc" data-dist-info-metadata="true">hat-2.zip</a>`;
    expect(html(page)).toEqual({
      name: 'hat',
      versions: undefined,
      files: [
        file('hat-1.0+cpu-py3-none-any.whl', {
          url: 'https://index.example/f/hat-1.0%2Bcpu-py3-none-any.whl',
          requiresPython: '>=3',
          coreMetadata: { sha256: HASH },
          yanked: '',
        }),
        file('hat-2.zip', { sha256: undefined, coreMetadata: { sha256: undefined } }),
      ],
    });
  });

  test('is relative to its base', () =>
    expect(html('<base href="https://files.example/x/"><a href="../a.zip">').files).toEqual([
      file('a.zip', { url: 'https://files.example/a.zip', sha256: undefined }),
    ]));

  test('has no links to what is no file on a web server', () => {
    const hostile = [
      'javascript:alert(1)',
      ' java\nscript:alert(1)//a.zip',
      'data:text/html,a.zip',
      'file:///etc/passwd',
      'ftp://files.example/a.zip',
      'https://user:secret@files.example/a.zip',
      'https://files.example/',
      'https://files.example/a/..',
      'https://files.example/%2e%2e%2f',
      'https://files.example/a%2fb',
      'https://files.example/%ff',
      'http://[',
      '',
      '#x',
    ];
    expect(html(hostile.map((href) => `<a href="${href}">x</a>`).join('')).files).toEqual([]);
    const written = (href: string, filename?: string) => ({
      url: href,
      hashes: {},
      ...(filename === undefined ? {} : { filename }),
    });
    const names = ['a/b', '..', '.', ''].map((name) => written('https://files.example/a.zip', name));
    expect(json({ name: 'hat', files: [...hostile.slice(0, 6).map((href) => written(href, 'a.zip')), ...names] }).files).toEqual(
      [],
    );
  });

  test.each(['', '{', '[]', '{"files": 3}', '{"name": "hat", "files": [{}]}', '\ufffe'])('of JSON that is %j is none', (text) =>
    expect(() => parseUpstreamProject({ bytes: bytes(text), contentType: JSON_TYPE, url: URL }, 'hat')).toThrow(WireError),
  );

  test('that is not UTF-8 is none', () =>
    expect(() => parseUpstreamProject({ bytes: new Uint8Array([0xff]), contentType: HTML_TYPE, url: URL }, 'hat')).toThrow(
      WireError,
    ));

  test('comes back as it was printed, in either form', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 10 }).map((one) => one.trim() || 'x');
    const name = text.map((one) => `${one.replaceAll(/[/.]/g, '')}x.zip`);
    const files = fc.uniqueArray(
      fc
        .record({ name, requiresPython: fc.option(text, { nil: undefined }), yanked: fc.constantFrom(undefined, '', 'why "&<') })
        .map((more) => file(more.name, { ...more, url: `https://files.example/${encodeURIComponent(more.name)}` })),
      { selector: ({ url }) => url, maxLength: 3 },
    );
    fc.assert(
      fc.property(files, (all) => {
        const project: SimpleProject = { name: 'hat', versions: undefined, files: all };
        for (const contentType of [JSON_TYPE, 'text/html'] as const) {
          const printed = printSimpleProject(contentType, project);
          expect(parseUpstreamProject({ bytes: bytes(printed), contentType, url: URL }, 'hat')).toEqual(project);
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('the list of all projects is their names in the normal form, each once', () => {
  const page = (text: string, contentType: string) => parseUpstreamIndex({ bytes: bytes(text), contentType, url: URL });
  const links = ['Red.Hat', 'red-hat', 'cap', '-', '<b>', 'a b'].map((name) => `<a href="x">${name.replace('<', '&lt;')}</a>`);
  expect(page(links.join(''), HTML_TYPE)).toEqual(['red-hat', 'cap']);
  expect(page('{"meta": {}, "projects": [{"name": "Red_Hat"}, {"name": "../x"}]}', 'application/json')).toEqual(['red-hat']);
  expect(() => page('{"projects": 1}', JSON_TYPE)).toThrow(WireError);
});
