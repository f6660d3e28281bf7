import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts, Observation } from '#domain/crawl/observation.ts';
import { rotate } from '#domain/crawl/rotate.ts';
import { chooseDirectories, chooseHeads, sampleCost } from '#domain/crawl/sample.ts';
import { unreadHeads, waitingDirectories } from '#domain/crawl/waiting.ts';
import { coverageOf } from '#domain/freshness/coverage.ts';
import { type DirectoryProof, NO_PROOFS, nextFacts } from '#domain/freshness/facts.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { aDirectory, aFile, aHead, aManifest } from '../../support/a-network.ts';

const anyCosts = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 40 });

describe('rotating through a list', () => {
  it('meets every item in as few consecutive slots as its budget is sure to allow', () => {
    fc.assert(
      fc.property(
        anyCosts,
        fc.integer({ min: 10, max: 60 }),
        fc.nat({ max: 1000 }),
        fc.string(),
        (costs, budget, first, name) => {
          const items = costs.map((cost, index) => ({ cost, index }));
          const met = new Set<number>();
          const slots = Math.ceil(items.length / Math.floor(budget / Math.max(...costs)));
          for (let slot = first; slot < first + slots; slot += 1) {
            const taken = rotate(items, ({ cost }) => cost, { budget, slot, name });
            expect(taken.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(budget);
            for (const { index } of taken) met.add(index);
          }
          expect(met.size).toBe(items.length);
        },
      ),
    );
  });
});

describe('choosing heads', () => {
  const manifest = aManifest();
  const coverage = coverageOf(manifest);
  const rotation = { budget: 1, slot: 0, name: 'm1' };

  it('asks first for what was never read, then for what was not the newest', () => {
    const read = (heads: Facts['heads']): Facts => ({ category: 'linux', heads, excluded: [] });
    const newest = { kind: 'digest' as const, sha256: aHead('alpha-1').hashes.sha256 };
    const names = (facts: Facts | undefined) => chooseHeads(coverage, facts, rotation).map(({ record }) => record.repo);
    expect(names(read({ 'alpha/os/repodata/repomd.xml': newest }))).toEqual(['beta']);
    expect(names(read({ 'alpha/os/repodata/repomd.xml': newest, 'beta/os/repodata/repomd.xml': { kind: 'absent' } }))).toEqual([
      'beta',
    ]);
  });
});

/** Loose directories only, of different costs. */
const looseManifest = (costs: readonly number[]): Manifest =>
  aManifest({
    directories: costs.map((cost, index) =>
      aDirectory(index + 1, `d${String(index).padStart(3, '0')}`, {
        sample: Array.from({ length: cost }, (_, n) => aFile(`f${n}`)),
      }),
    ),
    repositories: [],
  });

describe('proving loose directories check by check', () => {
  it('asks each of them once after a change, whatever the answers, and then counts none as waiting', () => {
    const anyAnswer = fc.constantFrom<DirectoryProof | 'unknown'>('same', 'differs', 'unknown');
    fc.assert(
      fc.property(anyCosts, fc.integer({ min: 10, max: 30 }), fc.infiniteStream(anyAnswer), (costs, budget, answers) => {
        const manifest = looseManifest(costs);
        const coverage = coverageOf(manifest);
        const asked: number[] = [];
        let facts = nextFacts(manifest, coverage, undefined, NO_PROOFS);
        let before: { observation: Observation; compared: { generation: number; facts: Facts } } | undefined;
        for (let check = 0; check < 100 && before?.observation.unproven !== 0; check += 1) {
          const waiting = waitingDirectories(manifest, coverage, before, facts);
          const choice = chooseDirectories(coverage, facts, waiting, { budget, slot: check, name: 'm1' });
          const waited = choice.directories.slice(0, choice.waited);
          asked.push(...waited.map(({ id }) => id));
          const directories = new Map<number, DirectoryProof>();
          for (const { id } of waited) {
            const answer = answers.next().value;
            if (answer === 'same' || answer === 'differs') directories.set(id, answer);
          }
          const next = nextFacts(manifest, coverage, { generation: 1, facts }, { heads: new Map(), directories });
          const unproven = waiting.length - choice.waited + unreadHeads(coverage, next);
          const observation = { unproven } as Observation;
          before = { observation, compared: { generation: 1, facts: next } };
          facts = next;
        }
        expect(asked.toSorted((a, b) => a - b)).toEqual(manifest.directories.map(({ id }) => id));
      }),
    );
  });

  it('stays within the budget, except for one directory that alone is dearer', () => {
    fc.assert(
      fc.property(anyCosts, fc.integer({ min: 1, max: 30 }), (costs, budget) => {
        const manifest = looseManifest(costs);
        const coverage = coverageOf(manifest);
        const facts = nextFacts(manifest, coverage, undefined, NO_PROOFS);
        const waiting = waitingDirectories(manifest, coverage, undefined, facts);
        const { directories } = chooseDirectories(coverage, facts, waiting, { budget, slot: 0, name: 'm1' });
        const cost = directories.reduce((sum, directory) => sum + sampleCost(directory), 0);
        expect(cost <= budget || directories.length === 1).toBe(true);
        expect(directories.length).toBeGreaterThan(0);
      }),
    );
  });
});
