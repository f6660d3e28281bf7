import { CreateBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { type S3Emulator, startS3Emulator } from '../../local/emulators/s3/start-s3-emulator.ts';

export const S3_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

export function s3ClientFor(endpoint: string, secretAccessKey = S3_CREDENTIALS.secretAccessKey): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { ...S3_CREDENTIALS, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

export interface S3UnderTest {
  emulator(): S3Emulator;
  client(): S3Client;
  /** A bucket nobody else in this file uses. */
  freshBucket(): Promise<string>;
}

/** One emulator for a test file, stopped at its end. */
export function useS3Emulator(): S3UnderTest {
  let emulator: S3Emulator | undefined;
  let client: S3Client | undefined;
  let buckets = 0;
  beforeAll(async () => {
    emulator = await startS3Emulator({ credentials: S3_CREDENTIALS });
    client = s3ClientFor(emulator.endpoint);
  });
  afterAll(async () => {
    client?.destroy();
    await emulator?.stop();
  });
  return {
    emulator: () => started(emulator),
    client: () => started(client),
    async freshBucket() {
      buckets += 1;
      const name = `bucket-${buckets}`;
      await started(client).send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
  };
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the emulator has not been started: call this from inside a test');
  return value;
}

/** `412 PreconditionFailed` for a refusal, the value itself for a success. */
export async function outcomeOf<T>(promise: Promise<T>): Promise<T | string> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return `${error.$metadata.httpStatusCode} ${error.name}`;
  }
}
