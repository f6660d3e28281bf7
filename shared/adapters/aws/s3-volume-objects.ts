import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from '@aws-sdk/client-s3';
import { WireError } from '#domain/errors.ts';
import { isSha256 } from '#domain/volume/tree.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { callAws } from './call-aws.ts';
import { type Bucket, httpStatus, putObjectIf, sha256Hex } from './s3-object.ts';

export const OBJECTS_PREFIX = 'objects/';

export const volumeObjectKey = (sha256: string): string => {
  if (!isSha256(sha256)) throw new Error('an object is named by its SHA-256');
  return `${OBJECTS_PREFIX}${sha256}`;
};

/** Of every object, whoever puts it. A year is the longest that caches are told anything. */
export const volumeObjectHeaders = (sha256: string) => ({
  ContentType: 'application/octet-stream',
  CacheControl: 'public, max-age=31536000, immutable',
  ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
});

const unlessAbsent = async <Output>(sent: Promise<Output>): Promise<Output | undefined> => {
  try {
    return await sent;
  } catch (error) {
    if (httpStatus(error) === 404) return undefined;
    throw error;
  }
};

const bodyOf = async ({ Body: body, ContentLength: length = 0 }: GetObjectCommandOutput, most: number): Promise<Uint8Array> => {
  if (length > most) {
    // Ends the connection instead of reading the rest.
    if (body !== undefined && 'destroy' in body) body.destroy();
    throw new WireError(`an object is larger than ${most} bytes`);
  }
  return (await body?.transformToByteArray()) ?? new Uint8Array();
};

/**
 * S3 computes the SHA-256 of what arrives and refuses what is not of that hash, so no object can be there under a wrong name,
 * whoever uploads it. `If-None-Match: *` refuses what is there already: the same bytes, so a success.
 * (Amazon S3 user guide, "Checking object integrity" and "How to prevent object overwrites with conditional writes".)
 */
export const s3VolumeObjects = (bucket: Bucket): VolumeObjects => ({
  put: async (sha256, bytes) => {
    const key = volumeObjectKey(sha256);
    // S3 would refuse it as well, after it was sent.
    if (sha256Hex(bytes) !== sha256) return { kind: 'wrong-hash' };
    await putObjectIf(bucket, key, bytes, { ifNoneMatch: '*' }, volumeObjectHeaders(sha256));
    return { kind: 'stored' };
  },

  sizeBytes: (sha256) =>
    callAws(`looking for ${volumeObjectKey(sha256)}`, async () => {
      const output = await unlessAbsent(
        bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: volumeObjectKey(sha256) })),
      );
      return output === undefined ? undefined : (output.ContentLength ?? 0);
    }),

  read: (sha256, maximumBytes) =>
    callAws(`reading ${volumeObjectKey(sha256)}`, async () => {
      const output = await unlessAbsent(
        bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: volumeObjectKey(sha256) })),
      );
      if (output === undefined) return undefined;
      const bytes = await bodyOf(output, maximumBytes);
      if (sha256Hex(bytes) !== sha256) throw new WireError('an object does not have the SHA-256 that it is named by');
      return bytes;
    }),

  readRange: (sha256, offset, length) =>
    callAws(`reading a part of ${volumeObjectKey(sha256)}`, async () => {
      if (length <= 0) return new Uint8Array();
      const Range = `bytes=${offset}-${offset + length - 1}`;
      const sent = bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: volumeObjectKey(sha256), Range }));
      const output = await unlessAbsent(sent).catch((error: unknown) => {
        if (httpStatus(error) === 416) throw new WireError(`an object ends before byte ${offset}`, { cause: error });
        throw error;
      });
      return output === undefined ? undefined : await bodyOf(output, length);
    }),
});
