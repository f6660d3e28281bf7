import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { s3ProxiedBytes } from '#adapters/aws/s3-proxied-bytes.ts';
import { Fault, WireError } from '#domain/errors.ts';
import type { ProxiedBytes } from '#ports/proxied-bytes.ts';
import { useEmulators } from '../support/emulators.ts';
import { type FaultPlan, onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { until } from '../support/until.ts';
import { faulty, freshBucket, quickRetries } from './places.ts';

const emulators = useEmulators();
/** So that a file is large at once. */
const IN_MEMORY = 8;
const TEXT = 'text/plain; charset=utf-8';

const place = async () => {
  const name = await freshBucket(emulators);
  const head = (sha256: string) => emulators.s3().send(new HeadObjectCommand({ Bucket: name, Key: `proxy/${sha256}` }));
  return {
    head,
    open: (plan?: FaultPlan) => s3ProxiedBytes({ client: faulty(emulators.s3(quickRetries()), plan), name }, IN_MEMORY),
  };
};

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const receive = async (bytes: ProxiedBytes, pieces: readonly string[]) => {
  const incoming = bytes.receive();
  try {
    for (const piece of pieces) await incoming.write(bytesOf(piece));
    const { sha256 } = incoming.received();
    await incoming.store(TEXT);
    return { sha256, small: incoming.small(5) };
  } finally {
    await incoming.discard();
  }
};

test.each([
  ['none', [], ''],
  ['few', ['one'], 'one'],
  ['more than are handed on', ['one', 'two'], undefined],
  ['more than are held in memory', ['one, two', ', three', ', four, five, six'], undefined],
])('bytes, %s, are under their hash as what they are, however often they come', async (_, pieces, small) => {
  const { open, head } = await place();
  const sha256 = hashOf(pieces.join(''));
  for (let time = 0; time < 2; time += 1)
    expect(await receive(open(), pieces)).toEqual({ sha256, small: small === undefined ? undefined : Buffer.from(small) });
  expect(await open().read(sha256, 100)).toEqual(bytesOf(pieces.join('')));
  expect(await head(sha256)).toMatchObject({ ContentType: TEXT, CacheControl: 'public, max-age=31536000, immutable' });
});

test('there is nothing where nothing was stored', async () => {
  const { open } = await place();
  const incoming = open().receive();
  await incoming.write(bytesOf('something'));
  const { sha256 } = incoming.received();
  await incoming.discard();
  expect(await open().read(sha256, 100)).toBeUndefined();
  expect(await open().renew(sha256, TEXT)).toBe(false);
});

test('more bytes than somebody can use are not read', async () => {
  const { open } = await place();
  await open().put(hashOf('four'), bytesOf('four'), TEXT);
  expect(await open().read(hashOf('four'), 4)).toEqual(bytesOf('four'));
  await expect(open().read(hashOf('four'), 3)).rejects.toThrow(WireError);
});

test('bytes of another hash are not stored', async () => {
  const { open } = await place();
  await expect(open().put(hashOf('one'), bytesOf('other'), TEXT)).rejects.toThrow(Fault);
  expect(await open().read(hashOf('one'), 100)).toBeUndefined();
});

test('what is renewed is as young as what was just stored, and otherwise the same', async () => {
  const { open, head } = await place();
  const sha256 = hashOf('old');
  await open().put(sha256, bytesOf('old'), TEXT);
  const before = await head(sha256);
  const writtenMs = async (): Promise<number> => (await head(sha256)).LastModified?.getTime() ?? 0;
  // S3 counts in seconds.
  const renewed = async (): Promise<number> => ((await open().renew(sha256, TEXT)) ? writtenMs() : 0);
  await until('a later time', renewed, (atMs) => atMs > (before.LastModified?.getTime() ?? 0));
  expect(await open().read(sha256, 100)).toEqual(bytesOf('old'));
  expect(await head(sha256)).toMatchObject({ ContentType: TEXT, CacheControl: before.CacheControl });
});

test.each([['small'], ['something large']])('a lost reply of "%s" changes nothing', async (text) => {
  const { open } = await place();
  const { sha256 } = await receive(open(onCommand('PutObjectCommand', { kind: 'reply-lost' })), [text]);
  expect(await open().read(sha256, 100)).toEqual(bytesOf(text));
});

test('a store that does not answer is a Fault', async () => {
  const { open } = await place();
  const dead = open(() => ({ kind: 'request-lost' }));
  await expect(receive(dead, ['something large'])).rejects.toThrow(Fault);
  await expect(dead.renew(hashOf('x'), TEXT)).rejects.toThrow(Fault);
});

test('there is room for what is held in memory, and never more than one upload may have', async () => {
  const room = await (await place()).open().roomBytes();
  expect(room).toBeGreaterThanOrEqual(16 * 2 ** 20);
  expect(room).toBeLessThanOrEqual(5 * 2 ** 30);
});
