import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { Fault, WireError } from '#domain/errors.ts';
import { callAws } from './call-aws.ts';

/** A place for objects: one client, one bucket. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** `condition` is that the object is still the one with this ETag, or that there is none yet. */
export type Condition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' };
export type ConditionalPut = { readonly kind: 'stored'; readonly etag: string } | { readonly kind: 'refused' };
export type Headers = Pick<
  PutObjectCommandInput,
  'ContentType' | 'ContentEncoding' | 'CacheControl' | 'ChecksumSHA256' | 'ContentLength'
>;
/** A stream is read once, so it is made anew for each try; its length must be among the headers. */
export type PutBody = Uint8Array | string | (() => Readable);

/** Manifests of the largest networks are below 30 MB packed; whatever is above this is not ours. */
const MAX_OBJECT_BYTES = 256 * 2 ** 20;
const CONFLICT_TRIES = 5;
const CONFLICT_DELAY_MS = 50;

/** Names of S3's errors differ between operations and emulators, the status does not. */
export const httpStatus = (error: unknown): number | undefined => {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
  return metadata?.httpStatusCode;
};

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const getObject = (bucket: Bucket, key: string): Promise<StoredObject | undefined> =>
  callAws(`reading ${key}`, async () => {
    try {
      const output = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
      if ((output.ContentLength ?? 0) > MAX_OBJECT_BYTES) throw new WireError(`${key} is larger than ${MAX_OBJECT_BYTES} bytes`);
      return { bytes: (await output.Body?.transformToByteArray()) ?? new Uint8Array(), etag: output.ETag ?? '' };
    } catch (error) {
      if (httpStatus(error) === 404) return undefined;
      throw error;
    }
  });

/** Bytes of an object named by their sha256. */
export const getNamedObject = async (bucket: Bucket, key: string, name: string): Promise<Uint8Array | undefined> => {
  const stored = await getObject(bucket, key);
  if (stored !== undefined && sha256Hex(stored.bytes) !== name)
    throw new WireError(`${key} does not have the sha256 that it is named by`);
  return stored?.bytes;
};

/** A refusal comes before all of a stream was read. */
const sendPut = async (client: S3Client, body: PutBody, fields: Omit<PutObjectCommandInput, 'Body'>) => {
  const input = { ...fields, Body: typeof body === 'function' ? body() : body };
  try {
    return await client.send(new PutObjectCommand(input));
  } finally {
    if (input.Body instanceof Readable) input.Body.destroy();
  }
};

export const putObject = (bucket: Bucket, key: string, body: PutBody, headers: Headers): Promise<void> =>
  callAws(`writing ${key}`, async () => {
    await sendPut(bucket.client, body, { Bucket: bucket.name, Key: key, ...headers });
  });

type Attempt = ConditionalPut | { readonly kind: 'conflict' };

const attemptPut = async (client: S3Client, body: PutBody, fields: Omit<PutObjectCommandInput, 'Body'>): Promise<Attempt> => {
  try {
    const output = await sendPut(client, body, fields);
    return { kind: 'stored', etag: output.ETag ?? '' };
  } catch (error) {
    const status = httpStatus(error);
    if (status === 412 || (status === 404 && fields.IfMatch !== undefined)) return { kind: 'refused' };
    if (status === 409) return { kind: 'conflict' };
    throw error;
  }
};

/**
 * One conditional write. `refused` says that the condition did not hold when S3 looked, which may be because an earlier try of
 * the same request was stored and its answer lost: only the caller can tell, by reading.
 * 412 is a failed condition, 404 an If-Match on an object that is not there; 409 is another write to the same key in flight, which
 * may still fail, so we ask again.
 */
export const putObjectIf = (
  bucket: Bucket,
  key: string,
  body: PutBody,
  condition: Condition,
  headers: Headers,
): Promise<ConditionalPut> =>
  callAws(`writing ${key}`, async () => {
    const when = 'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch };
    for (let attempt = 1; attempt <= CONFLICT_TRIES; attempt += 1) {
      const put = await attemptPut(bucket.client, body, { Bucket: bucket.name, Key: key, ...headers, ...when });
      if (put.kind !== 'conflict') return put;
      await delay(CONFLICT_DELAY_MS * attempt);
    }
    throw new Fault(`writing ${key} met other writers ${CONFLICT_TRIES} times`);
  });

/** Stores an object whose key says what is in it: one that is already there is the same object. */
export const putImmutableObject = async (bucket: Bucket, key: string, body: Uint8Array, headers: Headers): Promise<void> => {
  await putObjectIf(bucket, key, body, { ifNoneMatch: '*' }, headers);
};
