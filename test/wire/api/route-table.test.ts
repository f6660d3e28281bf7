import { expect, test } from 'vitest';
import { knownQuery, wrongQuery } from '#wire/api/known-query.ts';
import { findEndpoint, type RouteOf } from '#wire/api/route-table.ts';

const ROUTES: readonly RouteOf<string>[] = [
  { path: '/a', methods: { GET: 'list' } },
  { path: '/a/{id}', methods: { GET: 'read', POST: 'change' } },
  { path: '/a/{id}/b/{other}', methods: { POST: 'both' } },
];

test.each([
  ['GET', '/a', 'list', []],
  ['GET', '/a/', 'list', []],
  ['HEAD', '/a/x', 'read', ['x']],
  ['POST', '/a/x%2Fy', 'change', ['x/y']],
  ['POST', '/a/%C3%BC/b/c', 'both', ['ü', 'c']],
])('%s %s is answered by %s', (method, path, endpoint, params) => {
  expect(findEndpoint(ROUTES, { method, path })).toEqual({ kind: 'endpoint', endpoint, params });
});

test.each([
  ['GET', '/', 404, undefined],
  ['GET', '/b', 404, undefined],
  ['POST', '/a/x/b', 404, undefined],
  ['GET', '/a/%ff', 400, undefined],
  ['POST', '/a', 405, 'GET, HEAD, OPTIONS'],
  ['HEAD', '/a/x/b/c', 405, 'POST, OPTIONS'],
  ['toString', '/a', 405, 'GET, HEAD, OPTIONS'],
  ['OPTIONS', '/a/x', 204, 'GET, POST, HEAD, OPTIONS'],
])('%s %s has nothing to answer it: %i', (method, path, status, allow) => {
  const outcome = findEndpoint(ROUTES, { method, path });
  expect(outcome.kind === 'reply' && [outcome.reply.statusCode, outcome.reply.headers['allow']]).toEqual([status, allow]);
});

test('a query has the parameters that are known, each once', () => {
  expect(knownQuery('', ['a'])).toEqual({});
  expect(knownQuery('a=1&b=%20', ['a', 'b'])).toEqual({ a: '1', b: ' ' });
  for (const query of ['c=1', 'a=1&a=2', 'A=1', '__proto__=1']) expect(knownQuery(query, ['a', 'b'])).toBeUndefined();
  expect(JSON.parse(wrongQuery(['a', 'b'], '; a is x').body)).toEqual({
    kind: 'invalid_request',
    value: 'Parameters here are a, b, each at most once; a is x.',
  });
  expect(JSON.parse(wrongQuery([]).body)).toMatchObject({ value: 'There are no parameters here.' });
});
