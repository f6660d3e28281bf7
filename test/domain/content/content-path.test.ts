import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodePath } from '#domain/answer/url-path.ts';
import { decodePath } from '#domain/content/content-path.ts';

test.each([
  ['/ubuntu/pool/libstdc%2B%2B.deb', { kind: 'path', path: '/ubuntu/pool/libstdc++.deb' }],
  ['/a%00b', { kind: 'path', path: '/a\0b' }],
  ['/a/../b', { kind: 'path', path: '/a/../b' }],
  ['/a//b///c/', { kind: 'elsewhere', path: '/a/b/c/' }],
  ['//evil.example/', { kind: 'elsewhere', path: '/evil.example/' }],
  ['/%2Fevil.example/', { kind: 'elsewhere', path: '/evil.example/' }],
  ['/%', { kind: 'malformed' }],
  ['/%ff', { kind: 'malformed' }],
  ['', { kind: 'malformed' }],
  ['*', { kind: 'malformed' }],
])('%j is read once', (raw, expected) => {
  expect(decodePath(raw)).toEqual(expected);
});

test('what is encoded as a path is read as that path', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const path = `/${text
        .toWellFormed()
        .replaceAll(/\/{2,}/g, '/')
        .replace(/^\//, '')}`;
      expect(decodePath(encodePath(path))).toEqual({ kind: 'path', path });
    }),
  );
});
