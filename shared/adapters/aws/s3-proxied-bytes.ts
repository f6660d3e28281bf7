import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { WireError } from '#domain/errors.ts';
import type { IncomingBytes, ProxiedBytes } from '#ports/proxied-bytes.ts';
import { MOST_IN_MEMORY, spool } from '../node/spool.ts';
import { callAws } from './call-aws.ts';
import { putSpooled } from './put-spooled.ts';
import { type Bucket, getObject, type Headers, httpStatus, putObject } from './s3-object.ts';

/** Of one PUT, and of one copy. */
const MOST_BYTES = 5 * 2 ** 30;
/** Left on the disk for whatever else needs some. */
const SPARE_BYTES = 64 * 2 ** 20;

const keyOf = (sha256: string): string => `proxy/${sha256}`;

const headersOf = (sha256: string, ContentType: string): Headers => ({
  ContentType,
  CacheControl: 'public, max-age=31536000, immutable',
  // S3 refuses what is not of this hash.
  ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
});

const incoming = (bucket: Bucket, mostInMemory: number | undefined): IncomingBytes => {
  const spooled = spool(mostInMemory);
  return {
    write: spooled.write,
    received: spooled.received,
    small: (maximumBytes) => {
      const content = spooled.content();
      return typeof content === 'function' || content.length > maximumBytes ? undefined : content;
    },
    store: async (contentType) => {
      const { sha256, sizeBytes } = spooled.received();
      const headers = { ...headersOf(sha256, contentType), ContentLength: sizeBytes };
      await putSpooled(spooled, (body) => putObject(bucket, keyOf(sha256), body, headers));
    },
    discard: spooled.discard,
  };
};

/**
 * Under a prefix of the content bucket whose objects its lifecycle removes thirty days after they were written, so what is stored
 * again is written again though the same is there. A copy onto itself counts as written.
 */
export const s3ProxiedBytes = (bucket: Bucket, mostInMemory?: number): ProxiedBytes => ({
  roomBytes: async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    return Math.min(MOST_BYTES, Math.max(MOST_IN_MEMORY, bavail * bsize - SPARE_BYTES));
  },
  receive: () => incoming(bucket, mostInMemory),
  put: (sha256, bytes, contentType) => putObject(bucket, keyOf(sha256), bytes, headersOf(sha256, contentType)),
  read: async (sha256, maximumBytes) => {
    const stored = await getObject(bucket, keyOf(sha256));
    if (stored !== undefined && stored.bytes.length > maximumBytes)
      throw new WireError(`${keyOf(sha256)} is larger than ${maximumBytes} bytes`);
    return stored?.bytes;
  },
  renew: (sha256, contentType) =>
    callAws(`renewing ${keyOf(sha256)}`, async () => {
      const { ChecksumSHA256: _, ...headers } = headersOf(sha256, contentType);
      const place = { Bucket: bucket.name, Key: keyOf(sha256), CopySource: `${bucket.name}/${keyOf(sha256)}` };
      try {
        await bucket.client.send(new CopyObjectCommand({ ...place, ...headers, MetadataDirective: 'REPLACE' }));
        return true;
      } catch (error) {
        if (httpStatus(error) === 404) return false;
        throw error;
      }
    }),
});
