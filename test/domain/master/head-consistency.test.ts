import { describe, expect, it } from 'vitest';
import { type HeadRead, headMismatch } from '#domain/master/head-consistency.ts';

const LISTED = { sizeBytes: 10, modifiedSeconds: 100 };
const read = (rest: Partial<HeadRead>): HeadRead => ({
  sizeBytes: 10,
  sha256: 'a',
  modifiedSeconds: undefined,
  ageMs: undefined,
  ...rest,
});

describe('a head that was read', () => {
  it.each([
    ['the listed digest', read({ sizeBytes: 11 }), 'a', 5_000],
    ['the listed size, and no time', read({}), undefined, 5_000],
    ['the listed time, however young', read({ modifiedSeconds: 100, ageMs: 0 }), undefined, 5_000],
    ['another time by another clock, but older than the scan', read({ modifiedSeconds: 90, ageMs: 7_000 }), undefined, 5_000],
  ])('belongs to the listing with %s', (_, head, digest, scanRunsMs) => {
    expect(headMismatch(LISTED, digest, head, scanRunsMs)).toBeUndefined();
  });

  it.each([
    ['another digest', read({ modifiedSeconds: 100 }), 'b', 'its digest is not the listed one'],
    ['another size', read({ sizeBytes: 11, modifiedSeconds: 100 }), undefined, 'it has 11 bytes, not the listed 10'],
    ['another time in the same field', read({ modifiedSeconds: 101 }), undefined, 'its time is not the listed one'],
    [
      'another time, younger than the scan',
      read({ modifiedSeconds: 90, ageMs: 6_000 }),
      undefined,
      'it was changed while the scan ran',
    ],
  ])('does not with %s', (_, head, digest, reason) => {
    expect(headMismatch(LISTED, digest, head, 5_000)).toBe(reason);
  });
});
