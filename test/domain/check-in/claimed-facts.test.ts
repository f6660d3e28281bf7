import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHECK_IN_INTERVAL_MS, type CheckInClaim, tooSoonMs } from '#domain/check-in/check-in.ts';
import { claimedFacts, countDirectories } from '#domain/check-in/claimed-facts.ts';
import { coverageOf } from '#domain/freshness/coverage.ts';
import type { ComparedFacts } from '#domain/freshness/facts.ts';
import { aChangedManifest, aHead, aManifest } from '../../support/a-network.ts';

const manifest = aChangedManifest();
const master = { manifest, coverage: coverageOf(manifest) };
const PATHS = manifest.directories.map(({ path }) => path);
const HEADS = ['alpha/os/repodata/repomd.xml', 'beta/os/repodata/repomd.xml'];
const STATES = ['alpha-1', 'alpha-2', 'beta-1', 'other'].map((state) => aHead(state).hashes.sha256);

const paths = fc.subarray([...PATHS, '', 'unknown']).map((listed) => new Set(listed));
const claims: fc.Arbitrary<CheckInClaim> = fc.oneof(
  fc.constant<CheckInClaim>({ kind: 'manifest', digest: '' }),
  fc
    .dictionary(fc.constantFrom(...HEADS, 'unknown'), fc.constantFrom(...STATES))
    .map((heads): CheckInClaim => ({ kind: 'heads', heads: new Map(Object.entries(heads)) })),
  paths.map((listed): CheckInClaim => ({ kind: 'directories', paths: listed })),
);
const earlier: fc.Arbitrary<ComparedFacts | undefined> = fc.option(
  fc.record({ generation: fc.constantFrom(1, 2), claim: claims }).map(({ generation, claim }) => {
    const before = generation === 1 ? aManifest() : manifest;
    const facts = claimedFacts({ manifest: before, coverage: coverageOf(before) }, claim)?.(undefined);
    return facts === undefined ? undefined : { generation, facts };
  }),
  { nil: undefined },
);

const known = (claim: CheckInClaim): boolean => {
  if (claim.kind === 'heads') return HEADS.some((path) => claim.heads.has(path));
  return claim.kind === 'manifest' || (claim.kind === 'directories' && PATHS.some((path) => claim.paths.has(path)));
};

describe('facts of a claim', () => {
  test('are there when anything in it is known, ascending, and of nothing that the manifest lacks', () => {
    fc.assert(
      fc.property(claims, earlier, (claim, before) => {
        const facts = claimedFacts(master, claim)?.(before);
        expect(facts !== undefined).toBe(known(claim));
        if (facts === undefined) return;
        expect(facts.excluded).toEqual([...new Set(facts.excluded)].sort((a, b) => a - b));
        expect(facts.excluded.every((id) => manifest.directories.some((directory) => directory.id === id))).toBe(true);
        expect(Object.keys(facts.heads).every((path) => HEADS.includes(path))).toBe(true);
      }),
    );
  });

  test('by directories are exactly what was listed: it is held, with the newest heads in it, and the rest is not', () => {
    fc.assert(
      fc.property(paths, (listed) => {
        const facts = claimedFacts(master, { kind: 'directories', paths: listed })?.(undefined);
        if (facts === undefined) return;
        const held = manifest.directories.filter(({ id }) => !facts.excluded.includes(id)).map(({ path }) => path);
        expect(new Set(held)).toEqual(new Set(PATHS.filter((path) => listed.has(path))));
        const newest = { [HEADS[0] ?? '']: STATES[1], [HEADS[1] ?? '']: STATES[2] };
        for (const path of HEADS) {
          const inListed = listed.has(path.replace('/repomd.xml', ''));
          expect(facts.heads[path]).toEqual(inListed ? { kind: 'digest', sha256: newest[path] } : { kind: 'absent' });
        }
      }),
    );
  });

  test('are the same for the same claim again', () => {
    fc.assert(
      fc.property(claims, earlier, (claim, before) => {
        const make = claimedFacts(master, claim);
        const once = make?.(before);
        const again = once === undefined ? undefined : make?.({ generation: manifest.generation, facts: once });
        expect(again).toEqual(once);
      }),
    );
  });

  test('a host that only says that it synced says nothing that could be a fact', () => {
    expect(claimedFacts(master, { kind: 'synced' })).toBeUndefined();
  });

  test('counts of directories come to what is held now, and what was held before', () => {
    fc.assert(
      fc.property(claims, earlier, (claim, before) => {
        const facts = claimedFacts(master, claim)?.(before);
        if (facts === undefined) return;
        const { updated, added, deleted } = countDirectories(master, before, facts);
        expect(updated + added).toBe(PATHS.length - facts.excluded.length);
        const heldBefore = before === undefined ? 0 : PATHS.length - before.facts.excluded.length;
        expect(updated + deleted).toBe(heldBefore);
      }),
    );
  });
});

test('a host waits until half a minute after it was heard, and never longer, whatever the clock did', () => {
  expect(tooSoonMs(undefined, 7)).toBeUndefined();
  expect(tooSoonMs(1_000, 1_000)).toBe(CHECK_IN_INTERVAL_MS);
  expect(tooSoonMs(1_000, 1_000 + CHECK_IN_INTERVAL_MS - 1)).toBe(1);
  expect(tooSoonMs(1_000, 1_000 + CHECK_IN_INTERVAL_MS)).toBeUndefined();
  expect(tooSoonMs(1_001, 1_000)).toBeUndefined();
});
