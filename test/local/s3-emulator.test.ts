import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { outcomeOf, useS3Emulator } from '../support/s3-under-test.ts';

const { client, freshBucket } = useS3Emulator();

async function put(Bucket: string, Key: string, Body: string): Promise<string> {
  const { ETag } = await client().send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(Body) }));
  return ETag!;
}

async function text(input: GetObjectCommandInput): Promise<string> {
  const { Body } = await client().send(new GetObjectCommand(input));
  return Body!.transformToString();
}

describe('buckets', () => {
  test('are created, found, listed and deleted once empty', async () => {
    const Bucket = await freshBucket();
    await client().send(new HeadBucketCommand({ Bucket }));
    const { Buckets } = await client().send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toContain(Bucket);
    await put(Bucket, 'key', 'body');
    expect(await outcomeOf(client().send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
    await client().send(new DeleteObjectCommand({ Bucket, Key: 'key' }));
    await client().send(new DeleteBucketCommand({ Bucket }));
    expect(await outcomeOf(client().send(new HeadBucketCommand({ Bucket })))).toBe('404 NotFound');
  });

  test('that do not exist refuse everything', async () => {
    const Bucket = 'no-such-bucket';
    expect(await outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'b' })))).toBe('404 NoSuchBucket');
    expect(await outcomeOf(client().send(new ListObjectsV2Command({ Bucket })))).toBe('404 NoSuchBucket');
    expect(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key: 'k' })))).toBe('404 NoSuchBucket');
  });
});

describe('objects', () => {
  test('come back with everything that was stored with them', async () => {
    const Bucket = await freshBucket();
    const stored = {
      ContentType: 'text/plain',
      CacheControl: 'max-age=60',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment; filename="x"',
      ContentLanguage: 'de',
      Metadata: { digest: 'abc', 'with-dash': '1' },
    };
    await client().send(new PutObjectCommand({ Bucket, Key: 'key', Body: 'body', ...stored }));
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: 'key' }));
    expect(head).toMatchObject({ ...stored, ContentLength: 4, ETag: '"841a2d689ad86bd1611447453c22c6fc"' });
    expect(head.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/);
    const overridden = await client().send(
      new GetObjectCommand({ Bucket, Key: 'key', ResponseContentDisposition: 'inline', ResponseContentType: 'a/b' }),
    );
    expect(overridden).toMatchObject({ ContentDisposition: 'inline', ContentType: 'a/b', CacheControl: 'max-age=60' });
    expect(await overridden.Body!.transformToString()).toBe('body');
  });

  test('may be empty', async () => {
    const Bucket = await freshBucket();
    await put(Bucket, 'empty', '');
    expect(await text({ Bucket, Key: 'empty' })).toBe('');
    expect(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key: 'empty', Range: 'bytes=0-' })))).toBe(
      '416 InvalidRange',
    );
  });

  test('that are missing are NoSuchKey, and deleting them succeeds', async () => {
    const Bucket = await freshBucket();
    expect(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NoSuchKey');
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'none' })))).toBe('404 NotFound');
    await client().send(new DeleteObjectCommand({ Bucket, Key: 'none' }));
  });

  test.each([
    'x/../../../x',
    './a',
    '/leading',
    'double//slash',
    'trailing/',
    'space and +plus%25percent%',
    'ünïcødé/日本語/🚀',
    'quote\'"<>&!*()~',
    'a?b#c=d&e',
    'libstdc++-14.rpm',
    'back\\slash',
  ])('keep the odd key %j in reading, listing, copying and deleting', async (Key) => {
    const Bucket = await freshBucket();
    await put(Bucket, Key, Key);
    expect(await text({ Bucket, Key })).toBe(Key);
    const listed = await client().send(new ListObjectsV2Command({ Bucket }));
    expect(listed.Contents?.map((object) => object.Key)).toEqual([Key]);
    await client().send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${encodeURIComponent(Key)}` }));
    expect(await text({ Bucket, Key: 'copy' })).toBe(Key);
    const { Deleted } = await client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));
    expect(Deleted).toEqual([{ Key }]);
    expect(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key })))).toBe('404 NoSuchKey');
  });

  test('are copied with their metadata, or with new ones when asked', async () => {
    const Bucket = await freshBucket();
    await client().send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'body', Metadata: { v: '1' }, ContentType: 'text/x' }));
    const { CopyObjectResult } = await client().send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
    expect(CopyObjectResult?.ETag).toBe('"841a2d689ad86bd1611447453c22c6fc"');
    expect(await client().send(new HeadObjectCommand({ Bucket, Key: 'b' }))).toMatchObject({
      Metadata: { v: '1' },
      ContentType: 'text/x',
    });
    const replace = {
      CopySource: `${Bucket}/a`,
      MetadataDirective: 'REPLACE',
      Metadata: { v: '2' },
      ContentType: 'text/y',
    } as const;
    await client().send(new CopyObjectCommand({ Bucket, Key: 'c', ...replace }));
    expect(await client().send(new HeadObjectCommand({ Bucket, Key: 'c' }))).toMatchObject({
      Metadata: { v: '2' },
      ContentType: 'text/y',
    });
    await client().send(new CopyObjectCommand({ Bucket, Key: 'a', ...replace }));
    expect(await text({ Bucket, Key: 'a' })).toBe('body');
    expect(await outcomeOf(client().send(new CopyObjectCommand({ Bucket, Key: 'a', CopySource: `${Bucket}/a` })))).toBe(
      '400 InvalidRequest',
    );
    expect(await outcomeOf(client().send(new CopyObjectCommand({ Bucket, Key: 'd', CopySource: `${Bucket}/none` })))).toBe(
      '404 NoSuchKey',
    );
  });

  test('are deleted in bulk, each on its own condition', async () => {
    const Bucket = await freshBucket();
    const etag = await put(Bucket, 'a', '1');
    await put(Bucket, 'b', '1');
    const Objects = [{ Key: 'a', ETag: etag }, { Key: 'b', ETag: '"other"' }, { Key: 'none' }];
    const { Deleted, Errors } = await client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toEqual([{ Key: 'a' }, { Key: 'none' }]);
    expect(Errors).toMatchObject([{ Key: 'b', Code: 'PreconditionFailed' }]);
    const quiet = await client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'b' }], Quiet: true } }));
    expect([quiet.Deleted, quiet.Errors]).toEqual([undefined, undefined]);
  });
});

describe('conditional writes', () => {
  test('create only what is missing and replace only what was read', async () => {
    const Bucket = await freshBucket();
    const write = (condition: object) =>
      outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'new', ...condition })));
    expect(await write({ IfMatch: '"0"' })).toBe('404 NoSuchKey');
    expect(await write({ IfNoneMatch: '*' })).toMatchObject({ ETag: '"22af645d1859cb5ca6da0c484f1f37ea"' });
    expect(await write({ IfNoneMatch: '*' })).toBe('412 PreconditionFailed');
    expect(await write({ IfMatch: '"0"' })).toBe('412 PreconditionFailed');
    expect(await write({ IfMatch: '"22af645d1859cb5ca6da0c484f1f37ea"' })).toMatchObject({
      ETag: '"22af645d1859cb5ca6da0c484f1f37ea"',
    });
    expect(await write({ IfNoneMatch: '"0"' })).toBe('501 NotImplemented');
  });

  test('let exactly one of 20 parallel creators win', async () => {
    const Bucket = await freshBucket();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        outcomeOf(
          client()
            .send(new PutObjectCommand({ Bucket, Key: 'k', Body: `writer ${n}`, IfNoneMatch: '*' }))
            .then(() => `won ${n}`),
        ),
      ),
    );
    const [winner, ...more] = outcomes.filter((outcome) => outcome.startsWith('won'));
    expect(more).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === '412 PreconditionFailed')).toHaveLength(19);
    expect(await text({ Bucket, Key: 'k' })).toBe(winner!.replace('won', 'writer'));
  });

  test('let exactly one of 20 parallel replacers of the same ETag win', async () => {
    const Bucket = await freshBucket();
    const IfMatch = await put(Bucket, 'k', 'first');
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        outcomeOf(
          client()
            .send(new PutObjectCommand({ Bucket, Key: 'k', Body: `${n}`, IfMatch }))
            .then(() => 'won'),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '412 PreconditionFailed')).toHaveLength(19);
  });

  test('hold for copies, on the source and on the target', async () => {
    const Bucket = await freshBucket();
    const etag = await put(Bucket, 'a', 'body');
    const copy = (condition: object) =>
      outcomeOf(
        client()
          .send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a`, ...condition }))
          .then(() => 'copied'),
      );
    expect(await copy({ CopySourceIfMatch: '"0"' })).toBe('412 PreconditionFailed');
    expect(await copy({ CopySourceIfNoneMatch: etag })).toBe('412 PreconditionFailed');
    expect(await copy({ CopySourceIfMatch: etag, IfNoneMatch: '*' })).toBe('copied');
    expect(await copy({ CopySourceIfMatch: etag, IfNoneMatch: '*' })).toBe('412 PreconditionFailed');
    expect(await copy({ IfMatch: etag })).toBe('copied');
  });

  test('hold for deletions', async () => {
    const Bucket = await freshBucket();
    const remove = (IfMatch: string) =>
      outcomeOf(
        client()
          .send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch }))
          .then(() => 'gone'),
      );
    expect(await remove('*')).toBe('404 NoSuchKey');
    const etag = await put(Bucket, 'k', 'body');
    expect(await remove('"0"')).toBe('412 PreconditionFailed');
    expect(await remove(etag)).toBe('gone');
  });
});

describe('reads', () => {
  test('honour conditions', async () => {
    const Bucket = await freshBucket();
    const etag = await put(Bucket, 'k', 'body');
    const read = (condition: object) =>
      outcomeOf(
        client()
          .send(new GetObjectCommand({ Bucket, Key: 'k', ...condition }))
          .then(() => 'read'),
      );
    const [past, future] = [new Date('2020-01-01'), new Date(Date.now() + 60_000)];
    expect(await read({ IfNoneMatch: etag })).toMatch(/^304 /);
    expect(await read({ IfNoneMatch: '"0"' })).toBe('read');
    expect(await read({ IfMatch: etag })).toBe('read');
    expect(await read({ IfMatch: '"0"' })).toBe('412 PreconditionFailed');
    expect(await read({ IfModifiedSince: future })).toMatch(/^304 /);
    expect(await read({ IfModifiedSince: past })).toBe('read');
    expect(await read({ IfUnmodifiedSince: past })).toBe('412 PreconditionFailed');
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'k', IfNoneMatch: etag })))).toMatch(/^304 /);
  });

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('answer %s with that piece, to GET and to HEAD', async (Range, body, ContentRange) => {
    const Bucket = await freshBucket();
    await put(Bucket, 'k', '0123456789');
    const piece = await client().send(new GetObjectCommand({ Bucket, Key: 'k', Range }));
    expect([piece.$metadata.httpStatusCode, piece.ContentRange, await piece.Body!.transformToString()]).toEqual([
      206,
      ContentRange,
      body,
    ]);
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: 'k', Range }));
    expect([head.$metadata.httpStatusCode, head.ContentRange, head.ContentLength]).toEqual([206, ContentRange, body.length]);
  });

  test('refuse a range outside the object and ignore one they cannot read', async () => {
    const Bucket = await freshBucket();
    await put(Bucket, 'k', '0123456789');
    expect(await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=10-' })))).toBe(
      '416 InvalidRange',
    );
    expect(await text({ Bucket, Key: 'k', Range: 'bytes=5-2' })).toBe('0123456789');
  });
});
