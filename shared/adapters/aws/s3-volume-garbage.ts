import { DeleteObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { isSha256 } from '#domain/volume/tree.ts';
import type { StoredObject, VolumeGarbage } from '#ports/volume-garbage.ts';
import { callAws } from './call-aws.ts';
import type { Bucket } from './s3-object.ts';
import { OBJECTS_PREFIX, volumeObjectKey } from './s3-volume-objects.ts';

interface Listed {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly LastModified?: Date | undefined;
}

/** What is not named by a hash is not ours, and left alone. */
const storedObjects = ({ Key: key = '', Size: sizeBytes, LastModified: stored }: Listed): readonly StoredObject[] => {
  const sha256 = key.slice(OBJECTS_PREFIX.length);
  if (!isSha256(sha256) || sizeBytes === undefined || stored === undefined) return [];
  return [{ sha256, sizeBytes, storedMs: stored.getTime() }];
};

/**
 * In a bucket with versions nothing is lost at once: what was current becomes an earlier version, which the bucket's lifecycle
 * removes some days later.
 */
export const s3VolumeGarbage = ({ client, name }: Bucket): VolumeGarbage => ({
  list: async function* (prefix) {
    const pages = paginateListObjectsV2({ client }, { Bucket: name, Prefix: `${OBJECTS_PREFIX}${prefix}` })[
      Symbol.asyncIterator
    ]();
    for (;;) {
      const { done, value } = await callAws('listing the objects of volumes', () => pages.next());
      if (done === true) return;
      yield (value.Contents ?? []).flatMap(storedObjects);
    }
  },

  remove: (sha256) =>
    callAws('removing an object', async () => {
      const { $metadata: metadata } = await client.send(new DeleteObjectCommand({ Bucket: name, Key: volumeObjectKey(sha256) }));
      return metadata.attempts === 1 ? 'removed' : 'uncertain';
    }),
});
