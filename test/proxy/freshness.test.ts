import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { INLINE_BYTES } from '#domain/content/answer-bytes.ts';
import { useEmulators } from '../support/emulators.ts';
import { aProxy, proxyTestPlace, seen } from '../support/proxy-place.ts';
import { httpServer, type TestServer } from '../support/raw-server.ts';
import { hashOf } from '../support/tree-arbitrary.ts';

const emulators = useEmulators();
const DAY = 86_400_000;

interface Upstream extends TestServer {
  /** `METHOD PATH STATUS`, and what was said of an older copy. */
  readonly log: string[];
  say: (request: IncomingMessage, response: ServerResponse) => void;
}

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

/** Says `text`, with its tag, until told otherwise. */
const upstream = async (text = 'one'): Promise<Upstream> => {
  const log: string[] = [];
  const server = await httpServer((request, response) => {
    self.say(request, response);
    const known = request.headers['if-none-match'] ?? request.headers['if-modified-since'];
    log.push([request.method, request.url, response.statusCode, ...(known === undefined ? [] : [known])].join(' '));
  });
  servers.push(server);
  const self: Upstream = { ...server, log, say: saying(text) };
  return self;
};

const saying =
  (text: string, headers: Readonly<Record<string, string>> = {}) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const etag = `"${text}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    response.writeHead(isKnown ? 304 : 200, { etag, 'content-type': 'text/plain', ...headers }).end(isKnown ? '' : text);
  };
const refusing =
  (status: number, headers: Readonly<Record<string, string>> = {}) =>
  (_: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status, headers).end('why');

test('what changes is served for its time, asked about, and fetched when it changed', async () => {
  const server = await upstream();
  const place = await proxyTestPlace(emulators);
  const [one, other] = [place.instance(), place.instance()];
  const volume = aProxy(server.url);
  expect(seen(await one.ask(volume, 'a.txt'))).toEqual([200, 'miss', 'one']);
  place.pass(500_000);
  expect(seen(await other.ask(volume, 'a.txt'))).toEqual([200, 'hit', 'one']);
  place.pass(100_000);
  expect(seen(await other.ask(volume, 'a.txt'))).toEqual([200, 'checked', 'one']);
  server.say = saying('two');
  expect(seen(await one.ask(volume, 'a.txt'))).toEqual([200, 'hit', 'one']);
  place.pass(600_000);
  expect(seen(await one.ask(volume, 'a.txt'))).toEqual([200, 'miss', 'two']);
  expect(server.log).toEqual(['GET /a.txt 200', 'GET /a.txt 304 "one"', 'GET /a.txt 200 "one"']);
  expect([one.counted, other.counted]).toEqual([
    ['ProxyMisses', 'ProxyHits', 'ProxyMisses'],
    ['ProxyHits', 'ProxyHits'],
  ]);
});

test('what never changes is fetched once, kept for as long as somebody asks for it, and forgotten after that', async () => {
  const server = await upstream();
  const place = await proxyTestPlace(emulators);
  const { ask } = place.instance();
  const volume = aProxy(server.url, { immutable: ['.*\\.rpm'] });
  for (let weeks = 0; weeks < 8; weeks += 2) {
    expect(seen(await ask(volume, 'a.rpm'))).toEqual([200, weeks === 0 ? 'miss' : 'hit', 'one']);
    place.pass(14 * DAY);
  }
  // Stored for the last time a fortnight ago; what it is now, and how it is asked for then, shows that nothing older is believed.
  server.say = saying('two');
  place.pass(15 * DAY);
  expect(seen(await ask(volume, 'a.rpm'))).toEqual([200, 'miss', 'two']);
  expect(server.log).toEqual(['GET /a.rpm 200', 'GET /a.rpm 200']);
});

test('bytes that are gone are fetched again, whatever is known of them', async () => {
  const server = await upstream();
  const place = await proxyTestPlace(emulators);
  const { ask, counted } = place.instance();
  const volume = aProxy(server.url, { immutable: ['.*'] });
  await ask(volume, 'a');
  await place.loseBytes(hashOf('one'));
  expect(seen(await ask(volume, 'a'))).toEqual([200, 'miss', 'one']);
  expect(seen(await ask(volume, 'a'))).toEqual([200, 'hit', 'one']);
  await place.loseBytes(hashOf('one'));
  place.pass(14 * DAY);
  expect(seen(await ask(volume, 'a'))).toEqual([200, 'miss', 'one']);
  await place.loseBytes(hashOf('one'));
  await server.stop();
  servers.length = 0;
  expect((await ask(volume, 'a')).status).toBe(502);
  expect(counted).toEqual(['ProxyMisses', 'ProxyMisses', 'ProxyHits', 'ProxyMisses', 'ProxyFailures']);
});

test('nobody is sent to bytes that went before anybody asked for them again', async () => {
  const text = 'x'.repeat(INLINE_BYTES + 1);
  const server = await upstream();
  server.say = (_, response) => void response.end(text);
  const place = await proxyTestPlace(emulators);
  const { ask } = place.instance();
  const volume = aProxy(server.url, { immutable: ['.*'] });
  const sent = async () => seen(await ask(volume, 'a'));
  expect([await sent(), await sent()]).toEqual([
    [307, 'miss', ''],
    [307, 'hit', ''],
  ]);
  await place.loseBytes(hashOf(text));
  place.pass(14 * DAY);
  expect(await sent()).toEqual([307, 'miss', '']);
});

test('that there is nothing is believed for seconds', async () => {
  const server = await upstream();
  server.say = refusing(404);
  const place = await proxyTestPlace(emulators);
  const { ask } = place.instance();
  const volume = aProxy(server.url, { immutable: ['.*'] });
  for (const _ of [1, 2])
    expect(await ask(volume, 'a')).toMatchObject({ status: 404, headers: { 'cache-control': 'public, max-age=5' } });
  expect(server.log).toEqual(['GET /a 404']);
  server.say = saying('one');
  place.pass(10_000);
  expect(seen(await ask(volume, 'a'))).toEqual([200, 'miss', 'one']);
});

test('an upstream that fails is left alone for a while, and for as long as it wants', async () => {
  const server = await upstream();
  const place = await proxyTestPlace(emulators);
  const [one, other] = [place.instance(), place.instance()];
  const volume = aProxy(server.url);
  await one.ask(volume, 'a');
  place.pass(600_000);
  server.say = refusing(500);
  expect(seen(await one.ask(volume, 'a'))).toEqual([200, 'stale', 'one']);
  expect(seen(await other.ask(volume, 'a'))).toEqual([200, 'stale', 'one']);
  place.pass(10_000);
  server.say = refusing(429, { 'retry-after': '60' });
  expect(seen(await other.ask(volume, 'a'))).toEqual([200, 'stale', 'one']);
  server.say = saying('two');
  place.pass(59_000);
  expect(seen(await one.ask(volume, 'a'))).toEqual([200, 'stale', 'one']);
  place.pass(1_000);
  expect(seen(await one.ask(volume, 'a'))).toEqual([200, 'miss', 'two']);
  expect(server.log).toEqual(['GET /a 200', 'GET /a 500 "one"', 'GET /a 429 "one"', 'GET /a 200 "one"']);
});

test('of what is not here, an upstream that fails is an error with a time to come back', async () => {
  const server = await upstream();
  server.say = refusing(503);
  const place = await proxyTestPlace(emulators);
  const { ask, counted } = place.instance();
  const refused = await ask(aProxy(server.url), 'a');
  expect(refused).toMatchObject({ status: 502, headers: { 'retry-after': '10', 'cache-control': 'no-store' } });
  place.pass(4_000);
  expect(await ask(aProxy(server.url), 'a')).toMatchObject({ status: 502, headers: { 'retry-after': '6' } });
  expect([server.log, counted]).toEqual([['GET /a 503'], ['ProxyFailures', 'ProxyFailures']]);
});

test('clients are told to ask upstream for what is larger than the volume keeps', async () => {
  const server = await upstream('12345678901');
  const place = await proxyTestPlace(emulators);
  const { ask } = place.instance();
  const volume = aProxy(server.url, { maximumBytes: 10 });
  for (const _ of [1, 2]) {
    const { status, headers } = await ask(volume, 'big file.iso');
    expect([status, headers]).toEqual([307, { location: `${server.url}/big%20file.iso`, 'cache-control': 'no-store' }]);
  }
  // One that does not say how long it is.
  server.say = (_, response) => {
    response.write('123456');
    response.end('78901');
  };
  expect((await ask(volume, 'other')).status).toBe(307);
  expect((await ask(aProxy(server.url, { maximumBytes: 11 }), 'third')).status).toBe(200);
  expect(server.log).toEqual(['GET /big%20file.iso 200', 'GET /other 200', 'GET /third 200']);
});

test('another upstream has other files under the same paths', async () => {
  const [server, other] = [await upstream('one'), await upstream('two')];
  const { ask } = (await proxyTestPlace(emulators)).instance();
  expect(seen(await ask(aProxy(server.url), 'a'))).toEqual([200, 'miss', 'one']);
  expect(seen(await ask(aProxy(other.url), 'a'))).toEqual([200, 'miss', 'two']);
  expect(seen(await ask(aProxy(server.url, { id: 'q' }), 'a'))).toEqual([200, 'miss', 'one']);
});

test('what a client says of its copy decides, as for files of volumes', async () => {
  const server = await upstream('0123456789');
  const date = 'Sat, 21 Nov 2026 01:55:42 GMT';
  server.say = saying('0123456789', { 'last-modified': date });
  const { ask } = (await proxyTestPlace(emulators)).instance();
  const volume = aProxy(server.url);
  const { headers } = await ask(volume, 'a');
  expect(headers).toEqual({
    etag: `"sha256-${hashOf('0123456789')}"`,
    'last-modified': date,
    'content-type': 'text/plain',
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=60, stale-if-error=86400',
    'content-security-policy': "sandbox allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
    'x-mirrortide-proxy': 'miss',
  });
  expect(seen(await ask(volume, 'a', { ifNoneMatch: headers['etag'] }))).toEqual([304, 'hit', '']);
  expect(seen(await ask(volume, 'a', { ifModifiedSince: date }))).toEqual([304, 'hit', '']);
  expect(seen(await ask(volume, 'a', { range: 'bytes=2-4' }))).toEqual([206, 'hit', '234']);
  expect(seen(await ask(volume, 'a', { range: 'bytes=10-' }))).toEqual([416, 'hit', '']);
  const head = await ask(volume, 'a', { method: 'HEAD' });
  expect([...seen(head), head.headers['content-length']]).toEqual([200, 'hit', '', '10']);
  expect(server.log).toEqual(['GET /a 200']);
});

test('a directory is at its path with a slash', async () => {
  const server = await upstream();
  server.say = ({ url }, response) =>
    url === '/a%20b'
      ? response.writeHead(301, { location: '/a%20b/' }).end()
      : saying('<a href="x">')({ headers: {} } as never, response);
  const { ask } = (await proxyTestPlace(emulators)).instance();
  const volume = aProxy(server.url);
  expect(await ask(volume, 'a b')).toMatchObject({ status: 301, headers: { location: '/p/a%20b/' } });
  expect(seen(await ask(volume, 'a b/'))).toEqual([200, 'miss', '<a href="x">']);
});
