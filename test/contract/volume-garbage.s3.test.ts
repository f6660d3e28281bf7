import { expect, test } from 'vitest';
import { putObject } from '#adapters/aws/s3-object.ts';
import { s3VolumeGarbage } from '#adapters/aws/s3-volume-garbage.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { Fault } from '#domain/errors.ts';
import { HASH_PREFIXES } from '#domain/volume/garbage.ts';
import type { StoredObject, VolumeGarbage } from '#ports/volume-garbage.ts';
import { useEmulators } from '../support/emulators.ts';
import { type FaultPlan, onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { faulty, freshBucket, quickRetries } from './places.ts';

const emulators = useEmulators();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const freshPlace = async () => {
  const name = await freshBucket(emulators);
  const bucket = { client: emulators.s3(quickRetries()), name };
  const open = (plan?: FaultPlan) => s3VolumeGarbage({ client: faulty(emulators.s3(quickRetries()), plan), name });
  return { bucket, objects: s3VolumeObjects(bucket), open };
};

const listed = async (garbage: VolumeGarbage, prefix: string): Promise<readonly StoredObject[]> => {
  const found: StoredObject[] = [];
  for await (const page of garbage.list(prefix)) found.push(...page);
  return found;
};

test('every object is listed under the beginning of its hash, with its size and when it was put', async () => {
  const { objects, open } = await freshPlace();
  const texts = Array.from({ length: 60 }, (_, at) => `text ${at}`);
  const startedMs = Date.now();
  for (const text of texts) await objects.put(hashOf(text), bytes(text));
  const all = (await Promise.all(HASH_PREFIXES.map((prefix) => listed(open(), prefix)))).flat();
  const wanted = texts.map((text) => ({ sha256: hashOf(text), sizeBytes: text.length }));
  expect(all.map(({ sha256, sizeBytes }) => ({ sha256, sizeBytes }))).toEqual(
    wanted.toSorted((one, other) => (one.sha256 < other.sha256 ? -1 : 1)),
  );
  // S3 says seconds only, in some of its answers.
  for (const { storedMs } of all) expect(Math.abs(storedMs - startedMs)).toBeLessThan(60_000);
});

test('more than one answer holds are listed to the end', async () => {
  const { bucket } = await freshPlace();
  const names = Array.from({ length: 5 }, (_, at) => `ab${hashOf(String(at)).slice(2)}`);
  for (const name of names) await putObject(bucket, `objects/${name}`, 'x', {});
  const client = emulators.s3();
  client.middlewareStack.add((next) => (args) => next({ ...args, input: { ...args.input, MaxKeys: 2 } as typeof args.input }), {
    step: 'initialize',
    name: 'shortAnswers',
  });
  expect((await listed(s3VolumeGarbage({ ...bucket, client }), 'ab')).map(({ sha256 }) => sha256)).toEqual(names.toSorted());
});

test('what is not named by a hash, or is not below the objects, is left alone', async () => {
  const { bucket, open } = await freshPlace();
  for (const key of ['objects/abc', `objects/${hashOf('x')}.tmp`, `proxy/${hashOf('x')}`, `objectsx/${hashOf('x')}`])
    await putObject(bucket, key, 'x', {});
  expect(await listed(open(), '')).toEqual([]);
});

test('an object that was removed is not there, and may be put again; removing it twice is nothing', async () => {
  const { objects, open } = await freshPlace();
  await objects.put(hashOf('x'), bytes('x'));
  expect([await open().remove(hashOf('x')), await open().remove(hashOf('x'))]).toEqual(['removed', 'removed']);
  expect(await objects.sizeBytes(hashOf('x'))).toBeUndefined();
  expect(await objects.put(hashOf('x'), bytes('x'))).toEqual({ kind: 'stored' });
  expect(await objects.read(hashOf('x'), 1)).toEqual(bytes('x'));
});

test.each(['reply-lost', 'request-lost'] as const)('after a try whose %s the removal is uncertain', async (kind) => {
  const { objects, open } = await freshPlace();
  await objects.put(hashOf('x'), bytes('x'));
  expect(await open(onCommand('DeleteObjectCommand', { kind })).remove(hashOf('x'))).toBe('uncertain');
  expect(await objects.sizeBytes(hashOf('x'))).toBeUndefined();
});

test('a store that does not answer is a Fault, and never an empty list', async () => {
  const { open } = await freshPlace();
  const dead = open(() => ({ kind: 'request-lost' }));
  await expect(listed(dead, 'ab')).rejects.toThrow(Fault);
  await expect(dead.remove(hashOf('x'))).rejects.toThrow(Fault);
});
