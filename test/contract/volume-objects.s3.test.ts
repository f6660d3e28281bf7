import { PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bucket, putObjectIf } from '#adapters/aws/s3-object.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { WireError } from '#domain/errors.ts';
import { treeOf } from '#domain/volume/tree-of.ts';
import { checkedEntries, readEntries, readRoot, treeReader } from '#wire/tree/open-tree.ts';
import { printRoot } from '#wire/tree/tree-document.ts';
import { printTree } from '#wire/tree/tree-printer.ts';
import { useEmulators } from '../support/emulators.ts';
import { files, hashOf, manyFiles } from '../support/tree-arbitrary.ts';
import { faulty, freshBucket, quickRetries } from './places.ts';
import { volumeObjectsContract } from './volume-objects.suite.ts';

const emulators = useEmulators();

const freshPlace = async (): Promise<Bucket> => ({
  client: emulators.s3(quickRetries()),
  name: await freshBucket(emulators),
});

volumeObjectsContract(async () => {
  const { name } = await freshPlace();
  return { open: (plan) => s3VolumeObjects({ client: faulty(emulators.s3(quickRetries()), plan), name }) };
});

const allOf = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('S3 itself refuses bytes that are not of the hash', async () => {
  const bucket = await freshPlace();
  const ChecksumSHA256 = Buffer.from(hashOf('other'), 'hex').toString('base64');
  await expect(
    bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'k', Body: bytes('some'), ChecksumSHA256 })),
  ).rejects.toMatchObject({ name: 'BadDigest' });
});

test('an object that was damaged is not read', async () => {
  const bucket = await freshPlace();
  await putObjectIf(bucket, `objects/${hashOf('a')}`, 'b', { ifNoneMatch: '*' }, {});
  await expect(s3VolumeObjects(bucket).read(hashOf('a'), 10)).rejects.toThrow('does not have the SHA-256');
});

test('a tree that was stored is read, shard by shard or for a validator', async () => {
  const objects = s3VolumeObjects(await freshPlace());
  await fc.assert(
    fc.asyncProperty(files, async (all) => {
      const outcome = treeOf(all);
      const entries = outcome.kind === 'tree' ? outcome.tree.entries : [];
      const tree = printTree(entries, hashOf);
      await objects.put(tree.sha256, tree.document);
      for (const { reference, document } of tree.shards) await objects.put(reference.sha256, document);
      expect(await allOf(readEntries(objects.read, await readRoot(objects.read, tree.sha256)))).toEqual(entries);
      expect(await allOf(checkedEntries(objects.read, tree.sha256, hashOf))).toEqual(entries);
    }),
    { numRuns: 25 },
  );
});

test('a tree is not accepted when its shards are cut elsewhere, or do not fit together', async () => {
  const objects = s3VolumeObjects(await freshPlace());
  const entries = manyFiles(6).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const halves = [entries.slice(0, 3), entries.slice(3)].map((part) => printTree(part, hashOf));
  const stored = async (...parts: typeof halves): Promise<string> => {
    const shards = parts.flatMap(({ root }) => root.shards);
    const sum = (of: 'files' | 'bytes') => shards.reduce((total, shard) => total + shard[of], 0);
    const document = bytes(printRoot({ files: sum('files'), bytes: sum('bytes'), shards }));
    for (const part of parts) for (const shard of part.shards) await objects.put(shard.reference.sha256, shard.document);
    await objects.put(hashOf(document), document);
    return hashOf(document);
  };
  const cut = await stored(...halves);
  await expect(allOf(checkedEntries(objects.read, cut, hashOf))).rejects.toThrow(WireError);
  const missing = printTree(entries, hashOf);
  await objects.put(missing.sha256, missing.document);
  await expect(allOf(checkedEntries(objects.read, missing.sha256, hashOf))).rejects.toThrow('is not there');
  await expect(allOf(checkedEntries(objects.read, hashOf('no root'), hashOf))).rejects.toThrow('is not there');
});

test('a validator sees entries without reading, and reads what is small enough', async () => {
  const objects = s3VolumeObjects(await freshPlace());
  await objects.put(hashOf('text'), bytes('text'));
  const entry = { path: 'a/b', sha256: hashOf('text'), sizeBytes: 4, mode: 'file' as const };
  const lost = { ...entry, path: 'lost', sha256: hashOf('lost') };
  const reader = treeReader(objects.read, [entry, lost]);
  expect([...reader.paths()]).toEqual(['a/b', 'lost']);
  expect(reader.entry('a/b')).toEqual(entry);
  expect(reader.entry('a')).toBeUndefined();
  expect(await reader.read('a/b', 4)).toEqual(bytes('text'));
  expect(await reader.read('a/b', 3)).toBeUndefined();
  expect(await reader.read('none', 4)).toBeUndefined();
  await expect(reader.read('lost', 4)).rejects.toThrow('the object of lost is not there');
});
