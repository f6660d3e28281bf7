import { expect, test } from 'vitest';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { s3VolumeUploads } from '#adapters/aws/s3-volume-uploads.ts';
import { Fault } from '#domain/errors.ts';
import { useEmulators } from '../support/emulators.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { freshBucket } from './places.ts';
import { volumeUploadsContract } from './volume-uploads.suite.ts';

const emulators = useEmulators();

volumeUploadsContract(async () => {
  const bucket = { client: emulators.s3(), name: await freshBucket(emulators) };
  return { uploads: s3VolumeUploads(bucket), objects: s3VolumeObjects(bucket) };
});

const WISH = { sha256: hashOf('a'), sizeBytes: 1 };

test('a URL leads to the bucket’s own name at S3, and has all that is signed in it, and nothing that was not asked for', async () => {
  const client = emulators.s3({
    endpoint: 'https://s3.eu-central-1.amazonaws.com',
    region: 'eu-central-1',
    forcePathStyle: false,
  });
  const { url, headers } = await s3VolumeUploads({ client, name: 'content' }).upload(WISH, 1_767_225_600_000, 1_767_229_200_000);
  const { origin, pathname, searchParams } = new URL(url);
  expect([origin, pathname]).toEqual(['https://content.s3.eu-central-1.amazonaws.com', `/objects/${WISH.sha256}`]);
  expect(searchParams.get('X-Amz-SignedHeaders')?.split(';')).toEqual([...Object.keys(headers), 'host'].toSorted());
  expect([...searchParams.keys()].toSorted()).toEqual([
    'X-Amz-Algorithm',
    'X-Amz-Content-Sha256',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-Signature',
    'X-Amz-SignedHeaders',
    'x-id',
  ]);
  expect([searchParams.get('X-Amz-Date'), searchParams.get('X-Amz-Expires')]).toEqual(['20260101T000000Z', '3600']);
});

test('without credentials there is no URL', async () => {
  const client = emulators.s3({ credentials: () => Promise.reject(new Error('none')) });
  await expect(s3VolumeUploads({ client, name: 'content' }).upload(WISH, 0, 1_000)).rejects.toThrow(Fault);
});
