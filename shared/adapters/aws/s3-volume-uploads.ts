import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { VolumeUploads } from '#ports/volume-uploads.ts';
import { callAws } from './call-aws.ts';
import type { Bucket } from './s3-object.ts';
import { volumeObjectHeaders, volumeObjectKey } from './s3-volume-objects.ts';

const ContentEncoding = 'identity';

/**
 * URLs that S3 signs nobody else's bytes with: the headers that say which object it is are part of the signature, so a request
 * without one of them, or with another value, is refused before anything is stored. By itself the presigner would move
 * `x-amz-*` to the query, where S3 ignores the checksum, and would not sign the others. The hash of the body is the header's;
 * the signature's own hash stays open, since whoever signs has no bytes. S3 keeps what it is told of a coding with an object, which may
 * be another volume's tomorrow; so that is told as well, and `identity` says that there is none.
 */
export const s3VolumeUploads = (bucket: Bucket): VolumeUploads => ({
  upload: ({ sha256, sizeBytes }, nowMs, expiresMs) =>
    callAws('signing an upload', async () => {
      const { ContentType, CacheControl, ChecksumSHA256 } = volumeObjectHeaders(sha256);
      const headers = {
        'content-length': String(sizeBytes),
        'content-type': ContentType,
        'cache-control': CacheControl,
        'content-encoding': ContentEncoding,
        'if-none-match': '*',
        'x-amz-checksum-sha256': ChecksumSHA256,
      };
      const command = new PutObjectCommand({
        Bucket: bucket.name,
        Key: volumeObjectKey(sha256),
        ContentLength: sizeBytes,
        ContentType,
        CacheControl,
        ContentEncoding,
        IfNoneMatch: '*',
        ChecksumSHA256,
      });
      const url = await getSignedUrl(bucket.client, command, {
        signingDate: new Date(nowMs),
        expiresIn: Math.floor((expiresMs - nowMs) / 1000),
        signableHeaders: new Set(['host', ...Object.keys(headers)]),
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      });
      return { url, headers };
    }),
});
