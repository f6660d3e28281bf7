import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from 'vitest';
import { INLINE_BYTES } from '#domain/content/answer-bytes.ts';
import { freePort } from '../../local/emulators/free-port.ts';
import { textOf } from '../support/content-setup.ts';
import { useEmulators } from '../support/emulators.ts';
import { startNginxMirror } from '../support/nginx-mirror.ts';
import { aProxy, type Instance, LOCAL_CRAWL, proxyTestPlace, seen } from '../support/proxy-place.ts';
import { httpServer, rawServer } from '../support/raw-server.ts';
import { hashOf } from '../support/tree-arbitrary.ts';

const emulators = useEmulators();

const stopped: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0)) await stop();
});
const untilEnd = <Server extends { stop(): Promise<unknown> }>(server: Server): Server => {
  stopped.push(() => server.stop());
  return server;
};

const raw = async (answer: (socket: Socket, head: string) => void) => untilEnd(await rawServer(answer));

const reasons = ({ deps }: Instance): readonly unknown[] =>
  (deps.log as unknown as { lines: readonly { fields: { reason: unknown } }[] }).lines.map(({ fields }) => fields.reason);

test('a real nginx is asked once, and when it is gone its files are still served', async () => {
  const root = await mkdtemp(join(tmpdir(), 'mirrortide-upstream-'));
  stopped.push(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'pool'));
  const large = randomBytes(INLINE_BYTES + 1);
  await writeFile(join(root, 'Release'), 'Origin: Test\n');
  await writeFile(join(root, 'pool/large.deb'), large);
  const nginx = await startNginxMirror({ address: '127.0.0.1', port: await freePort(), root });
  let isUp = true;
  const stop = async (): Promise<void> => {
    if (isUp) await nginx.stop();
    isUp = false;
  };
  stopped.push(stop);
  // Through the disk.
  const place = await proxyTestPlace(emulators, { mostInMemory: 1_000 });
  const { ask, counted } = place.instance();
  const volume = aProxy(nginx.url, { immutable: ['pool/.*'], staleMs: 86_400_000 });
  expect(seen(await ask(volume, 'Release'))).toEqual([200, 'miss', 'Origin: Test\n']);
  const sent = await ask(volume, 'pool/large.deb');
  const sha256 = hashOf(large);
  expect([sent.status, sent.headers]).toMatchObject([
    307,
    { location: `/_o/proxy/${sha256}/large.deb`, 'cache-control': 'public, max-age=86400' },
  ]);
  const stored = new HeadObjectCommand({ Bucket: place.bucket.name, Key: `proxy/${sha256}`, ChecksumMode: 'ENABLED' });
  expect(await place.bucket.client.send(stored)).toMatchObject({
    ContentLength: large.length,
    ContentType: 'application/octet-stream',
    ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
  });
  place.pass(600_000);
  expect(seen(await ask(volume, 'Release'))).toEqual([200, 'checked', 'Origin: Test\n']);
  expect(textOf(await ask(volume, 'pool/'))).toContain('<a href="large.deb">');
  expect((await ask(volume, 'none')).status).toBe(404);
  expect((await ask(volume, 'pool')).headers['location']).toBe('/p/pool/');
  const asked = (await nginx.accessLog()).map((line) => line.split(' ').slice(0, 3).join(' '));
  expect(asked).toEqual([
    'GET /Release 200',
    'GET /pool/large.deb 200',
    'GET /Release 304',
    'GET /pool/ 200',
    'GET /none 404',
    'GET /pool 301',
    'GET /pool/ 200',
  ]);
  expect((await nginx.accessLog())[0]).toMatch(/ mirrortide\/\S+ \(\+admin@example\.org\)$/);

  await stop();
  place.pass(600_000);
  expect(seen(await ask(volume, 'Release'))).toEqual([200, 'stale', 'Origin: Test\n']);
  expect((await ask(volume, 'pool/large.deb')).status).toBe(307);
  expect((await ask(volume, 'new')).status).toBe(502);
  place.pass(86_400_000);
  expect((await ask(volume, 'Release')).status).toBe(502);
  expect(counted.slice(-4)).toEqual(['ProxyStale', 'ProxyHits', 'ProxyFailures', 'ProxyFailures']);
});

test('a body that ends early, says another length, or comes packed takes no place of a good one', async () => {
  let answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "1"\r\n\r\ngood';
  const server = await raw((socket) => socket.end(answer));
  const place = await proxyTestPlace(emulators);
  const instance = place.instance();
  const volume = aProxy(server.url);
  expect(seen(await instance.ask(volume, 'a'))).toEqual([200, 'miss', 'good']);
  const bad = [
    'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbad',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nbad',
    'HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 0-2/9\r\n\r\nbad',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nbad',
    'nonsense\r\n\r\n',
    '',
  ];
  for (const text of bad) {
    answer = text;
    place.pass(600_000);
    expect(seen(await instance.ask(volume, 'a')), text).toEqual([200, 'stale', 'good']);
    expect((await instance.ask(volume, `new ${bad.indexOf(text)}`)).status).toBe(502);
  }
  expect(reasons(instance)).toHaveLength(2 * bad.length);
  // What ends with the connection and says no length may be all there is, but nobody knows.
  answer = 'HTTP/1.0 200 OK\r\n\r\nold server';
  const never = { ...volume, immutable: ['.*'] };
  for (const _ of [1, 2]) {
    place.pass(600_000);
    const reply = await instance.ask(never, 'b');
    expect([...seen(reply), reply.headers['cache-control']]).toEqual([
      200,
      'miss',
      'old server',
      'public, max-age=60, stale-if-error=86400',
    ]);
  }
});

test.each([
  ['cloud metadata', 'http://169.254.169.254/latest/meta-data/'],
  ['a private address', 'http://10.0.0.1/'],
  ['this machine by another name', 'http://[::ffff:10.0.0.1]/'],
  ['a file', 'file:///etc/passwd'],
  ['a user', 'http://user:secret@127.0.0.1/'],
])('a redirect to %s is not followed, and nothing of it is told', async (_, location) => {
  const server = await raw((socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`));
  const instance = (await proxyTestPlace(emulators)).instance();
  const reply = await instance.ask(aProxy(server.url), 'a');
  expect([reply.status, textOf(reply)]).toEqual([502, 'Upstream failed.\n']);
  expect(String(reasons(instance)[0])).toMatch(/^refused: redirected: /);
});

test('an upstream at an address that the network does not allow is not asked', async () => {
  const server = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const instance = (await proxyTestPlace(emulators)).instance();
  const crawl = { ...LOCAL_CRAWL, allowedAddresses: [] };
  expect((await instance.ask(aProxy(server.url), 'a', { crawl })).status).toBe(502);
  expect((await instance.ask(aProxy(server.url), 'b', { crawl: { ...LOCAL_CRAWL, allowedPorts: [] } })).status).toBe(502);
  expect([server.connections(), reasons(instance).map(String)]).toEqual([
    0,
    [expect.stringMatching(/^refused: 127/), expect.stringMatching(/^refused: port/)],
  ]);
});

test('a redirect to another server is followed, a few times', async () => {
  const files = untilEnd(await httpServer((_, response) => response.end('from elsewhere')));
  const server = untilEnd(
    await httpServer(({ url }, response) => {
      const target = url === '/loop' ? '/loop' : `${files.url}/b`;
      response.writeHead(302, { location: target }).end();
    }),
  );
  const { ask } = (await proxyTestPlace(emulators)).instance();
  expect(seen(await ask(aProxy(server.url), 'a'))).toEqual([200, 'miss', 'from elsewhere']);
  expect((await ask(aProxy(server.url), 'loop')).status).toBe(502);
});
