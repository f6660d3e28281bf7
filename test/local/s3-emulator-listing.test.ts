import { ListObjectsV2Command, type ListObjectsV2CommandInput, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { outcomeOf, useS3Emulator } from '../support/s3-under-test.ts';

const { client, freshBucket } = useS3Emulator();

async function put(Bucket: string, Key: string, Body: string): Promise<string> {
  const { ETag } = await client().send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body) }));
  return ETag!;
}

describe('listings', () => {
  async function listAll(input: ListObjectsV2CommandInput): Promise<{ keys: string[]; prefixes: string[]; pages: number }> {
    const found = { keys: [] as string[], prefixes: [] as string[], pages: 0 };
    let ContinuationToken: string | undefined;
    do {
      const page = await client().send(
        new ListObjectsV2Command({ ...input, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) }),
      );
      found.keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      found.prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
      found.pages += 1;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  }

  test('are in the order of UTF-8 bytes, paged, rolled up and started anywhere', async () => {
    const Bucket = await freshBucket();
    // U+FF5E sorts below U+1F680 in UTF-8, above it in UTF-16.
    const keys = ['a', 'a/', 'a/1', 'a/2/x', 'a/2/y', 'b c', 'b/1', 'b/2', 'c', '～', '🚀'];
    for (const key of [...keys].reverse()) await put(Bucket, key, '');
    expect(await listAll({ Bucket })).toEqual({ keys, prefixes: [], pages: 1 });
    expect(await listAll({ Bucket, MaxKeys: 2 })).toEqual({ keys, prefixes: [], pages: 6 });
    expect(await listAll({ Bucket, Prefix: 'a/' })).toEqual({ keys: ['a/', 'a/1', 'a/2/x', 'a/2/y'], prefixes: [], pages: 1 });
    const rolled = { keys: ['a', 'b c', 'c', '～', '🚀'], prefixes: ['a/', 'b/'] };
    expect(await listAll({ Bucket, Delimiter: '/' })).toEqual({ ...rolled, pages: 1 });
    expect(await listAll({ Bucket, Delimiter: '/', MaxKeys: 1 })).toEqual({ ...rolled, pages: 7 });
    expect(await listAll({ Bucket, Prefix: 'a/', Delimiter: '/' })).toEqual({
      keys: ['a/', 'a/1'],
      prefixes: ['a/2/'],
      pages: 1,
    });
    expect(await listAll({ Bucket, StartAfter: 'b/1' })).toEqual({ keys: ['b/2', 'c', '～', '🚀'], prefixes: [], pages: 1 });
    const encoded = await listAll({ Bucket, EncodingType: 'url' });
    expect(encoded.keys.slice(-6)).toEqual(['b+c', 'b/1', 'b/2', 'c', '%EF%BD%9E', '%F0%9F%9A%80']);
  });

  test('tell size, ETag and time, and refuse a made-up token', async () => {
    const Bucket = await freshBucket();
    const ETag = await put(Bucket, 'k', 'body');
    const { Contents, KeyCount, IsTruncated } = await client().send(new ListObjectsV2Command({ Bucket }));
    expect(Contents).toMatchObject([{ Key: 'k', Size: 4, ETag, StorageClass: 'STANDARD', LastModified: expect.any(Date) }]);
    expect([KeyCount, IsTruncated]).toEqual([1, false]);
    expect(await outcomeOf(client().send(new ListObjectsV2Command({ Bucket, ContinuationToken: '!' })))).toBe(
      '400 InvalidArgument',
    );
  });
});
