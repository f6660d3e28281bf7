import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectUrl } from '#domain/content/serve.ts';
import { loadObjectFunction, type ViewerRequest, type ViewerResponse } from '../../local/edge/viewer-function.ts';

const HASH = '0a'.repeat(32);
const view = await loadObjectFunction();

const ask = (
  uri: string,
  headers: ViewerRequest['headers'] = { range: { value: 'bytes=0-9' } },
): ViewerRequest | ViewerResponse =>
  view({
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '192.0.2.1' },
    request: { method: 'GET', uri, querystring: { versionId: { value: 'x' } }, headers: { ...headers } },
  });

describe('the URL of an object', () => {
  test.each([
    [`/_o/sha256/${HASH}/hat-1.whl`, `/objects/${HASH}`],
    [`/_o/proxy/${HASH}/libstdc%2B%2B.deb`, `/proxy/${HASH}`],
  ])('%s is its key, without a query, and a range stays', (uri, key) => {
    const name = { value: uri.slice(uri.lastIndexOf('/') + 1) };
    const headers = { range: { value: 'bytes=0-9' }, 'x-mirrortide-name': name };
    expect(ask(uri)).toEqual({ method: 'GET', uri: key, querystring: {}, headers });
  });

  const NAMED = `/_o/sha256/${HASH}/hat.rpm`;
  const TAG = `"sha256-${HASH}"`;
  const NAME = { 'x-mirrortide-name': { value: 'hat.rpm' } };

  test.each([TAG, `W/${TAG}`, `"other", ${TAG}`, '*'])('is unchanged for whoever has %s', (value) => {
    expect(ask(NAMED, { 'if-none-match': { value } })).toEqual({
      statusCode: 304,
      statusDescription: 'Not Modified',
      headers: { 'cache-control': { value: 'public, max-age=31536000, immutable' }, etag: { value: TAG } },
    });
  });

  test('is asked for whole by whoever has something else, and in part by whoever has the beginning of it', () => {
    const range = { value: 'bytes=5-' };
    const headersOf = (headers: ViewerRequest['headers']) => (ask(NAMED, headers) as ViewerRequest).headers;
    expect(headersOf({ 'if-none-match': { value: '"other"' } })).toEqual(NAME);
    expect(headersOf({ range, 'if-range': { value: TAG } })).toEqual({ range, ...NAME });
    expect(headersOf({ range, 'if-range': { value: '"other"' } })).toEqual(NAME);
  });

  test('that content redirects to is one, whatever a file is called', () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[/\0]/.test(name) && name.isWellFormed());
    fc.assert(
      fc.property(segment, (name) => {
        expect(ask(objectUrl({ path: `a/${name}`, sha256: HASH, sizeBytes: 1, mode: 'file' }))).toMatchObject({
          uri: `/objects/${HASH}`,
        });
      }),
    );
  });

  test.each([
    '/_o/',
    `/_o/sha256/${HASH}`,
    `/_o/sha256/${HASH}/`,
    `/_o/sha256/${HASH}/a/b`,
    `/_o/sha256/${HASH.toUpperCase()}/a`,
    `/_o/sha256/${HASH.slice(1)}/a`,
    `/_o/upstreams/${HASH}/a`,
    `/_o/objects/${HASH}/a`,
    '/_o/sha256/../upstreams/centos.ndjson.gz',
    `//_o/sha256/${HASH}/a`,
    `/_o/constructor/${HASH}/a`,
  ])('%s is none, and nothing else of the bucket can be had', (uri) => {
    expect(ask(uri)).toEqual({
      statusCode: 404,
      statusDescription: 'Not Found',
      headers: { 'cache-control': { value: 'public, max-age=5' }, 'content-type': { value: 'text/plain; charset=utf-8' } },
      body: 'There is no such object.\n',
    });
  });
});
