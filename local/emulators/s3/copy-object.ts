import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type ChecksumAlgorithm, type Checksums, checksumAlgorithm, runningChecksum } from './checksums.ts';
import type { StoredObject } from './object-index.ts';
import { copySourcePrecondition, writePrecondition } from './preconditions.ts';
import { noSuchKey, notImplemented, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { type S3Response, xmlResponse } from './s3-response.ts';
import { assertBucket, commitObject, currentSecondMs, objectHeaders, type S3State } from './s3-state.ts';
import { element, xmlDocument } from './s3-xml.ts';

const MAX_COPY_BYTES = 5 * 1024 ** 3;

export async function copyObject(state: S3State, request: S3Request): Promise<S3Response> {
  assertBucket(state, request.bucket);
  const source = copySource(state, request);
  const replaces = readDirective(request) === 'REPLACE';
  if (!replaces && source.bucket === request.bucket && source.object.key === request.key) {
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without changing its metadata.',
    );
  }
  const holds = writePrecondition(request.headers);
  const asked = request.headers.get('x-amz-checksum-algorithm');
  const algorithm =
    asked === undefined ? (Object.keys(source.object.checksums)[0] as ChecksumAlgorithm | undefined) : checksumAlgorithm(asked);
  const headers = replaces ? objectHeaders(request) : source.object.headers;
  const copied = await copyBody(state, state.bodies.open(source.object.bodyId, 0, source.object.sizeBytes), algorithm);
  const modifiedMs = currentSecondMs();
  const object: StoredObject = { ...copied, key: request.key, modifiedMs, headers, checksumType: 'FULL_OBJECT' };
  await commitObject(state, request.bucket, object, holds);
  return xmlResponse(copyDocument('CopyObjectResult', object));
}

export interface CopySource {
  readonly bucket: string;
  readonly object: StoredObject;
}

/** `bucket/key` or `/bucket/key`, percent-encoded. Its conditions are checked here; the caller must open the body in the same turn. */
export function copySource(state: S3State, request: S3Request): CopySource {
  const [, bucket, encodedKey] = /^\/?([^/]+)\/(.+)$/s.exec(request.headers.get('x-amz-copy-source') ?? '') ?? [];
  if (bucket === undefined || encodedKey === undefined)
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key');
  if (encodedKey.includes('?versionId=')) throw notImplemented('versions');
  assertBucket(state, bucket);
  const object = state.index.object(bucket, decodeURIComponent(encodedKey.replaceAll('+', ' ')));
  if (object === undefined) throw noSuchKey();
  copySourcePrecondition(request, object);
  if (object.sizeBytes > MAX_COPY_BYTES)
    throw new S3Error('InvalidRequest', 'The specified copy source is larger than the maximum allowable size.');
  return { bucket, object };
}

export interface CopiedBody {
  readonly bodyId: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly checksums: Checksums;
}

export async function copyBody(state: S3State, source: Readable, algorithm: ChecksumAlgorithm | undefined): Promise<CopiedBody> {
  const md5 = createHash('md5');
  const checksum = algorithm === undefined ? undefined : runningChecksum(algorithm);
  let sizeBytes = 0;
  async function* observed(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      sizeBytes += chunk.length;
      md5.update(chunk);
      checksum?.update(chunk);
      yield chunk;
    }
  }
  const bodyId = await state.bodies.write(observed());
  const checksums: Checksums =
    algorithm === undefined || checksum === undefined ? {} : { [algorithm]: checksum.digest().toString('base64') };
  return { bodyId, sizeBytes, etag: md5.digest('hex'), checksums };
}

export function copyDocument(name: string, copied: { etag: string; modifiedMs: number; checksums: Checksums }): string {
  return xmlDocument(name, [
    element('ETag', `"${copied.etag}"`),
    element('LastModified', new Date(copied.modifiedMs).toISOString()),
    ...Object.entries(copied.checksums).map(([algorithm, value]) => element(`Checksum${algorithm.toUpperCase()}`, value)),
  ]);
}

function readDirective(request: S3Request): 'COPY' | 'REPLACE' {
  const directive = request.headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') throw new S3Error('InvalidArgument', 'Unknown metadata directive.');
  return directive;
}
