import { createHash, randomBytes } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { APIGatewayProxyStructuredResultV2, LambdaFunctionURLEvent } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { conditionalAnswer } from '../../local/edge/conditional-answer.ts';
import { encodeAnswer } from '../../local/edge/content-coding.ts';
import { type ContentEdgeDeps, contentAtEdge } from '../../local/edge/content-edge.ts';
import { type EdgeAnswer, edgeCache } from '../../local/edge/edge-cache.ts';
import { type EdgeServer, startEdgeServer } from '../../local/edge/edge-server.ts';
import { objectEdge } from '../../local/edge/object-edge.ts';
import { loadContentFunction, loadObjectFunction, loadObjectResponseFunction } from '../../local/edge/viewer-function.ts';
import { contentObjects } from '../../local/runtime/content-objects.ts';
import { freshBucket } from '../contract/places.ts';
import { useEmulators } from '../support/emulators.ts';

const emulators = useEmulators();

describe('content at the edge', () => {
  const setup = async (invoke: (event: LambdaFunctionURLEvent) => Promise<APIGatewayProxyStructuredResultV2>) => {
    let nowMs = 0;
    const events: LambdaFunctionURLEvent[] = [];
    const deps: ContentEdgeDeps = {
      viewer: await loadContentFunction(),
      cache: edgeCache(() => nowMs),
      invokeContent: (event) => {
        events.push(event);
        return invoke(event);
      },
      now: () => nowMs,
    };
    return {
      events,
      pass: (ms: number) => {
        nowMs += ms;
      },
      get: (uri: string, headers = {}, query = '') =>
        contentAtEdge(deps, { method: 'GET', uri, query, headers, address: '127.0.0.1' }),
    };
  };
  const kept = { 'cache-control': 'public, max-age=30, stale-if-error=100' };
  const said = ({ status, headers, body }: EdgeAnswer) => [status, Buffer.from(body).toString(), headers['x-cache']];

  test('is asked for by its path, and by what else an answer depends on', async () => {
    const { get, events } = await setup(async () => ({ statusCode: 200, headers: kept, body: 'x' }));
    const json = { accept: 'application/vnd.pypi.simple.v1+json' };
    await get('/a', { accept: 'text/html', range: 'bytes=0-1', cookie: 'c', 'x-mirrortide-host': 'evil' }, 'q=1');
    await get('/a', json);
    await get('/p/simple/', json);
    await get('/p/simple/', { accept: 'application/vnd.pypi.simple.latest+json, text/html;q=0.1' });
    await get('/p/simple/');
    await get('/mirror-info.sh', { host: 'One.example' });
    await get('/mirror-info.sh', { host: 'two.example' });
    expect(events.map(({ rawPath, rawQueryString, headers }) => [rawPath, rawQueryString, headers])).toEqual([
      ['/a', '', {}],
      ['/p/simple/', '', { 'x-mirrortide-accept': json.accept }],
      ['/p/simple/', '', { 'x-mirrortide-accept': 'text/html' }],
      ['/mirror-info.sh', '', { 'x-mirrortide-host': 'one.example', 'x-mirrortide-scheme': 'http' }],
      ['/mirror-info.sh', '', { 'x-mirrortide-host': 'two.example', 'x-mirrortide-scheme': 'http' }],
    ]);
  });

  test.each<[string, () => Promise<APIGatewayProxyStructuredResultV2>]>([
    ['throws', () => Promise.reject(new Error('timed out'))],
    ['says that it fails', async () => ({ statusCode: 503, headers: { 'cache-control': 'no-store' }, body: 'no' })],
  ])('is what it was before when the function %s, for as long as the answer allows', async (_, failing) => {
    let answer: () => Promise<APIGatewayProxyStructuredResultV2> = async () => ({ statusCode: 200, headers: kept, body: 'good' });
    const { get, pass, events } = await setup(() => answer());
    expect(said(await get('/a'))).toEqual([200, 'good', 'Miss from the local edge']);
    answer = failing;
    pass(2_001);
    expect(said(await get('/a'))).toEqual([200, 'good', 'Stale from the local edge']);
    expect(said(await get('/a'))).toEqual([200, 'good', 'Hit from the local edge']);
    expect(events).toHaveLength(2);
    expect((await get('/b')).status).toBe(503);
    pass(99_000);
    expect(said(await get('/a'))[0]).toBe(200);
    pass(2_001);
    expect((await get('/a')).status).toBe(503);
    answer = async () => ({ statusCode: 404, headers: { 'cache-control': 'public, max-age=5' }, body: 'gone' });
    expect(said(await get('/a'))).toEqual([404, 'gone', 'Miss from the local edge']);
    answer = failing;
    pass(5_001);
    expect((await get('/a')).status).toBe(503);
  });
});

describe('a whole answer', () => {
  const headers = { etag: '"t"', 'accept-ranges': 'bytes', 'content-type': 'text/plain' };
  const whole: EdgeAnswer = { status: 200, headers, body: Buffer.from('x'.repeat(700)) };

  test('is cut for who asks for a part of it, and left alone for who does not', () => {
    expect(conditionalAnswer(whole, { range: 'bytes=0-1' })).toMatchObject({
      status: 206,
      headers: { ...headers, 'content-range': 'bytes 0-1/700' },
      body: Buffer.from('xx'),
    });
    expect(conditionalAnswer(whole, { range: 'bytes=0-1', 'if-range': '"t"' }).status).toBe(206);
    expect(conditionalAnswer(whole, { range: 'bytes=0-1', 'if-range': '"other"' })).toBe(whole);
    expect(conditionalAnswer(whole, { range: 'bytes=700-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */700' },
    });
    expect(conditionalAnswer(whole, {})).toBe(whole);
    const { 'accept-ranges': _, ...without } = headers;
    expect(conditionalAnswer({ ...whole, headers: without }, { range: 'bytes=0-1' }).status).toBe(200);
    expect(conditionalAnswer({ ...whole, status: 404 }, { range: 'bytes=0-1', 'if-none-match': '*' }).status).toBe(404);
  });

  test('that is compressed has another tag, with which nobody gets parts of what is not', async () => {
    const compressed = await encodeAnswer(whole, 'gzip');
    expect(compressed.headers['etag']).toBe('W/"t"');
    expect(conditionalAnswer(whole, { range: 'bytes=0-1', 'if-range': 'W/"t"' }).status).toBe(200);
    expect(conditionalAnswer(whole, { 'if-none-match': 'W/"t"' }).status).toBe(304);
    const packed = { ...whole, headers: { ...headers, 'content-type': 'application/gzip' } };
    expect(await encodeAnswer(packed, 'gzip, br')).toBe(packed);
  });
});

describe('objects at the edge', () => {
  const bytes = randomBytes(3_000_000);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const faults: unknown[] = [];
  let server: EdgeServer;
  const ask = (path: string, headers = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}/_o/${path}`, { method, headers });

  beforeAll(async () => {
    const bucket = { client: emulators.s3(), name: await freshBucket(emulators) };
    await s3VolumeObjects(bucket).put(hash, bytes);
    const proxied = { Bucket: bucket.name, Key: `proxy/${hash}`, Body: 'copy', ContentType: 'text/x-copy' };
    await bucket.client.send(new PutObjectCommand(proxied));
    server = await startEdgeServer({
      port: 0,
      address: '127.0.0.1',
      respond: async () => ({ status: 200, headers: {}, body: Buffer.from('elsewhere') }),
      objects: objectEdge({
        viewerRequest: await loadObjectFunction(),
        viewerResponse: await loadObjectResponseFunction(),
        objects: contentObjects(bucket),
      }),
      accessLog: undefined,
      onFault: (error) => faults.push(error),
    });
  });
  afterAll(() => server.close());

  test('come whole, with the type of the name that was asked for, and for ever', async () => {
    const reply = await ask(`sha256/${hash}/a%20b.iso`);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'application/x-iso9660-image',
      'content-length': '3000000',
      'cache-control': 'public, max-age=31536000, immutable',
      etag: `"sha256-${hash}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
    expect(Buffer.from(await reply.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await ask(`sha256/${hash}/x.deb`, {}, 'HEAD')).headers.get('content-length')).toBe('3000000');
    const copy = await ask(`proxy/${hash}/x`);
    expect([copy.headers.get('content-type'), await copy.text()]).toEqual(['text/x-copy', 'copy']);
  });

  test('come in parts that are those of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3_100_000), fc.nat(50_000), async (start, length) => {
        const reply = await ask(`sha256/${hash}/x`, { range: `bytes=${start}-${start + length}` });
        const expected = bytes.subarray(start, start + length + 1);
        expect(reply.status).toBe(start < bytes.length ? 206 : 416);
        expect(Buffer.from(await reply.arrayBuffer()).equals(expected)).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect((await ask(`sha256/${hash}/x`, { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  test('are not sent to who has them, and not found where there is none', async () => {
    expect((await ask(`sha256/${hash}/x`, { 'if-none-match': `"sha256-${hash}"` })).status).toBe(304);
    const missing = await ask(`sha256/${'0'.repeat(64)}/x`);
    expect([missing.status, missing.headers.get('cache-control')]).toEqual([404, 'public, max-age=5']);
    expect((await ask('sha256/../../objects/x')).status).toBe(200);
    expect((await ask(`objects/${hash}/x`)).status).toBe(404);
    expect((await ask(`sha256/${hash}/x`, {}, 'PUT')).status).toBe(405);
  });

  test('may be given up half-way', async () => {
    const reply = await ask(`sha256/${hash}/x`);
    await reply.body?.cancel();
    expect((await ask(`sha256/${hash}/x`, {}, 'HEAD')).status).toBe(200);
    expect(faults).toEqual([]);
  });
});
