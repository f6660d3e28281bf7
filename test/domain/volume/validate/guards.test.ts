import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardProblems } from '#domain/volume/validate/guards.ts';

const LIMITS = { maximumShrinkShare: 0.2 };
const totals = (files: number, bytes: number) => ({ files, bytes });

describe('the guards of a volume', () => {
  it('let the first release have anything but nothing', () => {
    expect(guardProblems(LIMITS, undefined, totals(1, 0))).toEqual([]);
    expect(guardProblems(LIMITS, undefined, totals(0, 0))).toEqual([{ path: '', message: 'has no files' }]);
  });

  it('refuse a release that has fewer files or bytes than the share allows', () => {
    expect(guardProblems(LIMITS, totals(100, 1000), totals(80, 800))).toEqual([]);
    expect(guardProblems(LIMITS, totals(100, 1000), totals(79, 799))).toEqual([
      { path: '', message: 'shrinks from 100 files to 79; 20 % less is allowed' },
      { path: '', message: 'shrinks from 1000 bytes to 799; 20 % less is allowed' },
    ]);
  });

  it('refuse a release that grows by more than the share, where there is one', () => {
    const limits = { ...LIMITS, maximumGrowthShare: 0.125 };
    expect(guardProblems(LIMITS, totals(8, 1000), totals(8, 9000))).toEqual([]);
    expect(guardProblems(limits, totals(8, 1000), totals(80, 1125))).toEqual([]);
    expect(guardProblems(limits, totals(8, 1000), totals(8, 1126))).toEqual([
      { path: '', message: 'grows from 1000 bytes to 1126; 12.5 % more is allowed' },
    ]);
  });

  it('refuse a release above the quota', () => {
    const limits = { ...LIMITS, quotaBytes: 10 };
    expect(guardProblems(limits, undefined, totals(1, 10))).toEqual([]);
    expect(guardProblems(limits, undefined, totals(1, 11))).toEqual([{ path: '', message: 'has 11 bytes; the quota is 10' }]);
  });

  it('never refuse what did not change, if it was within the quota', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const count = fc.integer({ min: 1, max: 1e12 });
    fc.assert(
      fc.property(share, share, count, count, (maximumShrinkShare, maximumGrowthShare, files, bytes) => {
        const limits = { maximumShrinkShare, maximumGrowthShare, quotaBytes: bytes };
        expect(guardProblems(limits, totals(files, bytes), totals(files, bytes))).toEqual([]);
      }),
    );
  });
});
