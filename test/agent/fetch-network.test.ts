import * as fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchArtefact } from '../../agent/fetch/fetch-artefact.ts';
import type { FetchOutcome } from '../../agent/fetch/fetch-outcome.ts';
import type { FetchSettings } from '../../agent/fetch/fetch-settings.ts';
import type { FetchPace } from '../../agent/fetch/fetch-world.ts';
import { layoutOf } from '../../agent/fetch/install/layout.ts';
import { follow } from '../../agent/fetch/network/follow.ts';
import { openHttp } from '../../agent/fetch/network/open-http.ts';
import { type NginxMirror, startNginxMirror } from '../support/nginx-mirror.ts';
import { httpServer, rawServer, type TestServer } from '../support/raw-server.ts';
import { digestHex, SILENT, sceneSettings, sceneWorld, tarOf, treeOf } from './support/fetch-scene.ts';

const FILES = { one: { 'bin/run': 'one' }, two: { 'bin/run': 'two', 'lib/big': 'b'.repeat(100) } };
const ONE = tarOf(FILES.one);
const TWO = tarOf(FILES.two);

let top: string;
let destination: string;
const stops: (() => Promise<void>)[] = [];
beforeEach(() => {
  top = fs.mkdtempSync(join(tmpdir(), 'mirrortide-fetch-'));
  destination = join(top, 'app');
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  fs.rmSync(top, { recursive: true, force: true });
});

const started = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
  stops.push(() => server.stop());
  return server;
};

interface Asked extends FetchOutcome {
  readonly slept: readonly number[];
}

async function fetchFrom(url: string, more: Partial<FetchSettings> = {}, pace: Partial<FetchPace> = {}): Promise<Asked> {
  const slept: number[] = [];
  const world = sceneWorld(openHttp, { journal: [], isHealthy: () => true });
  const settings = sceneSettings(destination, { url: `${url}/venv.tgz`, checksum: { kind: 'discover' }, ...more });
  const outcome = await fetchArtefact(
    {
      ...world,
      sleep: async (ms) => void slept.push(ms),
      random: () => 0.5,
      pace: { ...world.pace, firstMs: 100, longestMs: 1_000, longestAskedMs: 60_000, ...pace },
    },
    settings,
    SILENT,
  );
  return { ...outcome, slept };
}

type Listener = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function serving(listener: Listener): Promise<TestServer & { readonly requests: string[] }> {
  const requests: string[] = [];
  const server = started(
    await httpServer((request, response) => {
      requests.push(`${request.url} ${request.headers['range'] ?? request.headers['if-none-match'] ?? '-'}`);
      listener(request, response, requests.length);
    }),
  );
  return { ...server, requests };
}

const isList = (request: IncomingMessage): boolean => request.url?.endsWith('.sha256') === true;
const listFor = (bytes: Buffer): string => `${digestHex(bytes)}  venv.tgz\n`;

describe('with a real nginx', () => {
  let nginx: NginxMirror;
  let root: string;
  const publish = (bytes: Buffer, mtimeSeconds: number): void => {
    fs.writeFileSync(join(root, 'venv.tgz'), bytes);
    fs.writeFileSync(join(root, 'venv.tgz.sha256'), listFor(bytes));
    for (const name of ['venv.tgz', 'venv.tgz.sha256']) fs.utimesSync(join(root, name), mtimeSeconds, mtimeSeconds);
  };
  const lines = async (): Promise<readonly string[]> =>
    (await nginx.accessLog()).map((line) => line.split(' ').slice(0, 3).join(' '));
  beforeEach(async () => {
    root = join(top, 'www');
    nginx = started(await startNginxMirror({ address: '127.0.0.77', port: 18_077, root }));
  });

  it('an unchanged artefact costs one request, which is answered with 304', async () => {
    publish(ONE, 1_700_000_000);
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'changed' });
    const before = (await lines()).length;
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'unchanged' });
    expect((await lines()).slice(before)).toEqual(['GET /venv.tgz.sha256 304']);
    publish(TWO, 1_700_000_100);
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'changed' });
    expect(treeOf(destination)).toEqual(FILES.two);
    expect((await lines()).slice(before + 1)).toEqual(['GET /venv.tgz.sha256 200', 'GET /venv.tgz 200']);
  });

  it('a download that was cut goes on where it was', async () => {
    publish(TWO, 1_700_000_000);
    const layout = layoutOf(destination);
    const digest = { algorithm: 'sha256', hex: digestHex(TWO) } as const;
    const tag = (await fetch(`${nginx.url}/venv.tgz`, { method: 'HEAD' })).headers.get('etag') ?? '';
    fs.mkdirSync(layout.cache, { recursive: true });
    fs.writeFileSync(layout.part(digest), TWO.subarray(0, 50));
    fs.writeFileSync(layout.partValidator(digest), tag);
    const list = { kind: 'list', url: `${nginx.url}/venv.tgz.sha256` } as const;
    expect(await fetchFrom(nginx.url, { checksum: list })).toMatchObject({ kind: 'changed' });
    expect((await lines()).at(-1)).toBe('GET /venv.tgz 206');
    expect(treeOf(destination)).toEqual(FILES.two);
  });

  it('a part of another artefact is not gone on from', async () => {
    publish(TWO, 1_700_000_000);
    const layout = layoutOf(destination);
    const digest = { algorithm: 'sha256', hex: digestHex(TWO) } as const;
    fs.mkdirSync(layout.cache, { recursive: true });
    fs.writeFileSync(layout.part(digest), ONE.subarray(0, 50));
    fs.writeFileSync(layout.partValidator(digest), '"something-else"');
    expect(await fetchFrom(nginx.url, { checksum: { kind: 'list', url: `${nginx.url}/venv.tgz.sha256` } })).toMatchObject({
      kind: 'changed',
    });
    expect((await lines()).at(-1)).toBe('GET /venv.tgz 200');
  });

  it('a SHA256SUMS of the folder is found too', async () => {
    publish(ONE, 1_700_000_000);
    fs.rmSync(join(root, 'venv.tgz.sha256'));
    fs.writeFileSync(join(root, 'SHA256SUMS'), `${'0'.repeat(64)}  other\n${listFor(ONE)}`);
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'changed' });
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'unchanged' });
    expect((await lines()).at(-1)).toBe('GET /SHA256SUMS 304');
  });

  it('no checksum anywhere is refused', async () => {
    publish(ONE, 1_700_000_000);
    fs.rmSync(join(root, 'venv.tgz.sha256'));
    expect(await fetchFrom(nginx.url)).toMatchObject({ kind: 'verification_failed' });
    expect(treeOf(destination)).toBeUndefined();
  });
});

describe('an artefact that says its digest', () => {
  it.each([
    [
      'in Repr-Digest',
      (bytes: Buffer) => ({ 'repr-digest': `sha-256=:${Buffer.from(digestHex(bytes), 'hex').toString('base64')}:` }),
    ],
    ['in its entity tag', (bytes: Buffer) => ({ etag: `"sha256-${digestHex(bytes)}"` })],
  ])('%s is downloaded by the very request that asked, and asked for conditionally', async (_, headers) => {
    const etag = '"v1"';
    const { url, requests } = await serving((request, response) => {
      const all = { etag, ...headers(ONE) };
      if (request.headers['if-none-match'] === all.etag) response.writeHead(304, all).end();
      else response.writeHead(200, all).end(ONE);
    });
    expect(await fetchFrom(url)).toMatchObject({ kind: 'changed' });
    expect(requests).toEqual(['/venv.tgz -']);
    expect(await fetchFrom(url)).toMatchObject({ kind: 'unchanged' });
    expect(requests.length).toBe(2);
  });

  it('that is not the body’s is refused', async () => {
    const { url } = await serving((_, response) => response.writeHead(200, { etag: `"sha256-${digestHex(TWO)}"` }).end(ONE));
    expect(await fetchFrom(url)).toMatchObject({ kind: 'verification_failed' });
    expect(treeOf(destination)).toBeUndefined();
  });
});

describe('a publisher that is wrong', () => {
  it.each<[string, string | Buffer, FetchOutcome['kind']]>([
    ['a web page for a list', '<html>not found</html>', 'verification_failed'],
    ['an empty list', '', 'verification_failed'],
    ['a list of another file', `${digestHex(ONE)}  other.tgz\n`, 'verification_failed'],
    ['a digest that is not the file’s', listFor(TWO), 'verification_failed'],
    ['only a weak digest', `${digestHex(ONE, 'sha1')}  venv.tgz\n`, 'verification_failed'],
    ['bytes that are not text', Buffer.from([0xff, 0xfe, 0x00]), 'verification_failed'],
  ])('%s leaves everything as it was', async (_, list, kind) => {
    const { url } = await serving((request, response) => void response.end(isList(request) ? list : ONE));
    expect(await fetchFrom(url)).toMatchObject({ kind });
    expect(treeOf(destination)).toBeUndefined();
  });

  it('and a weak digest is taken when the operator says so', async () => {
    const { url } = await serving((request, response) => void response.end(isList(request) ? digestHex(ONE, 'md5') : ONE));
    expect(await fetchFrom(url, { allowWeak: true })).toMatchObject({ kind: 'changed' });
  });

  it('an artefact beyond the limit is not downloaded, whether it says so or not', async () => {
    let length: Record<string, string> = { 'content-length': '99999999' };
    const { url } = await serving((request, response) => {
      if (isList(request)) response.end(listFor(ONE));
      else response.writeHead(200, length).end(Buffer.alloc(5_000));
    });
    const list = { kind: 'list', url: `${url}/venv.tgz.sha256` } as const;
    expect(await fetchFrom(url, { downloadBytes: 1_000, checksum: list })).toMatchObject({ kind: 'verification_failed' });
    length = { 'transfer-encoding': 'chunked' };
    expect(await fetchFrom(url, { downloadBytes: 1_000, checksum: list })).toMatchObject({ kind: 'verification_failed' });
  });

  it('a new artefact between the list and the download is downloaded', async () => {
    const { url } = await serving((request, response, count) => {
      if (isList(request)) response.end(listFor(count < 3 ? ONE : TWO));
      else response.end(TWO);
    });
    const list = { kind: 'list', url: `${url}/venv.tgz.sha256` } as const;
    expect(await fetchFrom(url, { checksum: list })).toMatchObject({ kind: 'changed' });
    expect(treeOf(destination)).toEqual(FILES.two);
  });

  it.each([
    ['to a file', 'file:///etc/passwd'],
    ['to another scheme', 'ftp://example.org/x'],
    ['to nothing', 'http://'],
    ['to itself, for ever', '/venv.tgz'],
  ])('a redirect %s is not followed', async (_, location) => {
    const { url } = await serving((_request, response) => response.writeHead(302, { location }).end());
    expect(await fetchFrom(url)).toMatchObject({ kind: 'network' });
  });

  it('a redirect from HTTPS to HTTP is not followed, and one to HTTPS is', async () => {
    const asked: string[] = [];
    const world = sceneWorld(
      async (url) => {
        asked.push(url.href);
        const location = url.pathname === '/up' ? 'https://other.example/down' : 'http://other.example/plain';
        return { status: 302, headers: { location }, body: (async function* () {})(), discard: () => {} };
      },
      { journal: [], isHealthy: () => true },
    );
    await expect(follow(world, 'http://mirror.example/up', {}, [200])).rejects.toThrow('is not followed');
    expect(asked).toEqual(['http://mirror.example/up', 'https://other.example/down']);
  });

  it('a redirect to an address that names the digest is followed', async () => {
    const { url, requests } = await serving((request, response) => {
      if (request.url === '/venv.tgz') response.writeHead(307, { location: '/_o/sha256/venv.tgz' }).end();
      else if (request.url === '/_o/sha256/venv.tgz') response.writeHead(200, { etag: `"sha256-${digestHex(ONE)}"` }).end(ONE);
      else response.writeHead(404).end();
    });
    expect(await fetchFrom(url)).toMatchObject({ kind: 'changed' });
    expect(requests.length).toBe(2);
  });
});

describe('a network that fails', () => {
  it('is tried again, later each time, and the installed release stays', async () => {
    const { url } = await serving((request, response) => void response.end(isList(request) ? listFor(ONE) : ONE));
    expect(await fetchFrom(url)).toMatchObject({ kind: 'changed' });
    for (const stop of stops.splice(0)) await stop();
    const failed = await fetchFrom(url, {}, { attempts: 4 });
    expect(failed).toMatchObject({ kind: 'network', slept: [50, 100, 200] });
    expect(treeOf(destination)).toEqual(FILES.one);
  });

  it('waits as long as the server asks, and not when it asks for too much', async () => {
    let after = '7';
    const { url } = await serving((request, response, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': after }).end();
      else response.end(isList(request) ? listFor(ONE) : ONE);
    });
    expect(await fetchFrom(url)).toMatchObject({ kind: 'changed', slept: [7_050] });
    after = new Date(Date.UTC(2026, 0, 1, 1)).toUTCString();
    const busy = await serving((_, response) => response.writeHead(429, { 'retry-after': after }).end());
    expect(await fetchFrom(busy.url)).toMatchObject({ kind: 'network', slept: [] });
    expect(busy.requests.length).toBe(1);
  });

  it('does not ask again for what is not there', async () => {
    const { url, requests } = await serving((_, response) => response.writeHead(404).end());
    expect(await fetchFrom(url)).toMatchObject({ kind: 'network', slept: [] });
    expect(requests.length).toBe(1);
  });

  it('a body that is cut again and again comes through in pieces', async () => {
    const server = started(
      await rawServer((socket, head) => {
        if (head.includes('.sha256')) return whole(socket, Buffer.from(listFor(TWO)));
        const from = Number(/range: bytes=(\d+)-/i.exec(head)?.[1] ?? 0);
        const rest = TWO.length - from;
        const status =
          from === 0 ? '200 OK' : `206 Partial Content\r\ncontent-range: bytes ${from}-${TWO.length - 1}/${TWO.length}`;
        socket.end(
          Buffer.concat([
            Buffer.from(`HTTP/1.1 ${status}\r\netag: "x"\r\ncontent-length: ${rest}\r\n\r\n`),
            TWO.subarray(from, from + 40),
          ]),
        );
      }),
    );
    const list = { kind: 'list', url: `${server.url}/venv.tgz.sha256` } as const;
    expect(await fetchFrom(server.url, { checksum: list }, { attempts: 2 })).toMatchObject({ kind: 'changed' });
    expect(treeOf(destination)).toEqual(FILES.two);
    expect(server.connections()).toBeGreaterThan(4);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['says nothing', () => {}],
    ['stops in the middle', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc')],
    ['ends in the middle of the head', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-')],
    ['is none of HTTP', (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['has two lengths', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc')],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['has endless headers', (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}`)],
    ['answers 304 to an unconditional request', (socket) => socket.end('HTTP/1.1 304 Not Modified\r\n\r\n')],
    [
      'sends another range',
      (socket) => socket.end('HTTP/1.1 206 Partial\r\ncontent-range: bytes 5-7/8\r\ncontent-length: 3\r\n\r\nabc'),
    ],
  ])('a server that %s is given up in time', async (_, answer) => {
    const server = started(await rawServer(answer));
    const given = { kind: 'value', digest: { algorithm: 'sha256', hex: digestHex(ONE) } } as const;
    for (const more of [{}, { checksum: given }])
      expect(await fetchFrom(server.url, more, { attempts: 2, connectMs: 300, stallMs: 300 })).toMatchObject({ kind: 'network' });
    expect(treeOf(destination)).toBeUndefined();
  });

  it('a body without a length that is cut is not taken for whole', async () => {
    const server = started(
      await rawServer((socket) => socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), ONE.subarray(0, 60)]))),
    );
    const given = { kind: 'value', digest: { algorithm: 'sha256', hex: digestHex(ONE) } } as const;
    expect(await fetchFrom(server.url, { checksum: given })).toMatchObject({ kind: 'verification_failed' });
    expect(treeOf(destination)).toBeUndefined();
  });
});

function whole(socket: Socket, body: Buffer): void {
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`), body]));
}
