import { describe, expect, test } from 'vitest';
import { putObject } from '#adapters/aws/s3-object.ts';
import { Fault } from '#domain/errors.ts';
import { DOOM_MS, HASH_PREFIXES } from '#domain/volume/garbage.ts';
import { sweepMetrics } from '../../../functions/sweep-volumes/sweep-metrics.ts';
import { useEmulators } from '../../support/emulators.ts';
import { prepare } from '../../support/publish-release.ts';
import { asked, DAY_MS, history, prefixesOf, SWEPT, type SweepSetup, sweepSetup, version } from '../../support/sweep-setup.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

const emulators = useEmulators();

const bytes = (text: string) => new TextEncoder().encode(text);

/** The objects of the bucket, one of them put at a moment. */
async function* aged(setup: SweepSetup, prefix: string, hash: string, storedMs: number) {
  for await (const page of setup.deps.garbage.list(prefix))
    yield page.map((object) => (object.sha256 === hash ? { ...object, storedMs } : object));
}

describe('removing objects', () => {
  test('leaves what a release has, and what is young, and reports what it did', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    const [first, second] = await history(setup, 2);
    const orphan = hashOf('orphan');
    await setup.objects.put(orphan, bytes('orphan'));
    await setup.publish('v', version(7), 'validate');
    setup.time.nowMs += DAY_MS;
    const young = { ...setup.deps.garbage, list: (prefix: string) => aged(setup, prefix, orphan, setup.time.nowMs - DAY_MS) };
    const before = await setup.stored();
    const outcome = await setup.sweep({ kind: 'hourly' }, { garbage: young, prefixes: HASH_PREFIXES });
    const goes = [...prepare(version(7)).objects.keys()].filter((hash) => hash !== hashOf('same'));
    expect(await setup.stored()).toEqual(new Set([...before].filter((hash) => !goes.includes(hash))));
    const removedBytes = goes.reduce((sum, hash) => sum + (prepare(version(7)).objects.get(hash)?.length ?? 0), 0);
    const sweep = {
      run: 'id-1',
      mode: 'done',
      by: 'schedule',
      startedMs: setup.time.nowMs,
      endedMs: setup.time.nowMs,
      prefixes: 256,
      expired: 1,
      looked: before.size,
      doomed: 3,
      removed: 3,
      spared: 0,
      bytes: removedBytes,
    };
    expect(outcome).toMatchObject({ removedBytes, sweep });
    expect(await setup.deps.sweeps.last()).toEqual(sweep);
    for (const { tree } of [first!, second!]) expect(await setup.objects.sizeBytes(tree.sha256)).toBeDefined();
    expect(await Promise.all(goes.map((hash) => setup.deps.dooms.list(hash)))).toEqual(goes.map(() => []));
  });

  test('is only counted by a plan, which changes nothing but its report', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 4);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    setup.time.nowMs += 2 * DAY_MS;
    const [contents, stored] = [await setup.contents(), await setup.stored()];
    const plan = (await setup.sweep(asked('p1', 'planned'))).sweep;
    expect(await setup.stored()).toEqual(stored);
    expect((await setup.contents()).filter((item) => !contents.includes(item)).length).toBe(1);
    // Two releases of which each has a file, a shard and a root of its own, and the orphan.
    expect(plan).toMatchObject({ run: 'p1', mode: 'planned', by: 'user:ann', expired: 2, doomed: 0, removed: 7, spared: 0 });
    const done = (await setup.sweep(asked('d1'))).sweep;
    expect(done).toMatchObject({ expired: 2, doomed: 7, removed: 7, spared: 0, bytes: plan?.bytes, looked: plan?.looked });
    expect(await setup.deps.sweeps.last('planned')).toEqual(plan);
    expect((await setup.sweep(asked('p2', 'planned'))).sweep).toMatchObject({ expired: 0, removed: 0, bytes: 0 });
  });

  test('spares what somebody staged between the doom and the look', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 1);
    for (const hash of ['late', 'orphan']) await setup.objects.put(hashOf(hash), bytes(hash));
    let staged = 0;
    const dooms: typeof setup.deps.dooms = {
      ...setup.deps.dooms,
      doom: async (doom) => {
        const outcome = await setup.deps.dooms.doom(doom);
        if (doom.sha256 === hashOf('late')) staged += (await setup.publish('v', { late: 'late' }, 'store')).objects.size;
        return outcome;
      },
    };
    expect((await setup.sweep({ kind: 'hourly' }, { dooms })).sweep).toMatchObject({ doomed: 2, removed: 1, spared: 1 });
    expect(staged).toBe(3);
    expect([await setup.objects.sizeBytes(hashOf('late')), await setup.objects.sizeBytes(hashOf('orphan'))]).toEqual([
      4,
      undefined,
    ]);
    expect(await setup.deps.dooms.list(hashOf('late'))).toEqual([]);
  });

  test('goes on though a release has no documents yet, and keeps those that it has', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    const staged = await setup.publish('v', version(1), 'stage');
    await setup.objects.put(staged.tree.sha256, staged.tree.document);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    expect((await setup.sweep()).sweep).toMatchObject({ doomed: 1, removed: 1 });
    expect(await setup.stored()).toEqual(new Set([staged.tree.sha256]));
  });

  test('leaves a doom on what a request that got no answer may still remove', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    const garbage = {
      ...setup.deps.garbage,
      remove: async (hash: string) => {
        await setup.deps.garbage.remove(hash);
        return 'uncertain' as const;
      },
    };
    const prefixes = prefixesOf(await setup.stored());
    expect((await setup.sweep({ kind: 'hourly' }, { garbage })).sweep).toMatchObject({ removed: 1 });
    expect(await setup.dooms.doomed([hashOf('orphan')])).toEqual(new Set([hashOf('orphan')]));
    setup.time.nowMs += DOOM_MS;
    expect(await setup.dooms.doomed([hashOf('orphan')])).toEqual(new Set());
    await setup.sweep(asked('again'), { prefixes });
    expect(await setup.deps.dooms.list(hashOf('orphan'))).toEqual([]);
  });

  test('leaves what another sweeper doomed, unless that one is surely dead', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    await setup.deps.dooms.doom({ sha256: hashOf('orphan'), by: 'another', atMs: setup.time.nowMs });
    setup.time.nowMs += DOOM_MS - 1;
    expect((await setup.sweep(asked('one'))).sweep).toMatchObject({ doomed: 1, removed: 0, spared: 1 });
    setup.time.nowMs += 1;
    expect((await setup.sweep(asked('two'))).sweep).toMatchObject({ doomed: 1, removed: 1, spared: 0 });
  });
});

describe('a tree of which nobody knows what it has', () => {
  const damage = async (setup: SweepSetup, hash: string, how: 'removed' | 'damaged'): Promise<void> => {
    if (how === 'removed') await setup.deps.garbage.remove(hash);
    else await putObject(setup.bucket, `objects/${hash}`, 'damaged', {});
  };

  test.each(['removed', 'damaged'] as const)('stops the sweep before anything goes: its shard was %s', async (how) => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    const [release] = await history(setup, 1);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    await damage(setup, release!.tree.root.shards[0]!.sha256, how);
    const outcome = await setup.sweep();
    expect(await setup.objects.sizeBytes(hashOf('orphan'))).toBe(6);
    const problem = `what release 1 of v needs is not known: ${how === 'removed' ? 'a document of it is not there' : 'an object does not have the SHA-256 that it is named by'} (CURRENT, ${release?.tree.sha256})`;
    expect(outcome.sweep).toMatchObject({ removed: 0, doomed: 0, problem, endedMs: setup.time.nowMs });
    expect(setup.logged).toContain('error a sweep stopped');
    expect(sweepMetrics(outcome)).toContainEqual(['SweepStopped', 1, 'Count']);
    // At the next hour it is tried again, and goes on when it was mended.
    expect((await setup.sweep()).sweep?.problem).toBe(problem);
    await setup.deps.garbage.remove(release!.tree.root.shards[0]!.sha256);
    for (const [hash, content] of release!.objects) await setup.objects.put(hash, content);
    expect((await setup.sweep()).sweep).toMatchObject({ removed: 1, endedMs: setup.time.nowMs });
  });

  test('stops it also when the release is only staged and its root is no root', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    await setup.publish('v', version(1), 'stage');
    const { sha256 } = prepare(version(1)).tree;
    await putObject(setup.bucket, `objects/${sha256}`, 'no root', {});
    expect((await setup.sweep()).sweep?.problem).toContain('(STAGING');
  });

  test('stops it after objects were doomed, and lifts the dooms', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    const [release] = await history(setup, 1);
    await setup.objects.put(hashOf('orphan'), bytes('orphan'));
    const dooms: typeof setup.deps.dooms = {
      ...setup.deps.dooms,
      doom: async (doom) => {
        const broken = await setup.publish('v', version(2));
        await setup.deps.garbage.remove(broken.tree.sha256);
        return setup.deps.dooms.doom(doom);
      },
    };
    expect((await setup.sweep({ kind: 'hourly' }, { dooms })).sweep?.problem).toContain('release 2 of v');
    expect(await setup.objects.sizeBytes(hashOf('orphan'))).toBe(6);
    expect(await setup.deps.dooms.list(hashOf('orphan'))).toEqual([]);
    expect(await setup.objects.sizeBytes(release!.tree.sha256)).toBeDefined();
  });

  test('is no reason to stop when the store does not answer: that is a Fault, and the sweep goes on later', async () => {
    const setup = await sweepSetup(emulators, [SWEPT]);
    await history(setup, 1);
    const objects = { read: async () => Promise.reject(new Fault('no answer')) };
    await expect(setup.sweep({ kind: 'hourly' }, { objects })).rejects.toThrow(Fault);
    const open = await setup.deps.sweeps.last();
    expect([open?.run, open?.endedMs, open?.problem]).toEqual(['id-1', undefined, undefined]);
    expect((await setup.sweep()).sweep).toMatchObject({ run: 'id-1', endedMs: setup.time.nowMs });
  });
});
