import type { ObjectIntake, ObjectReceiver } from '#ports/object-intake.ts';
import { spool } from '../node/spool.ts';
import { putSpooled } from './put-spooled.ts';
import { type Bucket, putObjectIf } from './s3-object.ts';
import { volumeObjectHeaders, volumeObjectKey } from './s3-volume-objects.ts';

const receiver = (bucket: Bucket, mostInMemory: number | undefined): ObjectReceiver => {
  const spooled = spool(mostInMemory);
  return {
    write: spooled.write,
    received: spooled.received,
    store: async () => {
      const { sha256, sizeBytes } = spooled.received();
      const headers = { ...volumeObjectHeaders(sha256), ContentLength: sizeBytes };
      await putSpooled(spooled, (body) => putObjectIf(bucket, volumeObjectKey(sha256), body, { ifNoneMatch: '*' }, headers));
    },
    discard: spooled.discard,
  };
};

/** Objects of volumes, from files that are received in pieces. */
export const s3ObjectIntake = (bucket: Bucket, mostInMemory?: number): ObjectIntake => ({
  open: async () => receiver(bucket, mostInMemory),
});
