import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePath } from '#domain/answer/url-path.ts';
import { INLINE_BYTES } from '#domain/content/answer-bytes.ts';
import { Fault } from '#domain/errors.ts';
import { decideSeal, decideStage, decideValidation } from '#domain/volume/decide-release.ts';
import type { ContentReply } from '../../../functions/content/content-reply.ts';
import { ask, aVolume } from '../../support/a-volume.ts';
import { type ContentSetup, contentSetup, textOf } from '../../support/content-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import { hashOf, files as treeFiles } from '../../support/tree-arbitrary.ts';

const emulators = useEmulators();
const VOLUMES = [
  aVolume('tools', { mount: 'tools/stable', graceMs: 10_000 }),
  aVolume('ubuntu', { type: 'apt' }),
  aVolume('empty'),
];
const fresh = (): Promise<ContentSetup> => contentSetup(emulators, { volumes: VOLUMES });
const CHANGING = 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400';
const FOR_EVER = 'public, max-age=31536000, immutable';

const seen = (reply: ContentReply) => [reply.status, textOf(reply)];
const linksOf = (page: string): readonly string[] =>
  [...page.matchAll(/<td><a href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&').replaceAll('&apos;', "'"));

describe('a file', () => {
  test('comes with its hash as its tag and the release that it is of; parts, heads and conditions are of the same', async () => {
    const { get, release } = await fresh();
    await release('tools', { 'a b/c.json': '{"a":1}' });
    const headers = {
      'content-type': 'application/json',
      'cache-control': CHANGING,
      etag: `"sha256-${hashOf('{"a":1}')}"`,
      'accept-ranges': 'bytes',
      'x-mirrortide-release': '1',
      'x-content-type-options': 'nosniff',
    };
    expect(await get('/tools/stable/a%20b/c.json')).toEqual({
      status: 200,
      headers,
      body: new TextEncoder().encode('{"a":1}'),
    });
    expect(await get('/tools/stable/a%20b/c.json', { method: 'HEAD' })).toEqual({
      status: 200,
      headers: { ...headers, 'content-length': '7' },
      body: new Uint8Array(),
    });
    const known = await get('/tools/stable/a%20b/c.json', { headers: { 'if-none-match': headers.etag } });
    expect([known.status, known.body.length, known.headers['etag']]).toEqual([304, 0, headers.etag]);
    const part = await get('/tools/stable/a%20b/c.json', { headers: { range: 'bytes=1-3' } });
    expect([...seen(part), part.headers['content-range']]).toEqual([206, '"a"', 'bytes 1-3/7']);
    const other = await get('/tools/stable/a%20b/c.json', { headers: { range: 'bytes=1-3', 'if-range': '"x"' } });
    expect(seen(other)).toEqual([200, '{"a":1}']);
    expect((await get('/tools/stable/a%20b/c.json', { headers: { range: 'bytes=9-' } })).status).toBe(416);
  });

  test('is, part by part, what it is as a whole', async () => {
    const { get, release } = await fresh();
    const text = 'All of it, and äöü as well.';
    const bytes = Buffer.from(text);
    await release('tools', { a: text });
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(40), fc.constantFrom('first-last', 'first-', '-last'), async (first, last, form) => {
        const range = form.replace('first', String(first)).replace('last', String(last));
        const { status, headers, body } = await get('/tools/stable/a', { headers: { range: `bytes=${range}` } });
        const [, from = '', to = ''] = /^bytes (\d+)-(\d+)\/\d+$/.exec(headers['content-range'] ?? '') ?? [];
        if (status === 200) expect([Buffer.from(body), form, last < first]).toEqual([bytes, 'first-last', true]);
        else if (status === 206) expect(Buffer.from(body)).toEqual(bytes.subarray(Number(from), Number(to) + 1));
        else expect([status, form === '-last' ? last === 0 : first >= bytes.length]).toEqual([416, true]);
      }),
      { numRuns: 40 },
    );
  });

  test('that is large is at the URL of its content', async () => {
    const { get, release } = await fresh();
    const large = 'x'.repeat(INLINE_BYTES + 1);
    await release('tools', { 'iso/a b.iso': large });
    const { status, headers, body } = await get('/tools/stable/iso/a%20b.iso', { headers: { range: 'bytes=0-1' } });
    expect([status, headers['location'], body.length]).toEqual([307, `/_o/sha256/${hashOf(large)}/a%20b.iso`, 0]);
  });
});

describe('a path', () => {
  test.each([
    ['/tools/stable', '/tools/stable/'],
    ['/tools/stable/dir', '/tools/stable/dir/'],
    ['/tools/stable@1/dir', '/tools/stable@1/dir/'],
    ['/tools', '/tools/'],
    ['//tools///stable/dir', '/tools/stable/dir'],
    ['/%2Ftools/', '/tools/'],
  ])('%s leads to %s', async (path, location) => {
    const { get, release } = await fresh();
    await release('tools', { 'dir/a': 'A' });
    const reply = await get(path);
    expect([reply.status, reply.headers['location'], reply.headers['cache-control']]).toEqual([301, location, CHANGING]);
  });

  test.each([
    '/tools/stable/none',
    '/tools/stable/none/',
    '/tools/stable/dir/a/',
    '/none',
    '/too',
    '/tools/stable@9/dir/a',
    '/empty/',
    '/empty/a',
  ])('%s is nothing, for a few seconds', async (path) => {
    const { get, release } = await fresh();
    await release('tools', { 'dir/a': 'A' });
    const reply = await get(path);
    expect([...seen(reply), reply.headers['cache-control']]).toEqual([
      404,
      'There is nothing at this path.\n',
      'public, max-age=5',
    ]);
  });

  test('with bytes that no tree has is found nowhere, and one that is no text is refused', async () => {
    const { get, release } = await fresh();
    await release('tools', { a: 'A' });
    const odd = [
      '/tools/stable/../a',
      '/tools/stable/%2e%2e/%2e%2e/etc/passwd',
      '/tools/stable/a%00',
      '/tools/stable\\a',
      '/tools/stable/..%5ca',
    ];
    expect(await Promise.all(odd.map(async (path) => (await get(path)).status))).toEqual([404, 404, 404, 404, 404]);
    expect((await get('/tools/stable/%ff')).status).toBe(400);
    expect((await get('/tools/stable/%')).status).toBe(400);
    expect((await get('/tools/stable/a', { method: 'PUT' })).headers['allow']).toBe('GET, HEAD');
  });

  test('that a search engine or a machine asks for is answered beside the mounts', async () => {
    const names = { domain: 'example.org', places: [{ region: 'dfw', provider: 'rackspace' }] };
    const { get } = await contentSetup(emulators, { volumes: VOLUMES, names });
    expect(textOf(await get('/robots.txt'))).toBe('User-agent: *\nDisallow: /\n');
    const host = { 'x-mirrortide-host': 'mirror-dfw-rackspace.example.org', 'x-mirrortide-scheme': 'https' };
    const info = await get('/mirror-info.sh', { headers: host });
    expect([info.headers['content-type'], info.headers['cache-control']]).toEqual([
      'text/x-shellscript; charset=utf-8',
      'public, max-age=60',
    ]);
    expect(textOf(info)).toContain('MIRRORTIDE_MIRROR_REGION:-dfw}');
    expect(textOf(info)).toContain(':-https://$MIRRORTIDE_MIRROR_HOST}');
    expect(textOf(await get('/mirror-info.sh', { headers: { host: '127.0.0.1:8080' } }))).toContain('HOST:-127.0.0.1:8080}');
    expect((await get('/mirror-info.sh', { headers: { host: '$(id)' } })).status).toBe(400);
  });
});

describe('a folder', () => {
  test('is a page of what is in it, with a way up and a link to the release alone', async () => {
    const { get, release } = await fresh();
    await release('tools', { 'dir/a': 'A', 'dir/b/c': 'x'.repeat(2_048) });
    const page = await get('/tools/stable/dir/');
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-mirrortide-release': '1' },
    });
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/);
    expect(linksOf(textOf(page))).toEqual(['../', './a', './b/']);
    expect(textOf(page)).toContain(
      'Release 1 of tools, current since Thu, 01 Jan 1970 00:16:40 GMT. <a href="/tools/stable@1/dir/">',
    );
    expect(textOf(await get('/tools/stable/dir/b/'))).toContain('2.0 KiB');
    expect(textOf(await get('/tools/stable@1/dir/'))).toContain('<a href="/tools/stable/dir/">What is current</a>');
    expect((await get('/tools/stable/dir/', { headers: { 'if-none-match': page.headers['etag'] ?? '' } })).status).toBe(304);
  });

  test('above the mounts has them, whether anything was released or not', async () => {
    const { get } = await fresh();
    expect(linksOf(textOf(await get('/')))).toEqual(['./empty/', './tools/', './ubuntu/']);
    expect(linksOf(textOf(await get('/tools/')))).toEqual(['../', './stable/']);
  });

  test('with an index of its own is served as it is', async () => {
    const { get, release } = await fresh();
    await release('tools', { 'docs/index.html': '<p>Hello' });
    const reply = await get('/tools/stable/docs/');
    expect([...seen(reply), reply.headers['content-type']]).toEqual([200, '<p>Hello', 'text/html; charset=utf-8']);
  });

  test('leads to every file of a tree, whatever the files are called, and each is what was published', async () => {
    await fc.assert(
      fc.asyncProperty(treeFiles, async (entries) => {
        fc.pre(entries.length > 0 && !entries.some(({ path }) => /(^|\/)index\.html$/.test(path)));
        const { get, release } = await fresh();
        await release('tools', Object.fromEntries(entries.map(({ path }) => [path, `of ${path}`])));
        const found = new Set<string>();
        const walk = async (folder: string): Promise<void> => {
          for (const href of linksOf(textOf(await get(folder))).filter((one) => one !== '../')) {
            const { pathname } = new URL(href, `http://mirror.example${folder}`);
            if (pathname.endsWith('/')) await walk(pathname);
            else found.add(textOf(await get(pathname)));
          }
        };
        await walk('/tools/stable/');
        expect([...found].toSorted()).toEqual(entries.map(({ path }) => `of ${path}`).toSorted());
        for (const { path } of entries) expect(textOf(await get(`/tools/stable@1/${encodePath(path)}`))).toBe(`of ${path}`);
      }),
      { numRuns: 6 },
    );
  });
});

describe('a release', () => {
  test('that follows another is what is listed, while files of the earlier one are there for the grace and no longer', async () => {
    const { get, release, pass } = await fresh();
    await release('tools', { a: 'old', 'x/old': 'old', same: 'old' });
    await release('tools', { a: 'new', 'x/new': 'new', 'same/file': 'new' });
    pass(1_000);
    expect(seen(await get('/tools/stable/a'))).toEqual([200, 'new']);
    const old = await get('/tools/stable/x/old');
    expect([...seen(old), old.headers['x-mirrortide-release'], old.headers['cache-control']]).toEqual([
      200,
      'old',
      '1',
      CHANGING,
    ]);
    expect(linksOf(textOf(await get('/tools/stable/x/')))).toEqual(['../', './new']);
    // What is a folder now is no file any more.
    expect((await get('/tools/stable/same')).headers['location']).toBe('/tools/stable/same/');
    pass(10_000);
    expect((await get('/tools/stable/x/old')).status).toBe(404);
    expect(seen(await get('/tools/stable@1/x/old'))).toEqual([200, 'old']);
  });

  test('is seen within a second, and its files at once by whoever knows them from another instance', async () => {
    const { get, release, pass, otherInstance } = await fresh();
    await release('tools', { index: 'names a', a: 'A' });
    expect(seen(await get('/tools/stable/index'))).toEqual([200, 'names a']);
    await release('tools', { index: 'names b', b: 'B' });
    const other = otherInstance();
    expect(seen(await get('/tools/stable/index', {}, other))).toEqual([200, 'names b']);
    expect(seen(await get('/tools/stable/index'))).toEqual([200, 'names a']);
    expect(seen(await get('/tools/stable/b'))).toEqual([200, 'B']);
    pass(1_000);
    expect(seen(await get('/tools/stable/a'))).toEqual([200, 'A']);
    expect(seen(await get('/tools/stable/index'))).toEqual([200, 'names b']);
  });

  test('can be looked at before it is released, and is kept by caches only when nothing can happen to it', async () => {
    const { get, publish, store, pass } = await fresh();
    const root = await publish('empty', { a: 'A' });
    const preview = await get('/empty@1/a');
    expect([...seen(preview), preview.headers['cache-control']]).toEqual([200, 'A', CHANGING]);
    const named = await get(`/empty@${root}/a`);
    expect([...seen(named), named.headers['cache-control']]).toEqual([200, 'A', FOR_EVER]);
    expect((await get('/empty/a')).status).toBe(404);
    expect((await get('/empty@1/')).headers['cache-control']).toBe(CHANGING);
    // The same in another volume, sealed and not judged yet.
    const asked = { volume: 'tools', nowMs: 2 };
    await ask(store, root, (view) => decideStage(view, { root, files: 1, bytes: 1 }), asked);
    await ask(store, root, decideSeal, asked);
    expect((await get('/tools/stable@1/a')).headers['cache-control']).toBe(CHANGING);
    await ask(store, root, (view) => decideValidation(view, [{ path: 'a', message: 'bad' }]), asked);
    pass(1_000);
    expect((await get('/tools/stable@1/a')).status).toBe(404);
  });

  test('of apt has its indexes by their hashes, those of the release before as well', async () => {
    const { get, release, pass, deps } = await fresh();
    const at = (text: string) => `/ubuntu/dists/stable/main/by-hash/SHA256/${hashOf(text)}`;
    const suite = { 'dists/stable/Release': 'Suite: stable\n', 'pool/a': 'package' };
    await release('ubuntu', { ...suite, 'dists/stable/main/Packages': 'one' });
    await release('ubuntu', { ...suite, 'dists/stable/main/Packages': 'two' });
    pass(1_000);
    const both = await Promise.all([get(at('one')), get(at('two'))]);
    expect(both.map((reply) => [...seen(reply), reply.headers['content-type']])).toEqual([
      [200, 'one', 'text/plain; charset=utf-8'],
      [200, 'two', 'text/plain; charset=utf-8'],
    ]);
    expect((await get(at('package'))).status).toBe(404);
    expect((await get('/ubuntu@2/dists/stable/main/by-hash/SHA256/x')).status).toBe(404);
    // Whoever makes hashes up does not have the pool looked through for each.
    const looked: string[] = [];
    const folder: typeof deps.trees.folder = (root, path) => {
      looked.push(path);
      return deps.trees.folder(root, path);
    };
    const asked = { ...deps, trees: { ...deps.trees, folder } };
    for (const path of [`/ubuntu/pool/by-hash/SHA256/${hashOf('x')}`, at('x')])
      expect((await get(path, {}, asked)).status).toBe(404);
    expect([...new Set(looked)]).toEqual(['dists/stable/main/']);
  });
});

describe('what content depends on', () => {
  const down = async (): Promise<never> => {
    throw new Fault('down');
  };

  test('may fail for a while: what is known is served, what is not is asked for again soon', async () => {
    const { get, release, deps, store, pass, log } = await fresh();
    await release('tools', { a: 'A' });
    const alive = { ...store };
    expect((await get('/tools/stable/a')).status).toBe(200);
    Object.assign(store, { pointer: down, releases: down });
    pass(1_000);
    expect(seen(await get('/tools/stable/a'))).toEqual([200, 'A']);
    expect(log.lines.map(({ message }) => message)).toEqual(['releases not refreshed']);
    const missing = await get('/tools/stable/b');
    expect([missing.status, missing.headers['cache-control'], missing.headers['retry-after']]).toEqual([503, 'no-store', '5']);
    Object.assign(store, alive);
    expect((await get('/tools/stable/b')).status).toBe(404);
    expect((await get('/tools/stable/a', {}, { ...deps, objects: { read: down, readRange: down } })).status).toBe(503);
    expect(
      (await get('/tools/stable/a', {}, { ...deps, objects: { ...deps.objects, read: async () => undefined } })).status,
    ).toBe(503);
  });
});

test('nothing that a client sends makes content fail', async () => {
  const { get, release } = await contentSetup(emulators, {
    volumes: [aVolume('a'), aVolume('b', { type: 'pypi', mount: 'b/c' }), aVolume('d', { type: 'apt' })],
  });
  for (const id of ['a', 'b', 'd'])
    await release(id, { x: 'X', 'y/z': 'Z', 'simple/p/index.v1_json': '{"name":"p","files":[]}' });
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'c',
      'd',
      '@1',
      '@',
      '/',
      '//',
      'x',
      'y',
      'z',
      'simple',
      'by-hash/SHA256',
      hashOf('X'),
      '..',
      '%',
      '%2f',
      '%00',
      '_o',
      'mirror-info.sh',
    ),
    fc.string({ unit: 'binary' }),
  );
  const path = fc.array(piece, { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
  const header = fc.constantFrom(
    'accept',
    'range',
    'if-range',
    'if-none-match',
    'if-modified-since',
    'host',
    'x-mirrortide-host',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('bytes=0-', '*', 'text/html;q=0', `"sha256-${hashOf('X')}"`),
  );
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.constantFrom('GET', 'HEAD', 'POST'),
      fc.dictionary(header, value),
      async (asked, method, headers) => {
        const reply = await get(asked, { method, headers });
        expect(reply.status).toBeLessThan(500);
        for (const text of Object.values(reply.headers)) expect(text).toMatch(/^[ -~]*$/);
      },
    ),
    { numRuns: 400 },
  );
});
