import { expect, test } from 'vitest';
import { s3ObjectIntake } from '#adapters/aws/s3-object-intake.ts';
import { s3UpstreamMemory } from '#adapters/aws/s3-upstream-memory.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { Fault } from '#domain/errors.ts';
import type { ObjectIntake } from '#ports/object-intake.ts';
import { useEmulators } from '../support/emulators.ts';
import { type FaultPlan, onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { faulty, freshBucket, quickRetries } from './places.ts';

const emulators = useEmulators();
/** So that a file is large at once. */
const IN_MEMORY = 8;
const LOST = { kind: 'reply-lost' } as const;

const place = async () => {
  const name = await freshBucket(emulators);
  return {
    objects: s3VolumeObjects({ client: emulators.s3(), name }),
    open: (plan?: FaultPlan) => s3ObjectIntake({ client: faulty(emulators.s3(quickRetries()), plan), name }, IN_MEMORY),
  };
};

const receive = async (intake: ObjectIntake, pieces: readonly string[]) => {
  const receiver = await intake.open();
  try {
    // One buffer for all pieces, as some senders do.
    const buffer = new Uint8Array(100);
    for (const piece of pieces) {
      const { written } = new TextEncoder().encodeInto(piece, buffer);
      await receiver.write(buffer.subarray(0, written));
    }
    const received = receiver.received();
    await receiver.store();
    return received;
  } finally {
    await receiver.discard();
  }
};

test.each([
  ['nothing', []],
  ['a small file', ['one', 'two']],
  ['a large file', ['one, two', ', three', ', four, five, six']],
])('%s becomes an object under its hash, however often it comes', async (_, pieces) => {
  const { objects, open } = await place();
  const [text, sha256] = [pieces.join(''), hashOf(pieces.join(''))];
  for (let time = 0; time < 2; time += 1) expect(await receive(open(), pieces)).toEqual({ sha256, sizeBytes: text.length });
  expect(await objects.read(sha256, 100)).toEqual(new TextEncoder().encode(text));
});

test('what is discarded is nowhere', async () => {
  const { objects, open } = await place();
  const receiver = await open().open();
  await receiver.write(new TextEncoder().encode('something'));
  const { sha256 } = receiver.received();
  await receiver.discard();
  expect(await objects.sizeBytes(sha256)).toBeUndefined();
});

test.each([['small'], ['something large']])('a lost reply of "%s" changes nothing', async (text) => {
  const { objects, open } = await place();
  await receive(open(onCommand('PutObjectCommand', LOST)), [text]);
  expect(await objects.read(hashOf(text), 100)).toEqual(new TextEncoder().encode(text));
});

test.each([['small'], ['something large']])('a store that does not answer for "%s" is a Fault', async (text) => {
  const { open } = await place();
  await expect(
    receive(
      open(() => ({ kind: 'request-lost' })),
      [text],
    ),
  ).rejects.toThrow(Fault);
});

test('what is remembered of files comes back, and of another volume nothing', async () => {
  const bucket = { client: emulators.s3(), name: await freshBucket(emulators) };
  const files = new Map([
    ['a/ä b', { said: '3 1000', sha256: hashOf('a'), sizeBytes: 3 }],
    ['c', { said: '', sha256: hashOf('c'), sizeBytes: 0 }],
  ]);
  await s3UpstreamMemory(bucket).write('v', files);
  expect(await s3UpstreamMemory(bucket).read('v')).toEqual(files);
  expect(await s3UpstreamMemory(bucket).read('w')).toEqual(new Map());
});
