import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SIMPLE_JSON } from '#domain/volume/python/choose-simple-form.ts';
import { freePort } from '../../local/emulators/free-port.ts';
import { type NginxMirror, startNginxMirror } from '../support/nginx-mirror.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { startVolumeNetwork, type VolumeNetwork } from '../support/volume-network.ts';

/** A network that only passes on what an upstream has, through the function, the edge and the stores that `npm start` runs. */
const LARGE = randomBytes(3_000_000);
let root: string;
let nginx: NginxMirror;
let network: VolumeNetwork;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirrortide-upstream-'));
  await mkdir(join(root, 'simple/hat'), { recursive: true });
  await writeFile(join(root, 'Release'), 'Origin: Test\n');
  await writeFile(join(root, 'large.deb'), LARGE);
  await writeFile(join(root, 'simple/hat/index.html'), '<a href="/hat-1.0.zip">hat-1.0.zip</a>');
  nginx = await startNginxMirror({ address: '127.0.0.1', port: await freePort(), root, directives: 'types { text/html html; }' });
  const file = `
network: { name: proxies, contact: tests@mirrors.example }
policies: { crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any } }
content:
  proxies:
    - { id: debian, type: files, upstream: "${nginx.url}" }
    - { id: pypi, type: pypi, upstream: "${nginx.url}" }
`;
  network = await startVolumeNetwork(file, []);
});

afterAll(async () => {
  await network?.stop();
  await nginx?.stop();
  await rm(root, { recursive: true, force: true });
});

const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(`${network.url}${path}`, { headers, redirect: 'follow' });
  return {
    status: response.status,
    headers: response.headers,
    url: response.url,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
};

it('passes on files of any size, and pages in the form that is asked for', async () => {
  const small = await get('/debian/Release');
  expect([small.status, small.bytes.toString(), small.headers.get('x-mirrortide-proxy')]).toEqual([
    200,
    'Origin: Test\n',
    'miss',
  ]);
  const large = await get('/debian/large.deb');
  expect([large.status, hashOf(large.bytes), large.url]).toEqual([
    200,
    hashOf(LARGE),
    `${network.url}/_o/proxy/${hashOf(LARGE)}/large.deb`,
  ]);
  const part = await get('/debian/large.deb', { range: 'bytes=1000-1999' });
  expect([part.status, part.bytes.equals(LARGE.subarray(1_000, 2_000))]).toEqual([206, true]);
  const pages = await Promise.all([SIMPLE_JSON, 'text/html'].map((accept) => get('/pypi/simple/Hat/', { accept })));
  expect(
    pages.map(({ headers, bytes }) => [headers.get('content-type'), bytes.toString().match(/[^"]*hat-1\.0\.zip"/)?.[0]]),
  ).toEqual([
    [SIMPLE_JSON, 'hat-1.0.zip"'],
    ['text/html; charset=utf-8', '/pypi/files/upstream/hat-1.0.zip"'],
  ]);
  const asked = await nginx.accessLog();
  expect(asked.map((line) => line.split(' ').slice(1, 3).join(' ')).toSorted()).toEqual([
    '/Release 200',
    '/large.deb 200',
    '/simple/hat/ 200',
  ]);
});

it('goes on when upstream has gone', async () => {
  await nginx.stop();
  // Written in another way it is another path for caches, and the same file for the function.
  const again = await get('/debian/%52elease');
  expect([again.status, again.bytes.toString(), again.headers.get('x-mirrortide-proxy')]).toEqual([200, 'Origin: Test\n', 'hit']);
  expect((await get('/debian/none')).status).toBe(502);
});
