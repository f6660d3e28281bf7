import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptedHeads } from '#domain/freshness/accepted-heads.ts';
import { ageHeads, LONGEST_HISTORY } from '#domain/master/age-heads.ts';
import type { Head } from '#domain/master/manifest.ts';
import { headOf } from '../../support/master-listing.ts';

const POLICY = { propagationMs: 30, staleMs: 20 };
/** Scans at the given moments, each seeing the head of that letter. */
const history = (...scans: [string, number][]): readonly Head[] => {
  let heads: readonly Head[] = [];
  for (const [seed, nowMs] of scans) heads = ageHeads(heads, headOf(seed), POLICY, nowMs);
  return heads;
};

describe('the history of a head', () => {
  it('is not touched by the same head again', () => {
    const before = history(['a', 1], ['b', 2]);
    expect(ageHeads(before, headOf('b'), POLICY, 99)).toBe(before);
  });

  it('has a new head first, with the moment it was seen', () => {
    expect(history(['a', 1], ['b', 2])).toEqual([headOf('b', 2), headOf('a', 1)]);
  });

  it('has a head that returns first again, with the moment of its return, and once', () => {
    expect(history(['a', 1], ['b', 2], ['a', 3])).toEqual([headOf('a', 3), headOf('b', 2)]);
  });

  it('never loses the newest head or one that is still accepted, has no head twice, and does not grow without end', () => {
    const scans = fc.array(fc.tuple(fc.stringMatching(/^[a-p]{1,2}$/), fc.nat(15)), { maxLength: 120, size: 'max' });
    fc.assert(
      fc.property(scans, (steps) => {
        let nowMs = 0;
        let heads: readonly Head[] = [];
        for (const [seed, waitMs] of steps) {
          nowMs += waitMs;
          const before = heads;
          heads = ageHeads(before, headOf(seed), POLICY, nowMs);
          const kept = heads.map(({ hashes }) => hashes.sha256);
          expect(kept[0]).toBe(headOf(seed).hashes.sha256);
          expect(new Set(kept).size).toBe(kept.length);
          expect(kept.length).toBeLessThanOrEqual(LONGEST_HISTORY);
          const all = before.some(({ hashes }) => hashes.sha256 === kept[0]) ? heads : [...heads.slice(0, 1), ...before];
          const accepted = acceptedHeads(all, POLICY, nowMs).slice(0, LONGEST_HISTORY);
          for (const head of accepted) expect(heads).toContainEqual(head);
        }
      }),
    );
  });
});
