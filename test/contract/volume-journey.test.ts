import { expect, test } from 'vitest';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { decideCommit, decideRollBack } from '#domain/volume/decide-release.ts';
import { volumeValidator } from '#wire/volume/volume-validator.ts';
import { ask, aVolume } from '../support/a-volume.ts';
import { useEmulators } from '../support/emulators.ts';
import { type Files, withSums } from '../support/publish-release.ts';
import { get, type Journey, publish, readUntil, stateOf } from '../support/volume-journey.ts';
import { freshBucket, freshTable } from './places.ts';

const emulators = useEmulators();
const VOLUME = aVolume('v', { mount: 'tools/stable' });

const freshJourney = async (): Promise<Journey> => {
  const table = await freshTable(emulators.dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
  let clock = 1_000;
  return {
    volume: VOLUME,
    store: dynamoVolumeStore(emulators.dynamoDb(), table),
    objects: s3VolumeObjects({ client: emulators.s3(), name: await freshBucket(emulators) }),
    validator: volumeValidator(VOLUME, { decompress: nodeDecompress, digester: nodeDigester }),
    now: () => {
      clock += 1;
      return clock;
    },
  };
};

/** Four packages, each of them named by the version: nothing of one is in another but the readme. */
const version = (number: number): Files =>
  withSums({
    README: 'the same in all',
    ...Object.fromEntries([0, 1, 2, 3].map((at) => [`pool/tool${at}-${number}.tar`, `tool ${at} of ${number}`])),
  });

const commit = (journey: Journey, root: string) =>
  ask(journey.store, root, (view) => decideCommit(view), { nowMs: journey.now() });

test('whoever reads an index gets all that it names, while one release follows another', async () => {
  const journey = await freshJourney();
  await commit(journey, await publish(journey, version(0)));
  let isOver = false;
  const readers = [0, 1, 2].map(() => readUntil(journey, 'tools/stable', () => isOver));
  for (let number = 1; number <= 12; number += 1) {
    expect((await commit(journey, await publish(journey, version(number)))).kind).toBe('change');
  }
  isOver = true;
  const results = await Promise.all(readers);
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  expect(Math.min(...results.map(({ reads }) => reads))).toBeGreaterThan(0);
  expect((await get(journey, '/tools/stable/SHA256SUMS')).text).toBe(version(12)['SHA256SUMS']);
});

test('a broken release is rejected with the path, and nobody sees it', async () => {
  const journey = await freshJourney();
  const good = await publish(journey, version(0));
  await commit(journey, good);
  const broken = await publish(journey, { ...version(1), 'pool/tool2-1.tar': 'something else' });
  const release = await journey.store.release('v', broken);
  expect(release?.state).toBe('REJECTED');
  expect(release?.problems?.map(({ path }) => path)).toEqual(['pool/tool2-1.tar']);
  expect(await commit(journey, broken)).toEqual({ kind: 'refused', refusal: { kind: 'wrong-state', state: 'REJECTED' } });
  expect((await get(journey, `/tools/stable@${broken}/SHA256SUMS`)).status).toBe(404);
  expect((await get(journey, '/tools/stable/SHA256SUMS')).text).toBe(version(0)['SHA256SUMS']);
});

test('a release that lost most of its files is rejected', async () => {
  const journey = await freshJourney();
  await commit(journey, await publish(journey, version(0)));
  const emptied = await publish(journey, withSums({ README: 'the same in all' }));
  expect(await stateOf(journey, emptied)).toBe('REJECTED');
});

test('a release is looked at before, and taken back after; the same content is the same release', async () => {
  const journey = await freshJourney();
  const old = await publish(journey, version(0));
  await commit(journey, old);
  const fresh = await publish(journey, version(1));
  expect((await get(journey, '/tools/stable@2/SHA256SUMS')).text).toBe(version(1)['SHA256SUMS']);
  expect((await get(journey, '/tools/stable/SHA256SUMS')).text).toBe(version(0)['SHA256SUMS']);
  await commit(journey, fresh);
  expect((await get(journey, '/tools/stable/SHA256SUMS')).text).toBe(version(1)['SHA256SUMS']);
  await ask(journey.store, 'previous', (view) => decideRollBack(view, 'broken'), { nowMs: journey.now() });
  expect((await get(journey, '/tools/stable/SHA256SUMS')).text).toBe(version(0)['SHA256SUMS']);
  // The next scheduled run publishes the bad content again, and does not get far.
  expect(await publish(journey, version(1))).toBe(fresh);
  expect(await commit(journey, fresh)).toMatchObject({ kind: 'refused', refusal: { kind: 'held' } });
  expect(await publish(journey, version(0))).toBe(old);
  expect((await journey.store.pointer('v')).releases).toBe(2);
});
