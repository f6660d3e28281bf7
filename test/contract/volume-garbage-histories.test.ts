import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReleaseState } from '#domain/volume/release.ts';
import type { Doom } from '#ports/volume-dooms.ts';
import { useEmulators } from '../support/emulators.ts';
import {
  type GarbageAction,
  type GarbageActor,
  type GarbagePlan,
  type GarbageRound,
  type GarbageSabotage,
  PUBLISH_STEPS,
  runGarbageHistory,
} from '../support/garbage-history.ts';
import { inMemory, type MakeBackend, type Mishap, onEmulators } from '../support/garbage-world.ts';

const emulators = useEmulators();
/** `GARBAGE_HISTORIES=100` takes a hundred of the one kind and ten thousand of the other, in some minutes. */
const HISTORIES = Number(process.env['GARBAGE_HISTORIES'] ?? 8);
/** For each on the emulators so many in memory, where only the order of calls differs. */
const IN_MEMORY = 100;
const MOST_MUTANT_HISTORIES = 3_000;

const mishap: fc.Arbitrary<Mishap | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.integer({ min: 2, max: 60 }),
      side: fc.constantFrom('before', 'after'),
      how: fc.constantFrom('death', 'death', 'fault'),
    }),
  },
);
const publishing = fc.record({
  kind: fc.constant('publish' as const),
  last: fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...PUBLISH_STEPS) },
    { weight: 2, arbitrary: fc.constant('commit' as const) },
  ),
  documentsFirst: fc.boolean(),
});
const operating = fc.record({ kind: fc.constantFrom('abort', 'abort', 'abort', 'roll-back', 'pin', 'unpin', 'resume', 'check') });
const actorOf = (actions: fc.Arbitrary<readonly GarbageAction[]>): fc.Arbitrary<GarbageActor> =>
  fc.record({ volume: fc.nat({ max: 1 }), tree: fc.nat({ max: 2 }), actions, mishap });
const publisher = actorOf(
  fc.tuple(publishing, operating).chain(([first, second]) => fc.constantFrom([first], [first, second], [second, first])),
);
const reader = actorOf(fc.constant([{ kind: 'read' }, { kind: 'read' }]));
const sweeper = actorOf(fc.constant([{ kind: 'sweep' }]));
const round: fc.Arbitrary<GarbageRound> = fc.record({
  passes: fc.constantFrom<GarbageRound['passes'][]>('nothing', 'dooms', 'grace', 'day'),
  actors: fc
    .tuple(
      fc.array(publisher, { minLength: 1, maxLength: 2 }),
      fc.array(sweeper, { minLength: 1, maxLength: 2 }),
      fc.array(reader, { maxLength: 1 }),
    )
    .map((parts) => parts.flat()),
});
const plans: fc.Arbitrary<GarbagePlan> = fc.record({
  seed: fc.integer(),
  rounds: fc.array(round, { minLength: 3, maxLength: 4 }),
});

const BACKENDS = [
  ['the emulators', HISTORIES, (): MakeBackend => onEmulators(emulators)],
  ['memory', HISTORIES * IN_MEMORY, (): MakeBackend => inMemory],
] as const;

test.each(BACKENDS)(
  'nothing goes that a release needs, and in the end all the rest is gone: %s, %s histories',
  async (_, histories, make) => {
    const seed = Number(process.env['GARBAGE_SEED'] ?? Date.now() & 0x7fffffff);
    console.log(`garbage histories: seed ${seed}`);
    const sums = { removed: 0, commits: 0, reads: 0, deaths: 0 };
    const property = fc.asyncProperty(plans, async (plan) => {
      const { violations, ...counts } = await runGarbageHistory(make(), plan);
      for (const name of ['removed', 'commits', 'reads', 'deaths'] as const) sums[name] += counts[name];
      expect(violations).toEqual([]);
    });
    await fc.assert(property, { numRuns: histories, seed, endOnFailure: true });
    const { removed, commits, reads, deaths } = sums;
    console.log(`${histories} histories: ${removed} objects removed, ${commits} releases, ${reads} reads, ${deaths} deaths`);
    expect(Math.min(removed, commits, reads, deaths)).toBeGreaterThan(histories / 8);
  },
  3_600_000,
);

const forgetting =
  (state: ReleaseState): GarbageSabotage['sweeper'] =>
  (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      releases: async (volume) => (await ports.store.releases(volume)).filter((release) => release.state !== state),
    },
  });

const doomingLate: GarbageSabotage['sweeper'] = (ports) => {
  const { dooms, garbage } = ports;
  const wanted = new Map<string, Doom>();
  const doom = async (one: Doom) => {
    wanted.set(one.sha256, one);
    return 'doomed' as const;
  };
  const remove = async (sha256: string) => {
    const one = wanted.get(sha256);
    if (one !== undefined) await dooms.doom(one);
    return garbage.remove(sha256);
  };
  return { ...ports, dooms: { ...dooms, doom }, garbage: { ...garbage, remove } };
};

const notMindingDooms: GarbageSabotage['publisher'] = (ports) => ({
  ...ports,
  dooms: { ...ports.dooms, doomed: async () => new Set() },
});

const ofOneVolume: GarbageSabotage['sweeper'] = (ports) => ({ ...ports, store: { ...ports.store, volumes: async () => ['v'] } });

const neverUncertain: GarbageSabotage['sweeper'] = (ports) => {
  const remove = async (sha256: string) => {
    await ports.garbage.remove(sha256);
    return 'removed' as const;
  };
  return { ...ports, garbage: { ...ports.garbage, remove } };
};

test.each<[string, GarbageSabotage]>([
  ['objects are doomed after the releases were looked at', { sweeper: doomingLate }],
  ['whoever seals does not mind dooms', { publisher: notMindingDooms }],
  ['releases that are being staged are not looked at', { sweeper: forgetting('STAGING') }],
  ['superseded releases are not looked at', { sweeper: forgetting('SUPERSEDED') }],
  ['only one volume is looked at', { sweeper: ofOneVolume }],
  ['a doom is lifted while a request to remove is under way', { sweeper: neverUncertain }],
])('the same histories show when %s', async (name, sabotage) => {
  for (const [at, plan] of fc.sample(plans, { numRuns: MOST_MUTANT_HISTORIES, seed: 7 }).entries()) {
    const { violations } = await runGarbageHistory(inMemory, plan, sabotage);
    if (violations.length === 0) continue;
    console.log(`${name}: after ${at + 1} histories, ${violations[0]}`);
    return;
  }
  throw new Error(`${MOST_MUTANT_HISTORIES} histories, and nothing was lost`);
});
