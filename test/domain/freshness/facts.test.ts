import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadSeen } from '#domain/crawl/observation.ts';
import { coverageOf } from '#domain/freshness/coverage.ts';
import { type ComparedFacts, type DirectoryProof, NO_PROOFS, nextFacts, type Proofs } from '#domain/freshness/facts.ts';
import { aChangedManifest, aDirectory, aHead, aManifest } from '../../support/a-network.ts';

const ALPHA = 'alpha/os/repodata/repomd.xml';
const BETA = 'beta/os/repodata/repomd.xml';
const digest = (state: string): HeadSeen => ({ kind: 'digest', sha256: aHead(state).hashes.sha256 });
const proofs = (heads: Record<string, HeadSeen>, directories: Record<number, DirectoryProof> = {}): Proofs => ({
  heads: new Map(Object.entries(heads)),
  directories: new Map(Object.entries(directories).map(([id, proof]) => [Number(id), proof])),
});

const first = aManifest();
const second = aChangedManifest();
const [firstCoverage, secondCoverage] = [coverageOf(first), coverageOf(second)];
const inSync = (): ComparedFacts => ({
  generation: 1,
  facts: nextFacts(
    first,
    firstCoverage,
    undefined,
    proofs({ [ALPHA]: digest('alpha-1'), [BETA]: digest('beta-1') }, { 7: 'same', 8: 'same' }),
  ),
});

describe('the facts rule', () => {
  it('takes everything for changed at the first check', () => {
    expect(nextFacts(first, firstCoverage, undefined, NO_PROOFS).excluded).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('lets the newest head prove every directory below its repository, and nothing else', () => {
    expect(nextFacts(first, firstCoverage, undefined, proofs({ [ALPHA]: digest('alpha-1') })).excluded).toEqual([4, 5, 6, 7, 8]);
  });

  it('excludes what the master changed until it is proved', () => {
    expect(nextFacts(second, secondCoverage, inSync(), proofs({ [ALPHA]: digest('alpha-1') })).excluded).toEqual([2, 3]);
    expect(nextFacts(second, secondCoverage, inSync(), proofs({ [ALPHA]: digest('alpha-2') })).excluded).toEqual([]);
  });

  it('believes a comparison of the files before the head', () => {
    const found = nextFacts(first, firstCoverage, inSync(), proofs({ [ALPHA]: digest('alpha-1') }, { 3: 'differs' }));
    expect(found.excluded).toEqual([3]);
    const later = nextFacts(first, firstCoverage, { generation: 1, facts: found }, proofs({ [ALPHA]: digest('alpha-1') }));
    expect(later.excluded).toEqual([3]);
    const synced = nextFacts(second, secondCoverage, { generation: 1, facts: found }, proofs({ [ALPHA]: digest('alpha-2') }));
    expect(synced.excluded).toEqual([]);
  });

  it('counts a head that the master caught up with as an arrival', () => {
    const ahead = nextFacts(first, firstCoverage, inSync(), proofs({ [ALPHA]: digest('alpha-2') }, { 3: 'differs' }));
    expect(nextFacts(second, secondCoverage, { generation: 1, facts: ahead }, NO_PROOFS).excluded).toEqual([]);
  });

  it('forgets directories and heads that the master no longer has', () => {
    const smaller = aManifest({ directories: [aDirectory(7, 'iso')], repositories: [] });
    const before: ComparedFacts = { generation: 1, facts: { ...inSync().facts, excluded: [3, 7] } };
    expect(nextFacts(smaller, coverageOf(smaller), before, NO_PROOFS)).toEqual({ category: 'linux', heads: {}, excluded: [7] });
  });

  const anyHead = fc.constantFrom<HeadSeen>(digest('alpha-1'), digest('alpha-2'), digest('other'), { kind: 'absent' });
  const anyProofs = fc
    .record({
      alpha: fc.option(anyHead, { nil: undefined }),
      beta: fc.option(fc.constantFrom<HeadSeen>(digest('beta-1'), { kind: 'absent' }), { nil: undefined }),
      directories: fc.dictionary(fc.constantFrom('1', '3', '6', '7', '8'), fc.constantFrom<DirectoryProof>('same', 'differs')),
    })
    .map(({ alpha, beta, directories }) =>
      proofs({ ...(alpha && { [ALPHA]: alpha }), ...(beta && { [BETA]: beta }) }, directories as Record<number, DirectoryProof>),
    );
  const history = fc.array(anyProofs, { maxLength: 5 });
  const live = (checks: readonly Proofs[]): ComparedFacts | undefined =>
    checks.reduce<ComparedFacts | undefined>(
      (before, check) => ({ generation: 1, facts: nextFacts(first, firstCoverage, before, check) }),
      undefined,
    );

  it('changes nothing when nothing was learned: unknown never becomes good', () => {
    fc.assert(
      fc.property(history, (checks) => {
        const before = live(checks);
        if (before !== undefined) expect(nextFacts(first, firstCoverage, before, NO_PROOFS)).toEqual(before.facts);
      }),
    );
  });

  it('never lets a directory leave the excluded set without proof', () => {
    fc.assert(
      fc.property(history, anyProofs, fc.constantFrom(first, second), (checks, check, manifest) => {
        const before = live(checks);
        const coverage = coverageOf(manifest);
        const next = nextFacts(manifest, coverage, before, check);
        const stays = new Set(next.excluded);
        for (const id of before?.facts.excluded ?? []) {
          if (stays.has(id)) continue;
          const tree = coverage.trees[coverage.treeOf.get(id) ?? -1];
          const seen = tree === undefined ? undefined : next.heads[tree.headPath];
          const byHead = seen?.kind === 'digest' && seen.sha256 === tree?.newest && check.directories.get(id) !== 'differs';
          expect(check.directories.get(id) === 'same' || byHead).toBe(true);
        }
      }),
    );
  });

  it('always excludes what was just found to differ', () => {
    fc.assert(
      fc.property(history, anyProofs, (checks, check) => {
        const next = nextFacts(second, secondCoverage, live(checks), check);
        for (const [id, proof] of check.directories) expect(next.excluded.includes(id)).toBe(proof === 'differs');
      }),
    );
  });
});
