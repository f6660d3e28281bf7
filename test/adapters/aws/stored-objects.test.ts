import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3EdgeTable } from '#adapters/aws/s3-edge-table.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { type Bucket, putImmutableObject, putObjectIf } from '#adapters/aws/s3-object.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { s3StaticLists } from '#adapters/aws/s3-static-lists.ts';
import { Fault, WireError } from '#domain/errors.ts';
import { freshBucket, freshTable } from '../../contract/places.ts';
import { useEmulators } from '../../support/emulators.ts';

const emulators = useEmulators();
const NAME = 'ab'.repeat(32);
const MANIFEST = { category: 'c', generation: 1, createdMs: 1, nextDirectoryId: 0, directories: [], repositories: [] };

const bucketOf = async (): Promise<Bucket> => ({ client: emulators.s3(), name: await freshBucket(emulators) });

const put = (bucket: Bucket, Key: string, Body: string | Uint8Array) =>
  bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }));

const keysOf = async (bucket: Bucket): Promise<(string | undefined)[]> => {
  const { Contents = [] } = await bucket.client.send(new ListObjectsV2Command({ Bucket: bucket.name }));
  return Contents.map(({ Key }) => Key);
};

/** S3 answers 409 to a conditional write while another write to the key is in flight; the emulator never does. */
const conflicting = (bucket: Bucket, times: number): Bucket => {
  const client = emulators.s3();
  let left = times;
  client.middlewareStack.add(
    (next) => async (args) => {
      if (left === 0) return next(args);
      left -= 1;
      throw Object.assign(new Error('conflict'), { name: 'ConditionalRequestConflict', $metadata: { httpStatusCode: 409 } });
    },
    { step: 'finalizeRequest', name: 'conflict', priority: 'low' },
  );
  return { ...bucket, client };
};

describe('what is stored damaged is a WireError', () => {
  test('a manifest that is not what its name says, or no gzip', async () => {
    const bucket = await bucketOf();
    const table = await freshTable(emulators.dynamoDb(), emulators.freshName('pointers'), 'pointer');
    const open = () => dynamoManifestStore(emulators.dynamoDb(), table, bucket);
    const published = await open().publish(MANIFEST, undefined, 1);
    if (published.kind !== 'published') throw new Error('expected to have published');
    const { name } = published.pointer;
    const stored = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: `manifests/c/${name}` }));
    await put(bucket, `manifests/c/${NAME}`, (await stored.Body?.transformToByteArray()) ?? '');
    await expect(open().read({ ...published.pointer, name: NAME })).rejects.toThrow('does not have the sha256');
    await put(bucket, `manifests/c/${name}`, 'no gzip');
    await expect(open().read(published.pointer)).rejects.toThrow(WireError);
  });

  test('a manifest pointer of another version', async () => {
    const table = await freshTable(emulators.dynamoDb(), emulators.freshName('pointers'), 'pointer');
    await emulators.dynamoDb().send(
      new PutItemCommand({
        TableName: table,
        Item: { pointer: { S: 'manifest/c' }, version: { N: '2' }, generation: { N: '1' } },
      }),
    );
    const store = dynamoManifestStore(emulators.dynamoDb(), table, await bucketOf());
    await expect(store.pointer('c')).rejects.toThrow(WireError);
  });

  test('an observation, named in the message', async () => {
    const table = await freshTable(emulators.dynamoDb(), emulators.freshName('observations'), 'category', 'host');
    await emulators
      .dynamoDb()
      .send(new PutItemCommand({ TableName: table, Item: { category: { S: 'c' }, host: { S: 'h' }, observation: { S: '{}' } } }));
    const store = dynamoObservationStore(emulators.dynamoDb(), table);
    await expect(store.list('c')).rejects.toThrow(new WireError('the observation of h in c is damaged'));
  });

  test('facts that are not what their name says, and those of another category', async () => {
    const bucket = await bucketOf();
    const store = s3FactsStore(bucket);
    await put(bucket, `facts/c/${NAME}`, 'anything');
    await expect(store.get('c', NAME)).rejects.toThrow(WireError);
    const name = await store.put({ category: 'c', heads: {}, excluded: [] });
    const object = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: `facts/c/${name}` }));
    await put(bucket, `facts/d/${name}`, (await object.Body?.transformToString()) ?? '');
    await expect(store.get('d', name)).rejects.toThrow(`facts ${name} are of c, not of d`);
  });

  test('a snapshot, and a snapshot pointer', async () => {
    const bucket = await bucketOf();
    await put(bucket, `snapshots/${NAME}`, 'anything');
    await put(bucket, 'snapshot-pointer.json', '{}');
    await expect(s3SnapshotStore(bucket).getSnapshot(NAME)).rejects.toThrow(WireError);
    await expect(s3SnapshotStore(bucket).readPointer()).rejects.toThrow(WireError);
  });
});

describe('what is derived as a whole and stored damaged is written anew', () => {
  test('the edge table', async () => {
    const bucket = await bucketOf();
    await put(bucket, 'edge-table.json', 'damaged');
    expect(await s3EdgeTable(bucket).replace([{ key: 'a', value: '1' }])).toBe(1);
    expect(await s3EdgeTable(bucket).replace([{ key: 'a', value: '1' }])).toBe(0);
  });

  test('the index of the static lists', async () => {
    const bucket = await bucketOf();
    const list = { path: 'metalink/a/b', contentType: 'text/plain', body: 'x' };
    await s3StaticLists(bucket).replace([list]);
    await put(bucket, 'static-index.json', 'damaged');
    expect(await s3StaticLists(bucket).replace([list])).toBe(1);
    expect(await s3StaticLists(bucket).replace([list])).toBe(0);
  });
});

describe('static lists', () => {
  test('lie under the key that S3 makes of the URI, with type and a short life', async () => {
    const bucket = await bucketOf();
    const list = { path: 'metalink/fedora%2B41/x86%2064', contentType: 'application/metalink+xml', body: '<metalink/>' };
    await s3StaticLists(bucket).replace([list]);
    const Key = 'static/metalink/fedora+41/x86 64';
    expect(await keysOf(bucket)).toEqual(['static-index.json', Key]);
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key }));
    expect([head.ContentType, head.CacheControl]).toEqual(['application/metalink+xml', 'public, max-age=60']);
    await s3StaticLists(bucket).replace([]);
    expect(await keysOf(bucket)).toEqual(['static-index.json']);
  });
});

describe('a write that meets another in flight', () => {
  test('is asked for again until it is decided', async () => {
    const bucket = await bucketOf();
    await putImmutableObject(conflicting(bucket, 2), 'a', new Uint8Array(1), {});
    expect(await keysOf(bucket)).toEqual(['a']);
    expect(await putObjectIf(conflicting(bucket, 1), 'a', 'x', { ifNoneMatch: '*' }, {})).toEqual({ kind: 'refused' });
  });

  test('is a Fault when it never is', async () => {
    const bucket = conflicting(await bucketOf(), 99);
    await expect(putObjectIf(bucket, 'a', 'x', { ifNoneMatch: '*' }, {})).rejects.toThrow(Fault);
  });
});
