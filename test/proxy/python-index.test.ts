import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { decodePath } from '#domain/content/content-path.ts';
import { defaultImmutable } from '#domain/content/proxy-defaults.ts';
import { PLAIN_HTML, SIMPLE_JSON } from '#domain/volume/python/choose-simple-form.ts';
import { buildWheel, wheelFileName } from '../support/build-wheel.ts';
import { textOf } from '../support/content-setup.ts';
import { useEmulators } from '../support/emulators.ts';
import { pipInstall } from '../support/pip-client.ts';
import { aProxy, type ProxyTestPlace, proxyTestPlace } from '../support/proxy-place.ts';
import { httpServer } from '../support/raw-server.ts';
import { hashOf } from '../support/tree-arbitrary.ts';

const emulators = useEmulators();
const HASH = 'ab'.repeat(32);

const stopped: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0)) await stop();
});

interface Page {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** Serves what is at each path, and says what it was asked. */
const site = async (pages: Map<string, Page>) => {
  const log: string[] = [];
  const server = await httpServer((request, response) => {
    const page = pages.get(request.url ?? '');
    log.push(`${request.url}`);
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': page.type }).end(page.body);
  });
  stopped.push(() => server.stop());
  return { ...server, log, pages };
};

const python = (upstream: string, fileHosts: readonly string[] = []) =>
  aProxy(upstream, { id: 'pypi', mount: 'py/pi', type: 'pypi', fileHosts, immutable: defaultImmutable('pypi') });

const html = (body: string): Page => ({ type: PLAIN_HTML, body });

describe('pages of another index', () => {
  test('lead here, in the form that a client accepts, and name nothing that is not fetched from here', async () => {
    const files = 'http://127.0.0.1:9/packages';
    const links = [
      `<a href="${files}/ab/hat-1.0-py3-none-any.whl#sha256=${HASH}" data-requires-python="&gt;=3" data-core-metadata="sha256=${HASH}">x</a>`,
      '<a href="../../local/hat-2.0.zip" data-yanked="bad &quot;zip&quot;">y</a>',
      '<a href="javascript:alert(1)//hat-3.0.zip">z</a>',
      '<a href="../../../../../etc/passwd">z</a>',
      '<a href="https://elsewhere.example/hat-4.0.zip">z</a>',
      `<a href="${files}.evil/hat-5.0.zip">z</a>`,
      '<script>alert(1)</script>',
    ];
    const upstream = await site(new Map([['/i/simple/red-hat/', html(links.join('\n'))]]));
    const { ask } = (await proxyTestPlace(emulators)).instance();
    const volume = python(`${upstream.url}/i`, [files]);
    const shown = await ask(volume, 'simple/red-hat/', { accept: SIMPLE_JSON });
    expect(shown.headers).toMatchObject({ 'content-type': SIMPLE_JSON, vary: 'accept', 'x-mirrortide-proxy': 'miss' });
    expect(JSON.parse(textOf(shown))).toEqual({
      meta: { 'api-version': '1.0' },
      name: 'red-hat',
      files: [
        {
          filename: 'hat-1.0-py3-none-any.whl',
          url: '/py/pi/files/0/ab/hat-1.0-py3-none-any.whl',
          hashes: { sha256: HASH },
          'requires-python': '>=3',
          'core-metadata': { sha256: HASH },
        },
        { filename: 'hat-2.0.zip', url: '/py/pi/files/upstream/local/hat-2.0.zip', hashes: {}, yanked: 'bad "zip"' },
      ],
    });
    const page = await ask(volume, 'simple/red-hat/');
    expect(page.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'x-mirrortide-proxy': 'hit' });
    expect(textOf(page).match(/<a .*|<script.*/g)).toEqual([
      `<a href="/py/pi/files/0/ab/hat-1.0-py3-none-any.whl#sha256=${HASH}" data-requires-python="&gt;=3" data-core-metadata="sha256=${HASH}" data-dist-info-metadata="sha256=${HASH}">hat-1.0-py3-none-any.whl</a><br>`,
      '<a href="/py/pi/files/upstream/local/hat-2.0.zip" data-yanked="bad &quot;zip&quot;">hat-2.0.zip</a><br>',
    ]);
    expect(await ask(volume, 'simple/red-hat/', { ifNoneMatch: page.headers['etag'] })).toMatchObject({ status: 304 });
    expect(await ask(volume, 'simple/red-hat/', { accept: 'image/png' })).toMatchObject({ status: 406 });
    expect(upstream.log).toEqual(['/i/simple/red-hat/']);
  });

  test('are asked for as JSON, have one name, and an index that lists them', async () => {
    const accepted: unknown[] = [];
    const upstream = await httpServer((request, response) => {
      accepted.push([request.url, request.headers.accept?.split(',')[0]]);
      response
        .writeHead(200, { 'content-type': SIMPLE_JSON })
        .end(JSON.stringify({ projects: [{ name: 'Red.Hat' }, { name: 'cap' }] }));
    });
    stopped.push(() => upstream.stop());
    const { ask } = (await proxyTestPlace(emulators)).instance();
    const volume = python(upstream.url);
    expect(textOf(await ask(volume, 'simple/'))).toContain(
      '<a href="/py/pi/simple/red-hat/">red-hat</a><br>\n<a href="/py/pi/simple/cap/">',
    );
    const moved = await Promise.all(['', 'simple', 'simple/Red_Hat', 'simple/red.hat/'].map((path) => ask(volume, path)));
    expect(moved.map(({ status, headers }) => [status, headers['location']])).toEqual([
      [301, '/py/pi/simple/'],
      [301, '/py/pi/simple/'],
      [301, '/py/pi/simple/red-hat/'],
      [301, '/py/pi/simple/red-hat/'],
    ]);
    expect((await ask(volume, 'project/hat/')).status).toBe(404);
    expect(accepted).toEqual([['/simple/', SIMPLE_JSON]]);
  });

  test('that are too large to be read are left to upstream', async () => {
    const upstream = await site(new Map([['/simple/', html('<a href="x">x</a>'.repeat(250_000))]]));
    const { ask } = (await proxyTestPlace(emulators)).instance();
    expect(await ask(python(upstream.url), 'simple/')).toMatchObject({
      status: 307,
      headers: { location: `${upstream.url}/simple/` },
    });
  });

  test('that are larger than an answer may be are a redirect to what was printed', async () => {
    const hash = (at: number) => hashOf(`${at}`);
    const listed = Array.from({ length: 30_000 }, (_, at) => `<a href="/f/hat-${at}.zip#sha256=${hash(at)}">x</a>`).join('');
    const upstream = await site(new Map([['/simple/hat/', html(listed)]]));
    const place = await proxyTestPlace(emulators);
    const { ask } = place.instance();
    const volume = python(upstream.url);
    const sent = await ask(volume, 'simple/hat/', { accept: SIMPLE_JSON });
    const [, sha256] = /^\/_o\/proxy\/([0-9a-f]{64})\/hat$/.exec(sent.headers['location'] ?? '') ?? [];
    expect([sent.status, sent.headers['vary']]).toEqual([307, 'accept']);
    const stored = await place.bucket.client.send(new GetObjectCommand({ Bucket: place.bucket.name, Key: `proxy/${sha256}` }));
    expect(stored.ContentType).toBe(SIMPLE_JSON);
    expect(JSON.parse((await stored.Body?.transformToString()) ?? '').files[29_999]).toEqual({
      filename: 'hat-29999.zip',
      url: '/py/pi/files/upstream/f/hat-29999.zip',
      hashes: { sha256: hash(29_999) },
    });
  });

  test('that cannot be read do not take the place of those that could', async () => {
    const pages = new Map([['/simple/hat/', html('<a href="/f/hat-1.zip">x</a>')]]);
    const upstream = await site(pages);
    const place = await proxyTestPlace(emulators);
    const { ask } = place.instance();
    const volume = python(upstream.url);
    await ask(volume, 'simple/hat/');
    pages.set('/simple/hat/', { type: SIMPLE_JSON, body: '{"files": [' });
    pages.set('/simple/cap/', { type: SIMPLE_JSON, body: '{"files": [' });
    place.pass(600_000);
    const stale = await ask(volume, 'simple/hat/');
    expect([stale.headers['x-mirrortide-proxy'], textOf(stale)]).toEqual(['stale', expect.stringContaining('hat-1.zip')]);
    expect((await ask(volume, 'simple/cap/')).status).toBe(502);
  });
});

/** The proxy volume below a port, as the CDN and the function have it together. */
const front = async (place: ProxyTestPlace, volume: ReturnType<typeof python>) => {
  const { ask } = place.instance();
  const server = createServer(async (request, response) => {
    const decoded = decodePath(request.url ?? '');
    const path = decoded.kind === 'path' ? decoded.path : '/';
    const [, sha256] = /^\/_o\/proxy\/([0-9a-f]{64})\/[^/]+$/.exec(path) ?? [];
    if (sha256 !== undefined) {
      const object = await place.bucket.client.send(new GetObjectCommand({ Bucket: place.bucket.name, Key: `proxy/${sha256}` }));
      return response.end(await object.Body?.transformToByteArray());
    }
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    const below = path.slice(volume.mount.length + 2);
    const { status, headers, body } = await ask(volume, below, {
      method,
      accept: request.headers.accept,
      range: request.headers.range,
    });
    return response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopped.push(async () => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${volume.mount}/simple/`;
};

test('a real pip installs through it, and again when upstream is gone', async () => {
  const hat = { project: 'red_hat', version: '1.0', requiresPython: '>=3.8' };
  // Larger than what is answered at once, as it is compressed.
  const noise = Array.from({ length: 40_000 }, (_, at) => hashOf(`${at}`)).join('\n');
  const wheel = await buildWheel({ ...hat, extra: { 'red_hat/noise.txt': noise } });
  expect(wheel.length).toBeGreaterThan(1_048_576);
  const metadata = 'Metadata-Version: 2.1\nName: red_hat\nVersion: 1.0\nRequires-Python: >=3.8\nRequires-Dist: cap\n';
  const cap = await buildWheel({ project: 'cap', version: '2.0' });
  const hatName = wheelFileName(hat);
  const files = await site(
    new Map<string, Page>([
      [`/packages/${hatName}`, { type: 'application/zip', body: wheel }],
      [`/packages/${hatName}.metadata`, { type: 'text/plain', body: metadata }],
    ]),
  );
  const hatUrl = `${files.url}/packages/${hatName}`;
  const hatFile = {
    filename: hatName,
    url: hatUrl,
    hashes: { sha256: hashOf(wheel) },
    size: wheel.length,
    'requires-python': '>=3.8',
    'core-metadata': { sha256: hashOf(metadata) },
  };
  const tooNew = {
    ...hatFile,
    filename: 'red_hat-9.0-py3-none-any.whl',
    url: `${files.url}/packages/red_hat-9.0-py3-none-any.whl`,
  };
  const listed = [hatFile, { ...tooNew, 'requires-python': '>=99' }];
  const page = { meta: { 'api-version': '1.1' }, name: 'red-hat', versions: ['1.0', '9.0'], files: listed };
  const capLink = `<a href="../../f/cap-2.0-py3-none-any.whl#sha256=${hashOf(cap)}">cap-2.0-py3-none-any.whl</a>`;
  const index = await site(
    new Map<string, Page>([
      ['/simple/red-hat/', { type: SIMPLE_JSON, body: JSON.stringify(page) }],
      // An index that knows HTML only.
      ['/simple/cap/', html(`<!DOCTYPE html>${capLink}`)],
      ['/f/cap-2.0-py3-none-any.whl', { type: 'application/zip', body: cap }],
    ]),
  );
  const place = await proxyTestPlace(emulators);
  const url = await front(place, python(index.url, [`${files.url}/packages`]));
  const install = async () => {
    const { exitCode, stderr, installed } = await pipInstall(url, 'Red.Hat');
    return { exitCode, stderr, installed };
  };
  const good = { exitCode: 0, stderr: '', installed: ['cap-2.0', 'red_hat-1.0'] };
  expect(await install()).toEqual(good);
  const asked = [index.log.toSorted(), files.log.toSorted()];
  expect(asked).toEqual([
    ['/f/cap-2.0-py3-none-any.whl', '/simple/cap/', '/simple/red-hat/'],
    [`/packages/${hatName}`, `/packages/${hatName}.metadata`],
  ]);
  await Promise.all([index.stop(), files.stop()]);
  stopped.splice(0, 2);
  place.pass(600_000);
  expect(await install()).toEqual(good);
});
