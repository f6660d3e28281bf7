import { describe, expect, test } from 'vitest';
import { decideHold } from '#domain/volume/decide-volume.ts';
import { noCheck } from '#domain/volume/upstream/upstream-check.ts';
import { sweepMetrics } from '../../../functions/sweep-volumes/sweep-metrics.ts';
import type { SweepOrder } from '../../../functions/sweep-volumes/which-sweep.ts';
import { ask } from '../../support/a-volume.ts';
import { useEmulators } from '../../support/emulators.ts';
import { asked, DAY_MS, history, prefixesOf, SWEPT, type SweepSetup, sweepSetup, version } from '../../support/sweep-setup.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

const emulators = useEmulators();

const bytes = (text: string) => new TextEncoder().encode(text);
const states = async (setup: SweepSetup, volume = 'v') =>
  (await setup.store.releases(volume)).map(({ sequence, state }) => [sequence, state]);
describe('expiring releases', () => {
  test('ends what is neither current, in grace nor among the last ones, and what nobody released', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 4);
    await setup.publish('v', version(8), 'seal');
    setup.time.nowMs += DAY_MS;
    await setup.publish('v', version(9), 'stage');
    const { expired } = await setup.sweep();
    expect(expired).toBe(3);
    expect(await states(setup)).toEqual([
      [6, 'STAGING'],
      [5, 'ABORTED'],
      [4, 'CURRENT'],
      [3, 'SUPERSEDED'],
      [2, 'ABORTED'],
      [1, 'ABORTED'],
    ]);
    expect((await setup.sweep()).expired).toBe(0);
  });

  test('keeps whatever was released of a volume that is not declared', async () => {
    const setup = await sweepSetup(emulators, []);
    const all = await history(setup, 3);
    await setup.publish('v', version(9), 'validate');
    setup.time.nowMs += 30 * DAY_MS;
    expect(await setup.sweep()).toMatchObject({ volumes: 1, expired: 1 });
    expect((await states(setup)).map(([, state]) => state)).toEqual(['ABORTED', 'CURRENT', 'SUPERSEDED', 'SUPERSEDED']);
    expect(await setup.stored()).toEqual(new Set(all.flatMap(({ objects }) => [...objects.keys()])));
    expect(setup.logged).toContain('info a volume is not declared and keeps what was released');
  });
});

describe('when all objects are swept', () => {
  test('by itself a day after the last time; when somebody asks, at once, and once for one message', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 1);
    const runs: (string | undefined)[] = [];
    const look = async (order?: SweepOrder) => runs.push((await setup.sweep(order)).sweep?.run);
    await look();
    await look();
    await look(asked('mine'));
    await look(asked('mine'));
    setup.time.nowMs += 23 * 3_600_000 - 1;
    await look();
    setup.time.nowMs += 1;
    await look();
    await look(asked('plan', 'planned'));
    await look();
    expect(runs.map((run) => run?.replace(/^id-.*/, 'by itself'))).toEqual([
      'by itself',
      undefined,
      'mine',
      undefined,
      undefined,
      'by itself',
      'plan',
      undefined,
    ]);
  });

  test('in several runs when there is no time for it in one', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    const [release] = await history(setup, 1);
    const orphans = Array.from({ length: 60 }, (_, at) => `orphan ${at}`);
    for (const orphan of orphans) await setup.objects.put(hashOf(orphan), bytes(orphan));
    setup.time.nowMs += DAY_MS;
    const prefixes = prefixesOf(await setup.stored());
    // Every removal takes its time, so that a run ends after the first groups.
    const slowly = {
      ...setup.deps.garbage,
      remove: async (hash: string) => {
        setup.time.nowMs += 30_000;
        return setup.deps.garbage.remove(hash);
      },
    };
    const seen: (number | undefined)[] = [];
    for (let runs = 0; seen.at(-1) !== prefixes.length; runs += 1) {
      expect(runs).toBeLessThan(10);
      const { sweep } = await setup.sweep({ kind: 'hourly' }, { prefixes, garbage: slowly });
      expect(sweep?.run).toBe('id-1');
      expect(sweep?.endedMs === undefined).toBe(sweep?.prefixes !== prefixes.length);
      seen.push(sweep?.prefixes);
    }
    expect(seen.length).toBeGreaterThan(1);
    expect(await setup.stored()).toEqual(new Set(release!.objects.keys()));
    expect(await setup.deps.sweeps.last()).toMatchObject({ removed: 60, spared: 0, looked: 60 + release!.objects.size });
  });

  test('not at all when there is no time to read the trees, which is a problem', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 1);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    const store = {
      ...setup.store,
      volumes: async () => {
        setup.time.nowMs += 600_000;
        return setup.store.volumes();
      },
    };
    expect((await setup.sweep({ kind: 'hourly' }, { store })).sweep).toMatchObject({
      removed: 0,
      problem: 'there was no time to read the trees of all releases',
    });
  });
});

test('people are told what to look at', async () => {
  const upstream = { kind: 'http', url: 'https://up', excludes: [], everyMs: 3_600_000, release: true } as const;
  const setup = await sweepSetup(emulators, [
    { ...SWEPT, quotaBytes: 20 },
    { ...SWEPT, id: 'w', mount: 'w', quotaBytes: 1_000, upstream },
    { ...SWEPT, id: 'x', mount: 'x', upstream },
  ]);
  await setup.publish('v', version(1));
  await setup.publish('w', version(2), 'validate');
  await ask(setup.store, undefined, (view) => decideHold(view, 'why'), { volume: 'w', nowMs: setup.time.nowMs });
  await setup.checked({ ...noCheck('w'), checkedMs: setup.time.nowMs - 2 * 3_600_000 });
  await setup.checked({ ...noCheck('x'), failures: 3 });
  const metrics = async () => Object.fromEntries(sweepMetrics(await setup.sweep()).map(([name, value]) => [name, value]));
  const calm = { VolumeSweeps: 1, SweepStopped: 0, GarbageRemovedBytes: 0, QuotaNear: 60 };
  expect(await metrics()).toEqual({ ...calm, VolumesHeldTooLong: 0, ReleasesWaiting: 0, VolumesStale: 1 });
  setup.time.nowMs += DAY_MS / 2 + 1;
  expect(await metrics()).toEqual({ ...calm, VolumesHeldTooLong: 0, ReleasesWaiting: 1, VolumesStale: 2 });
  setup.time.nowMs += DAY_MS / 2;
  expect(await metrics()).toMatchObject({ VolumesHeldTooLong: 1, ReleasesWaiting: 0, VolumesStale: 2 });
  expect(setup.logged.filter((line) => line.startsWith('warn')).length).toBeGreaterThan(3);
});
