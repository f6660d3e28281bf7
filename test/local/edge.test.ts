import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databasePlaces, parseTestClient } from '../../local/edge/client-place.ts';
import { chooseCoding, encodeAnswer } from '../../local/edge/content-coding.ts';
import { answerAtEdge, type EdgeDeps } from '../../local/edge/edge.ts';
import { type EdgeAnswer, edgeCache, sharedLifetimeMs } from '../../local/edge/edge-cache.ts';
import { type EdgeServer, startEdgeServer } from '../../local/edge/edge-server.ts';
import { loadViewerFunction } from '../../local/edge/viewer-function.ts';

const plain = (status: number, body: string, headers: Record<string, string> = {}): EdgeAnswer => ({
  status,
  headers: { 'content-type': 'text/plain', ...headers },
  body: Buffer.from(body),
});

async function edgeDeps(changes: Partial<EdgeDeps> = {}): Promise<EdgeDeps> {
  return {
    viewer: await loadViewerFunction(() => undefined),
    cache: edgeCache(Date.now),
    lookUp: await databasePlaces([], { country: 'DE', asn: undefined }),
    trustClientHeader: false,
    invokeAnswer: async (event) => ({
      statusCode: 200,
      headers: {},
      body: JSON.stringify([event.rawPath, event.rawQueryString, event.headers]),
    }),
    staticList: async () => undefined,
    now: Date.now,
    ...changes,
  };
}

const get = (deps: EdgeDeps, uri: string, query = '', headers = {}) =>
  answerAtEdge(deps, { method: 'GET', uri, query, headers, address: '127.0.0.1' });
const text = (answer: EdgeAnswer): string => Buffer.from(answer.body).toString();

describe('the way of a request', () => {
  test('the origin sees the normalised question and the bucket, and nothing else of the client', async () => {
    const answer = await get(await edgeDeps(), '/metalink', 'arch=b&repo=a&countme=1', {
      'user-agent': 'x',
      'x-forwarded-for': '8.8.8.8',
    });
    const [path, query, headers] = JSON.parse(text(answer)) as [string, string, Record<string, string>];
    expect([path, query]).toEqual(['/metalink/a/b', '']);
    expect(headers).toEqual({ 'x-mirrortide-bucket': 'c=DE', 'x-mirrortide-variant': expect.stringMatching(/^[0-7]$/) });
  });

  test('the test header places a client only when it is trusted', async () => {
    const headers = { 'mirrortide-client': '203.0.113.9,country=us' };
    expect(text(await get(await edgeDeps(), '/x', '', headers))).toContain('c=DE');
    expect(text(await get(await edgeDeps({ trustClientHeader: true }), '/x', '', headers))).toContain('c=US');
    expect(text(await get(await edgeDeps(), '/x', '', { 'cloudfront-viewer-country': 'US' }))).toContain('c=DE');
  });

  test('a failing function is covered by the list that was written beforehand, and by 503 when there is none', async () => {
    const deps = await edgeDeps({
      invokeAnswer: async () => Promise.reject(new Error('down')),
      staticList: async (path) => (path === 'metalink/a/b' ? plain(200, 'prewritten') : undefined),
    });
    expect(text(await get(deps, '/metalink', 'repo=a&arch=b'))).toBe('prewritten');
    expect((await get(deps, '/metalink', 'repo=a&arch=c')).status).toBe(503);
  });
});

describe('the cache', () => {
  test('requests for one key at one moment ask the origin once, and its age ends the answer', async () => {
    let nowMs = 0;
    let loads = 0;
    const cache = edgeCache(() => nowMs);
    const load = async (): Promise<EdgeAnswer> => {
      loads += 1;
      return plain(200, String(loads), { 'cache-control': 'public, max-age=30' });
    };
    const first = await Promise.all(Array.from({ length: 20 }, () => cache.get('k', load)));
    expect(first.map(({ from }) => from)).toEqual(['miss', ...new Array<string>(19).fill('joined')]);
    expect((await cache.get('k', load)).from).toBe('hit');
    nowMs = 2_001;
    expect((await cache.get('k', load)).from).toBe('miss');
    expect(loads).toBe(2);
  });

  test('what may not be shared, and what failed, is not kept', async () => {
    const cache = edgeCache(() => 0);
    for (const answer of [
      plain(200, ''),
      plain(200, '', { 'cache-control': 'private, max-age=9' }),
      plain(503, '', { 'cache-control': 'max-age=9' }),
    ]) {
      await cache.get('k', async () => answer);
      expect((await cache.get('k', async () => answer)).from).toBe('miss');
    }
    await expect(cache.get('k', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect((await cache.get('k', async () => plain(200, ''))).from).toBe('miss');
    expect([sharedLifetimeMs('max-age=5, s-maxage=7'), sharedLifetimeMs('no-store'), sharedLifetimeMs(undefined)]).toEqual([
      7000, 0, 0,
    ]);
  });
});

describe('compression', () => {
  const long = plain(200, 'x'.repeat(2000));
  test('only what the client asks for', async () => {
    expect([
      chooseCoding(undefined),
      chooseCoding('gzip'),
      chooseCoding('gzip, br'),
      chooseCoding('br;q=0, gzip;q=0.1'),
      chooseCoding('identity'),
    ]).toEqual(['identity', 'gzip', 'br', 'gzip', 'identity']);
    expect(await encodeAnswer(long, undefined)).toMatchObject({ headers: { vary: 'accept-encoding' }, body: long.body });
    const zipped = await encodeAnswer(long, 'gzip');
    expect([zipped.headers['content-encoding'], gunzipSync(zipped.body).byteLength]).toEqual(['gzip', 2000]);
    expect(brotliDecompressSync((await encodeAnswer(long, 'br')).body).byteLength).toBe(2000);
    expect((await encodeAnswer(plain(200, 'short'), 'gzip')).headers['content-encoding']).toBeUndefined();
  });
});

test('the test header is read strictly', () => {
  const nowhere = () => ({ country: undefined, asn: undefined });
  expect(parseTestClient('2001:db8::1, country=at ,asn=64500', nowhere)).toEqual({
    address: '2001:db8::1',
    country: 'AT',
    asn: 64_500,
  });
  expect([parseTestClient('', nowhere), parseTestClient('1.2.3.4,x=1', nowhere), parseTestClient('name', nowhere)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

describe('the server', () => {
  let server: EdgeServer;
  const faults: unknown[] = [];
  beforeAll(async () => {
    const deps = await edgeDeps();
    server = await startEdgeServer({
      port: 0,
      address: '127.0.0.1',
      respond: (request) => answerAtEdge(deps, request),
      accessLog: undefined,
      onFault: (error) => faults.push(error),
    });
  });
  afterAll(() => server.close());

  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
      let answer = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.on('error', () => resolve(answer)).on('close', () => resolve(answer));
    });
  const statusOf = async (bytes: string): Promise<number> => Number((await raw(bytes)).split(' ')[1] ?? 0);
  const url = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

  test('HEAD is GET without its body', async () => {
    const [head, full] = [await fetch(url('/x'), { method: 'HEAD' }), await fetch(url('/x'))];
    expect([head.status, await head.text(), head.headers.get('content-length')]).toEqual([
      200,
      '',
      full.headers.get('content-length'),
    ]);
  });

  test('what no client of ours sends is refused with a 4xx', async () => {
    expect((await fetch(url('/x'), { method: 'POST', body: 'x' })).status).toBe(405);
    expect(await statusOf(`GET /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toBe(414);
    expect(await statusOf(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toBe(431);
    expect(await statusOf('GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc')).toBe(413);
    expect(await statusOf('OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toBe(405);
    expect(await statusOf('nonsense\r\n\r\n')).toBe(400);
    expect(await statusOf('GET http://elsewhere/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toBe(200);
  });

  test('no request line and no header makes it fail', async () => {
    const token = fc.string({ maxLength: 60 }).map((value) => value.replace(/[\r\n]/g, ''));
    await fc.assert(
      fc.asyncProperty(token, token, token, async (path, name, value) => {
        const status = await statusOf(`GET /${path} HTTP/1.1\r\nHost: x\r\n${name}: ${value}\r\nConnection: close\r\n\r\n`);
        expect(status).toBeGreaterThan(0);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 150 },
    );
    expect(faults).toEqual([]);
  });
});
