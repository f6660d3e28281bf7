import { describe, expect, test } from 'vitest';
import { BY_EXTENSION, BY_NAME, mediaType } from '#domain/content/media-type.ts';
import { FOREIGN_HEADERS } from '#domain/content/proxy-answer.ts';
import { loadObjectResponseFunction, type OriginResponse } from '../../local/edge/viewer-function.ts';

const HASH = '0a'.repeat(32);
const TAGGED = { etag: { value: `"sha256-${HASH}"` }, 'x-content-type-options': { value: 'nosniff' } };
const view = await loadObjectResponseFunction();

/** What becomes of an answer of the bucket. */
const answered = (
  uri: string,
  name: string | undefined,
  statusCode = 200,
  more: OriginResponse['headers'] = {},
): OriginResponse =>
  view({
    version: '1.0',
    context: { eventType: 'viewer-response' },
    request: { method: 'GET', uri, querystring: {}, headers: name === undefined ? {} : { 'x-mirrortide-name': { value: name } } },
    response: { statusCode, headers: { etag: { value: '"of the bucket"' }, 'content-type': { value: 'stored/type' }, ...more } },
  });

describe('an answer of the bucket', () => {
  test('has the tag of the hash, and the type of the name in the URL', () => {
    const headers = { ...TAGGED, 'content-type': { value: 'application/x-rpm' } };
    expect(answered(`/objects/${HASH}`, 'hat-1.rpm')).toEqual({ statusCode: 200, headers });
    expect(answered(`/objects/${HASH}`, 'hat-1.rpm', 206)).toEqual({ statusCode: 206, headers });
  });

  test('says nothing that whoever put it may have added', () => {
    const unasked = { 'content-disposition': { value: 'attachment; filename="x.exe"' }, 'content-language': { value: 'x' } };
    const headers = { ...unasked, expires: { value: 'Thu, 01 Jan 1970 00:00:00 GMT' } };
    const reply = answered(`/objects/${HASH}`, 'hat-1.rpm', 200, headers);
    expect(reply.headers).toEqual({ ...TAGGED, 'content-type': { value: 'application/x-rpm' } });
  });

  test('keeps its type where upstream gave it, with the policy that foreign files have everywhere', () => {
    const policy = { 'content-security-policy': { value: FOREIGN_HEADERS['content-security-policy'] } };
    const headers = { ...TAGGED, ...policy, 'content-type': { value: 'stored/type' } };
    expect(answered(`/proxy/${HASH}`, 'hat-1.rpm')).toEqual({ statusCode: 200, headers });
  });

  test.each([
    [`/objects/${HASH}`, 416],
    ['/upstreams/x', 200],
  ])('stays as it is for %s with %i', (uri, status) => {
    const headers = { etag: { value: '"of the bucket"' }, 'content-type': { value: 'stored/type' } };
    expect(answered(uri, 'a', status)).toEqual({ statusCode: status, headers });
  });

  const names = [...Object.keys(BY_NAME), ...Object.keys(BY_EXTENSION).flatMap((one) => [`a.${one}`, `A.${one.toUpperCase()}`])];
  test.each([...names, 'a', '.html', 'a.constructor', 'constructor', 'a.b.gz', 'a%2Bb.deb', '%zz.deb'])(
    '%s has one type everywhere',
    (name) => {
      const { headers } = answered(`/objects/${HASH}`, name);
      expect(headers['content-type']?.value).toBe(mediaType(name));
    },
  );
});
