import { describe, expect, test } from 'vitest';
import { PAGE_BYTES } from '#domain/content/answer-bytes.ts';
import { PLAIN_HTML, SIMPLE_HTML, SIMPLE_JSON } from '#domain/volume/python/choose-simple-form.ts';
import type { Distribution } from '#domain/volume/python/simple-index.ts';
import { parseSimplePage } from '#wire/pypi/parse-simple-page.ts';
import { pythonIndexPages } from '#wire/pypi/simple-pages.ts';
import { aVolume } from '../../support/a-volume.ts';
import { type ContentSetup, contentSetup, textOf } from '../../support/content-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import type { Files } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

const emulators = useEmulators();
const VOLUMES = [
  aVolume('pypi', { type: 'pypi' }),
  aVolume('wheel', { type: 'wheel', mount: 'wheel/debian-12', graceMs: 10_000 }),
];
const fresh = (): Promise<ContentSetup> => contentSetup(emulators, { volumes: VOLUMES });

const WHEEL = 'red_hat-1.0+a-py3-none-any.whl';
const distribution = (name: string, project: string): Distribution => ({
  path: `${project}/${name}`,
  name,
  project,
  version: '1.0',
  sha256: hashOf(name),
  sizeBytes: name.length,
  requiresPython: '>=3.8',
});

/** A volume as publishers make it: files, and pages of them. */
const packages = (...names: readonly string[]): Files => {
  const all = names.map((name) => distribution(name, 'red-hat'));
  const pages = [...pythonIndexPages(all)].map(({ path, text }): [string, string] => [path, text]);
  return Object.fromEntries([...all.map(({ path, name }): [string, string] => [path, name]), ...pages]);
};

const json = { headers: { accept: SIMPLE_JSON } };

describe('the index of a volume of Python packages', () => {
  test('is there in every form of PEP 691, each with a tag of its own', async () => {
    const { get, release } = await fresh();
    await release('pypi', packages(WHEEL));
    const replies = await Promise.all(
      [undefined, PLAIN_HTML, SIMPLE_HTML, SIMPLE_JSON].map((accept) =>
        get('/pypi/simple/red-hat/', { headers: accept === undefined ? {} : { accept } }),
      ),
    );
    expect(replies.map(({ status, headers }) => [status, headers['content-type'], headers['vary']])).toEqual([
      [200, 'text/html; charset=utf-8', 'accept'],
      [200, 'text/html; charset=utf-8', 'accept'],
      [200, SIMPLE_HTML, 'accept'],
      [200, SIMPLE_JSON, 'accept'],
    ]);
    expect(JSON.parse(textOf(replies[3] ?? expect.fail()))).toEqual({
      meta: { 'api-version': '1.1' },
      name: 'red-hat',
      versions: ['1.0'],
      files: [
        {
          filename: WHEEL,
          url: '/pypi/red-hat/red_hat-1.0%2Ba-py3-none-any.whl',
          hashes: { sha256: hashOf(WHEEL) },
          size: WHEEL.length,
          'requires-python': '>=3.8',
        },
      ],
    });
    const page = parseSimplePage(replies[0]?.body ?? expect.fail(), 'pypi', 'simple/red-hat/');
    expect(page.map(({ path, sha256 }) => [path, sha256])).toEqual([[`red-hat/${WHEEL}`, hashOf(WHEEL)]]);
    const [html, , , pep691] = replies.map(({ headers }) => headers['etag'] ?? '');
    expect(html).not.toBe(pep691);
    const known = await get('/pypi/simple/red-hat/', { headers: { accept: SIMPLE_JSON, 'if-none-match': pep691 ?? '' } });
    expect([known.status, known.headers['vary'], known.body.length]).toEqual([304, 'accept', 0]);
    expect((await get('/pypi/simple/red-hat/', { headers: { accept: SIMPLE_JSON, 'if-none-match': html ?? '' } })).status).toBe(
      200,
    );
    const head = await get('/pypi/simple/red-hat/', { method: 'HEAD', ...json });
    expect([head.body.length, head.headers['content-length']]).toEqual([0, String(replies[3]?.body.length)]);
  });

  test('lists its projects, and refuses forms that nobody has', async () => {
    const { get, release } = await fresh();
    await release('pypi', packages(WHEEL));
    expect(JSON.parse(textOf(await get('/pypi/simple/', json)))).toMatchObject({ projects: [{ name: 'red-hat' }] });
    expect(textOf(await get('/pypi/simple/'))).toContain('<a href="/pypi/simple/red-hat/">red-hat</a>');
    const refused = await get('/pypi/simple/', { headers: { accept: 'image/png' } });
    expect([refused.status, refused.headers['vary']]).toEqual([406, 'accept']);
    expect((await get('/pypi/simple/', { headers: { 'x-mirrortide-accept': SIMPLE_JSON, accept: 'image/png' } })).status).toBe(
      200,
    );
  });

  test('of one release leads to files of that release', async () => {
    const { get, release } = await fresh();
    const root = await release('wheel', packages(WHEEL));
    for (const name of ['1', root]) {
      const page = JSON.parse(textOf(await get(`/wheel/debian-12@${name}/simple/red-hat/`, json))) as {
        files: { url: string }[];
      };
      expect(page.files.map(({ url }) => url)).toEqual([`/wheel/debian-12@${name}/red-hat/red_hat-1.0%2Ba-py3-none-any.whl`]);
      expect(textOf(await get(page.files[0]?.url ?? ''))).toBe(WHEEL);
      expect(textOf(await get(`/wheel/debian-12@${name}/simple/`))).toContain(`href="/wheel/debian-12@${name}/simple/red-hat/"`);
    }
  });

  test('offers nothing that was taken back, while files are there for whoever read of them', async () => {
    const { get, release, pass } = await fresh();
    await release('wheel', packages(WHEEL));
    await release('wheel', { README: 'nothing left' });
    pass(1_000);
    const file = `/wheel/debian-12/red-hat/${encodeURIComponent(WHEEL)}`;
    expect((await get('/wheel/debian-12/simple/red-hat/', json)).status).toBe(404);
    expect((await get('/wheel/debian-12/simple/', json)).status).toBe(404);
    expect((await get('/wheel/debian-12@1/simple/red-hat/', json)).headers['x-mirrortide-release']).toBe('1');
    expect(textOf(await get(file))).toBe(WHEEL);
    pass(10_000);
    expect((await get(file)).status).toBe(404);
  });

  test.each([
    ['/pypi/simple', '/pypi/simple/'],
    ['/pypi/simple/red-hat', '/pypi/simple/red-hat/'],
    ['/pypi/simple/Red.Hat/', '/pypi/simple/red-hat/'],
    ['/pypi/simple/red__hat', '/pypi/simple/red-hat/'],
    ['/pypi@1/simple/RED_HAT/', '/pypi@1/simple/red-hat/'],
  ])('has one place for a project: %s leads to %s', async (path, location) => {
    const { get, release } = await fresh();
    await release('pypi', packages(WHEEL));
    const reply = await get(path);
    expect([reply.status, reply.headers['location']]).toEqual([301, location]);
  });

  test('does not have what nobody published', async () => {
    const { get, release } = await fresh();
    await release('pypi', packages(WHEEL));
    for (const path of ['/pypi/simple/green-hat/', '/pypi/simple/-/', '/pypi/simple/red-hat/more/'])
      expect((await get(path)).status).toBe(404);
  });

  test('in HTML alone, or of files in the same folders, is served as it is', async () => {
    const { get, release } = await fresh();
    await release('pypi', { 'simple/Red_Hat/index.html': '<!DOCTYPE html>own', 'simple/flat-1.0.zip': 'zip' });
    const page = await get('/pypi/simple/Red_Hat/', json);
    expect([textOf(page), page.headers['content-type']]).toEqual(['<!DOCTYPE html>own', 'text/html; charset=utf-8']);
    expect(textOf(await get('/pypi/simple/flat-1.0.zip'))).toBe('zip');
    expect(textOf(await get('/pypi/simple/'))).toContain('<a href="./flat-1.0.zip">');
  });

  test('keeps what pages of others say of files', async () => {
    const { get, release } = await fresh();
    const files = [
      {
        filename: 'a-1.zip',
        url: 'https://files.example/a-1.zip',
        hashes: {},
        yanked: 'bad',
        'upload-time': '2026-01-01T00:00:00Z',
      },
      {
        filename: 'a-2.whl',
        url: '../../a-2.whl',
        hashes: { sha256: hashOf('2') },
        'core-metadata': { sha256: hashOf('m') },
        yanked: false,
      },
    ];
    await release('pypi', { 'simple/a/index.v1_json': JSON.stringify({ meta: {}, name: 'a', files }), 'a-2.whl': '2' });
    expect(JSON.parse(textOf(await get('/pypi/simple/a/', json)))).toEqual({
      meta: { 'api-version': '1.0' },
      name: 'a',
      files: [
        {
          filename: 'a-1.zip',
          url: 'https://files.example/a-1.zip',
          hashes: {},
          yanked: 'bad',
          'upload-time': '2026-01-01T00:00:00Z',
        },
        { filename: 'a-2.whl', url: '/pypi/a-2.whl', hashes: { sha256: hashOf('2') }, 'core-metadata': { sha256: hashOf('m') } },
      ],
    });
    expect((await get('/pypi/simple/a/index.v1_json')).headers['content-type']).toBe(SIMPLE_JSON);
  });

  test('that is too large for a function says so, and what is no page is what its publisher made it', async () => {
    const { get, release } = await fresh();
    const large = JSON.stringify({ name: 'big', files: [], more: 'x'.repeat(PAGE_BYTES) });
    await release('pypi', { 'simple/big/index.v1_json': large, 'simple/bad/index.v1_json': '{"files":1}' });
    const reply = await get('/pypi/simple/big/');
    expect([reply.status, textOf(reply)]).toEqual([
      507,
      `This one has ${large.length}: pages of an index may have ${PAGE_BYTES} bytes here.\n`,
    ]);
    const bad = await get('/pypi/simple/bad/');
    expect([bad.status, bad.headers['content-type'], textOf(bad)]).toEqual([200, SIMPLE_JSON, '{"files":1}']);
  });
});

test('a path below a proxy volume is that volume’s matter', async () => {
  const proxy = { id: 'up', mount: 'proxy/pypi', type: 'pypi', upstream: 'https://up.example' };
  const rules = { volumes: VOLUMES, proxies: [proxy] } as unknown as Parameters<typeof contentSetup>[1];
  const { get, proxied } = await contentSetup(emulators, rules);
  await get('/proxy/pypi/simple/a%20b/', { method: 'HEAD', headers: { accept: SIMPLE_JSON, range: 'bytes=0-' } });
  expect(proxied).toEqual([
    {
      volume: proxy,
      method: 'HEAD',
      path: 'simple/a b/',
      headers: { accept: SIMPLE_JSON, range: 'bytes=0-' },
      placeMount: '/proxy/pypi',
      crawl: undefined,
    },
  ]);
  expect((await get('/proxy/pypi')).headers['location']).toBe('/proxy/pypi/');
  expect((await get('/proxy/pypi@1/simple/')).status).toBe(404);
  expect(textOf(await get('/proxy/'))).toContain('<a href="./pypi/">');
});
