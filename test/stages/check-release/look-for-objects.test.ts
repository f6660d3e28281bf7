import { describe, expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import { DOOM_MS } from '#domain/volume/garbage.ts';
import { printTree } from '#wire/tree/tree-printer.ts';
import { checkRelease } from '../../../functions/check-release/check-release.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type Prepared, publisher, withSums } from '../../support/publish-release.ts';
import { hashOf, manyFiles } from '../../support/tree-arbitrary.ts';
import { type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const FILES = withSums({ 'a/one': 'one', 'a/two': 'two', 'b/three': 'three' });

describe('an object that is doomed', () => {
  const DOOMED = hashOf('two');
  const doom = (setup: VolumesSetup, by = 'sweep') => setup.dooms.doom({ sha256: DOOMED, by, atMs: setup.clock.nowMs });

  test('is waited for; what is left of it then counts', async () => {
    for (const isRemoved of [false, true]) {
      const setup = await volumesSetup(emulators);
      const prepared = await publisher(setup, 'tools').stageWithout(FILES);
      await doom(setup);
      let looks = 0;
      const objects = {
        ...setup.check.objects,
        sizeBytes: async (sha256: string) => (isRemoved && sha256 === DOOMED ? undefined : setup.check.objects.sizeBytes(sha256)),
      };
      const pause = async () => {
        looks += 1;
        if (looks === 3) await setup.dooms.lift(DOOMED, 'sweep');
      };
      const work = await publisher(setup, 'tools').takeCheck(prepared);
      const outcome = await checkRelease({ ...setup.check, objects, pause }, work);
      expect(outcome).toEqual(isRemoved ? { kind: 'aborted', reason: 'not stored: a/two' } : { kind: 'validated' });
      expect(looks).toBe(3);
    }
  });

  test('for longer than a function has makes the check come again; dead sweepers hold nobody up for ever', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = await publisher(setup, 'tools').stageWithout(FILES);
    await doom(setup);
    const beganMs = setup.clock.nowMs;
    const work = await publisher(setup, 'tools').takeCheck(prepared);
    await expect(checkRelease(setup.check, work)).rejects.toThrow(Fault);
    expect(setup.clock.nowMs - beganMs).toBeLessThan(600_000);
    expect(await publisher(setup, 'tools').state(prepared.tree.sha256)).toBe('STAGING');
    setup.clock.nowMs = beganMs + DOOM_MS;
    expect(await checkRelease(setup.check, work)).toEqual({ kind: 'validated' });
  });

  test('is asked about before anybody looks for it, and documents are objects too', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = await publisher(setup, 'tools').stageWithout(FILES);
    const calls: string[] = [];
    const dooms = {
      doomed: async (asked: readonly string[]) => {
        calls.push(...asked.map((sha256) => `doom ${sha256}`));
        return setup.dooms.doomed(asked);
      },
    };
    const objects = {
      ...setup.check.objects,
      sizeBytes: async (sha256: string) => {
        calls.push(`look ${sha256}`);
        return setup.check.objects.sizeBytes(sha256);
      },
    };
    const work = await publisher(setup, 'tools').takeCheck(prepared);
    await checkRelease({ ...setup.check, dooms, objects }, work);
    const hashes = [...prepared.objects.keys()].toSorted();
    const half = calls.length / 2;
    expect(calls.slice(0, half).toSorted()).toEqual(hashes.map((sha256) => `doom ${sha256}`));
    expect(calls.slice(half).toSorted()).toEqual(hashes.map((sha256) => `look ${sha256}`));
  });
});

describe('what the current release has', () => {
  const lookedFor = async (setup: VolumesSetup, prepared: Prepared): Promise<readonly string[]> => {
    const looked: string[] = [];
    const sizeBytes = async (sha256: string) => {
      looked.push(sha256);
      return setup.check.objects.sizeBytes(sha256);
    };
    const work = await publisher(setup, 'tools').takeCheck(prepared);
    await checkRelease({ ...setup.check, objects: { ...setup.check.objects, sizeBytes } }, work);
    return looked.toSorted();
  };
  const large = (version: (at: number) => string): Record<string, string> =>
    Object.fromEntries(manyFiles(4_000).map(({ path }, at) => [path, `${version(at)}`]));

  test('is not looked for again: a check costs what changed', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const { root } = await ann.publish(FILES);
    await setup.ask('bob', 'POST', '/volumes/tools/release', { release: root });
    const next = await publisher(setup, 'tools').stageWithout({ ...FILES, 'a/new': 'new', 'b/moved': 'two' });
    const documents = [next.tree.sha256, ...next.tree.root.shards.map(({ sha256 }) => sha256)];
    expect(await lookedFor(setup, next)).toEqual([...documents, hashOf('new')].toSorted());
    expect(await ann.state(next.tree.sha256)).toBe('VALIDATED');
  });

  test('is not even read where shards are the same', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const { root, outcome } = await ann.publish(large(() => 'same'));
    expect(outcome).toEqual({ kind: 'validated' });
    await setup.ask('bob', 'POST', '/volumes/tools/release', { release: root });
    const next = await ann.stageWithout(large((at) => (at === 7 ? 'other' : 'same')));
    const looked = await lookedFor(setup, next);
    expect(next.tree.root.shards.length).toBeGreaterThan(3);
    // The root, one shard, one file.
    expect(looked).toHaveLength(3);
    expect(looked).toContain(hashOf('other'));
  });

  test('of another size is looked for', async () => {
    const setup = await volumesSetup(emulators);
    const { root } = await publisher(setup, 'tools').publish(FILES);
    await setup.ask('bob', 'POST', '/volumes/tools/release', { release: root });
    const { shards, ...tree } = printTree([{ path: 'a/one', sha256: hashOf('one'), sizeBytes: 4, mode: 'file' }], hashOf);
    const documents = [tree.document, ...shards.map(({ document }) => document)];
    const prepared = { tree, objects: new Map(documents.map((bytes) => [hashOf(bytes), new Uint8Array(bytes)])) };
    const ann = publisher(setup, 'tools');
    await ann.stage(prepared);
    await ann.store(prepared);
    await ann.seal(prepared);
    expect(await setup.runChecks()).toEqual([{ kind: 'aborted', reason: 'not stored: a/one with 4 bytes, its object has 3' }]);
  });
});
