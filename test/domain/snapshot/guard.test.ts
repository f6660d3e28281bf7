import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardSnapshot, type SnapshotSummary } from '#domain/snapshot/guard.ts';

const policy = { maximumShrinkShare: 0.2 };
const large: SnapshotSummary = { directories: 1000, repositories: 100, servedRepositories: 100, listedHosts: 100 };

describe('the guard of a snapshot', () => {
  it('accepts the first one that lists somebody', () => {
    expect(guardSnapshot(undefined, large, policy)).toEqual({ kind: 'accepted' });
  });

  it('refuses a first one that lists nobody or holds nothing', () => {
    expect(guardSnapshot(undefined, { ...large, listedHosts: 0 }, policy).kind).toBe('refused');
    expect(guardSnapshot(undefined, { ...large, directories: 0, repositories: 0 }, policy).kind).toBe('refused');
  });

  it.each(['directories', 'repositories', 'servedRepositories', 'listedHosts'] as const)(
    'refuses a sharp loss of %s',
    (measure) => {
      const next = { ...large, [measure]: large[measure] * 0.7 };
      expect(guardSnapshot(large, next, policy)).toEqual({
        kind: 'refused',
        reasons: [expect.stringContaining(`went from ${large[measure]} to ${next[measure]}`)],
      });
    },
  );

  it('lets three of four mirrors of a small network go, and not the last', () => {
    const small: SnapshotSummary = { directories: 5, repositories: 2, servedRepositories: 2, listedHosts: 4 };
    expect(guardSnapshot(small, { ...small, listedHosts: 1 }, policy).kind).toBe('accepted');
    expect(guardSnapshot(small, { ...small, listedHosts: 0 }, policy).kind).toBe('refused');
  });

  const anySummary = fc.record({
    directories: fc.nat({ max: 500 }),
    repositories: fc.nat({ max: 500 }),
    servedRepositories: fc.nat({ max: 500 }),
    listedHosts: fc.nat({ max: 500 }),
  });
  const anyPolicy = fc.record({ maximumShrinkShare: fc.double({ min: 0, max: 1, noNaN: true }) });

  it('never accepts an empty snapshot, whatever was before and whatever the policy', () => {
    fc.assert(
      fc.property(fc.option(anySummary, { nil: undefined }), anySummary, anyPolicy, (previous, next, any) => {
        const empty = next.listedHosts === 0 || next.directories + next.repositories === 0;
        if (empty) expect(guardSnapshot(previous, next, any).kind).toBe('refused');
      }),
    );
  });

  it('accepts what does not shrink, and names at least one reason when it refuses', () => {
    fc.assert(
      fc.property(anySummary, anySummary, anyPolicy, (previous, gain, any) => {
        const next: SnapshotSummary = {
          directories: previous.directories + gain.directories + 1,
          repositories: previous.repositories + gain.repositories,
          servedRepositories: previous.servedRepositories + gain.servedRepositories,
          listedHosts: previous.listedHosts + gain.listedHosts + 1,
        };
        expect(guardSnapshot(previous, next, any)).toEqual({ kind: 'accepted' });
        const back = guardSnapshot(next, previous, any);
        if (back.kind === 'refused') expect(back.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
