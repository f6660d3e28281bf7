import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  ChecksumType,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { outcomeOf, useS3Emulator } from '../support/s3-under-test.ts';

const { client, freshBucket } = useS3Emulator();
const MIN_PART_BYTES = 5 * 1024 * 1024;
const FIRST = Buffer.alloc(MIN_PART_BYTES, 'first');
const SECOND = Buffer.from('second');

interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

async function begin(Bucket: string, Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<Upload> {
  const { UploadId } = await client().send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return { Bucket, Key, UploadId: UploadId! };
}

async function part(upload: Upload, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const { ETag } = await client().send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  return { PartNumber, ETag: ETag! };
}

function complete(upload: Upload, Parts: CompletedPart[], condition: object = {}) {
  return outcomeOf(client().send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...condition })));
}

function md5(data: Buffer): Buffer {
  return createHash('md5').update(data).digest();
}

function crc(data: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return bytes;
}

async function content(Bucket: string, Key: string): Promise<Buffer> {
  const { Body } = await client().send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

describe('a multipart upload', () => {
  test('becomes one object with the metadata of its beginning and the ETag of its parts', async () => {
    const Bucket = await freshBucket();
    const upload = await begin(Bucket, 'k', { ContentType: 'a/b', Metadata: { m: '1' }, CacheControl: 'no-store' });
    // Out of order, and one part sent twice: the later one counts.
    const second = await part(upload, 7, SECOND);
    await part(upload, 2, Buffer.alloc(MIN_PART_BYTES));
    const first = await part(upload, 2, FIRST);
    const { Parts } = await client().send(new ListPartsCommand(upload));
    expect(Parts).toMatchObject([
      { PartNumber: 2, ETag: first.ETag, Size: MIN_PART_BYTES },
      { PartNumber: 7, ETag: second.ETag, Size: 6 },
    ]);
    const ETag = `"${md5(Buffer.concat([md5(FIRST), md5(SECOND)])).toString('hex')}-2"`;
    expect(await complete(upload, [first, second])).toMatchObject({ Bucket, Key: 'k', ETag });
    expect((await content(Bucket, 'k')).equals(Buffer.concat([FIRST, SECOND]))).toBe(true);
    expect(await client().send(new HeadObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({
      ETag,
      ContentType: 'a/b',
      CacheControl: 'no-store',
      Metadata: { m: '1' },
      ContentLength: MIN_PART_BYTES + 6,
    });
    expect(await complete(upload, [first, second])).toBe('404 NoSuchUpload');
  });

  test('may take parts from other objects', async () => {
    const Bucket = await freshBucket();
    await client().send(new PutObjectCommand({ Bucket, Key: 'source', Body: Buffer.concat([SECOND, FIRST]) }));
    const upload = await begin(Bucket, 'k');
    const copy = (PartNumber: number, CopySourceRange: string) =>
      client().send(new UploadPartCopyCommand({ ...upload, PartNumber, CopySource: `${Bucket}/source`, CopySourceRange }));
    const first = await copy(1, `bytes=6-${MIN_PART_BYTES + 5}`);
    const second = await copy(2, 'bytes=0-5');
    expect(await outcomeOf(copy(3, `bytes=0-${MIN_PART_BYTES + 6}`))).toBe('400 InvalidArgument');
    await complete(upload, [
      { PartNumber: 1, ETag: first.CopyPartResult!.ETag! },
      { PartNumber: 2, ETag: second.CopyPartResult!.ETag! },
    ]);
    expect((await content(Bucket, 'k')).equals(Buffer.concat([FIRST, SECOND]))).toBe(true);
  });

  test('is listed, page by page, until it is aborted', async () => {
    const Bucket = await freshBucket();
    const uploads = [await begin(Bucket, 'a'), await begin(Bucket, 'b/1'), await begin(Bucket, 'b/2')];
    const list = async (more: object) => {
      const page = await client().send(new ListMultipartUploadsCommand({ Bucket, ...more }));
      return { keys: (page.Uploads ?? []).map(({ Key }) => Key), next: page.NextKeyMarker, nextId: page.NextUploadIdMarker };
    };
    const firstPage = await list({ MaxUploads: 2 });
    expect(firstPage).toEqual({ keys: ['a', 'b/1'], next: 'b/1', nextId: uploads[1]!.UploadId });
    expect((await list({ KeyMarker: firstPage.next, UploadIdMarker: firstPage.nextId })).keys).toEqual(['b/2']);
    expect((await list({ Prefix: 'b/' })).keys).toEqual(['b/1', 'b/2']);
    const sent = await part(uploads[0]!, 1, SECOND);
    await client().send(new AbortMultipartUploadCommand(uploads[0]!));
    expect((await list({})).keys).toEqual(['b/1', 'b/2']);
    expect(await outcomeOf(client().send(new UploadPartCommand({ ...uploads[0]!, PartNumber: 2, Body: 'x' })))).toBe(
      '404 NoSuchUpload',
    );
    expect(await complete(uploads[0]!, [sent])).toBe('404 NoSuchUpload');
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toBe('404 NotFound');
  });

  test('lists its parts page by page', async () => {
    const upload = await begin(await freshBucket(), 'k');
    for (const number of [1, 2, 3]) await part(upload, number, SECOND);
    const first = await client().send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    expect([first.Parts?.map(({ PartNumber }) => PartNumber), first.IsTruncated, first.NextPartNumberMarker]).toEqual([
      [1, 2],
      true,
      '2',
    ]);
    const second = await client().send(new ListPartsCommand({ ...upload, PartNumberMarker: '2' }));
    expect([second.Parts?.map(({ PartNumber }) => PartNumber), second.IsTruncated]).toEqual([[3], false]);
  });

  test('is refused with parts that are missing, wrong, out of order or too small, and can be completed after that', async () => {
    const Bucket = await freshBucket();
    const upload = await begin(Bucket, 'k');
    const [first, second] = [await part(upload, 1, FIRST), await part(upload, 2, SECOND)];
    expect(await complete(upload, [first, { ...second, PartNumber: 3 }])).toBe('400 InvalidPart');
    expect(await complete(upload, [first, { ...second, ETag: first.ETag! }])).toBe('400 InvalidPart');
    expect(await complete(upload, [second, first])).toBe('400 InvalidPartOrder');
    const third = await part(upload, 3, SECOND);
    expect(await complete(upload, [first, second, third])).toBe('400 EntityTooSmall');
    expect(await complete(upload, [first, third], { MpuObjectSize: 1 })).toBe('400 InvalidRequest');
    expect(await complete(upload, [first, third])).toMatchObject({ Key: 'k' });
  });

  test('is completed on a condition, by exactly one of 20 in parallel', async () => {
    const Bucket = await freshBucket();
    const uploads = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const upload = await begin(Bucket, 'k');
        return { upload, sent: await part(upload, 1, Buffer.from(`writer ${n}`)) };
      }),
    );
    const outcomes = await Promise.all(uploads.map(({ upload, sent }) => complete(upload, [sent], { IfNoneMatch: '*' })));
    const winners = outcomes.flatMap((outcome, n) => (typeof outcome === 'string' ? [] : [n]));
    expect(winners).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '412 PreconditionFailed')).toHaveLength(19);
    expect((await content(Bucket, 'k')).toString()).toBe(`writer ${winners[0]}`);
    const again = await begin(Bucket, 'k');
    const sent = await part(again, 1, SECOND);
    expect(await complete(again, [sent], { IfMatch: '"0"' })).toBe('412 PreconditionFailed');
    expect(
      await complete(again, [sent], { IfMatch: `"${md5(md5(Buffer.from(`writer ${winners[0]}`))).toString('hex')}-1"` }),
    ).toMatchObject({ Key: 'k' });
  });

  test('carries a composite checksum, or one of the whole object when asked', async () => {
    const Bucket = await freshBucket();
    const send = async (type: ChecksumType) => {
      const upload = await begin(Bucket, type, { ChecksumAlgorithm: ChecksumAlgorithm.CRC32, ChecksumType: type });
      const parts = [await part(upload, 1, FIRST), await part(upload, 2, SECOND)];
      const withSums = parts.map((sent, n) => ({ ...sent, ChecksumCRC32: crc(n === 0 ? FIRST : SECOND).toString('base64') }));
      expect(await complete(upload, [{ ...withSums[0]!, ChecksumCRC32: 'AAAAAA==' }, withSums[1]!])).toBe('400 InvalidPart');
      const done = await complete(upload, withSums);
      return typeof done === 'string' ? done : done.ChecksumCRC32;
    };
    expect(await send(ChecksumType.COMPOSITE)).toBe(`${crc(Buffer.concat([crc(FIRST), crc(SECOND)])).toString('base64')}-2`);
    expect(await send(ChecksumType.FULL_OBJECT)).toBe(crc(Buffer.concat([FIRST, SECOND])).toString('base64'));
    const head = await client().send(new HeadObjectCommand({ Bucket, Key: 'FULL_OBJECT', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumType).toBe('FULL_OBJECT');
    expect((await content(Bucket, 'FULL_OBJECT')).length).toBe(MIN_PART_BYTES + 6);
  });
});
