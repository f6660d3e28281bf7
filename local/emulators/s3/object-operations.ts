import { byteRange } from './byte-range.ts';
import { checksumAlgorithm, checksumHeaders } from './checksums.ts';
import type { StoredObject } from './object-index.ts';
import { readPrecondition, writePrecondition } from './preconditions.ts';
import { noSuchKey, notImplemented } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { emptyResponse, type S3Response } from './s3-response.ts';
import { assertBucket, commitObject, currentSecondMs, objectHeaders, type S3State } from './s3-state.ts';
import { verifiedBody } from './verified-body.ts';

export async function putObject(state: S3State, request: S3Request): Promise<S3Response> {
  assertBucket(state, request.bucket);
  const headers = objectHeaders(request);
  const holds = writePrecondition(request.headers);
  const asked = request.headers.get('x-amz-sdk-checksum-algorithm');
  const body = verifiedBody(request, asked === undefined ? undefined : checksumAlgorithm(asked));
  const bodyId = await state.bodies.write(body.chunks);
  const { sizeBytes, md5, checksums } = body.digest();
  const etag = md5.toString('hex');
  const object: StoredObject = {
    key: request.key,
    bodyId,
    sizeBytes,
    etag,
    modifiedMs: currentSecondMs(),
    headers,
    checksums,
    checksumType: 'FULL_OBJECT',
  };
  await commitObject(state, request.bucket, object, holds);
  return emptyResponse(200, { etag: `"${etag}"`, ...checksumHeaders(checksums, 'FULL_OBJECT') });
}

const OVERRIDES = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type', 'expires'];

/** GET and HEAD; the look-up and the opening of the body happen in one turn, so a reader never meets a replaced body. */
export function readObject(state: S3State, request: S3Request): S3Response {
  assertBucket(state, request.bucket);
  if (request.query.has('partNumber')) throw notImplemented('reading one part by its number');
  const object = state.index.object(request.bucket, request.key);
  if (object === undefined) throw noSuchKey();
  const general = {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...object.headers,
    ...overrides(request),
  };
  if (readPrecondition(request, object) === 'not-modified') {
    const { 'content-type': _type, 'content-encoding': _encoding, ...kept } = general as Record<string, string>;
    return emptyResponse(304, kept);
  }
  const range = byteRange(request.headers.get('range'), object.sizeBytes);
  const { start, lengthBytes } = range ?? { start: 0, lengthBytes: object.sizeBytes };
  const partial: Record<string, string> =
    range === undefined ? {} : { 'content-range': `bytes ${start}-${start + lengthBytes - 1}/${object.sizeBytes}` };
  const wantsChecksums = range === undefined && request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...general,
      ...partial,
      ...(wantsChecksums ? checksumHeaders(object.checksums, object.checksumType) : {}),
      'content-length': lengthBytes,
    },
    ...(request.method === 'HEAD' ? {} : { body: state.bodies.open(object.bodyId, start, lengthBytes) }),
  };
}

function overrides(request: S3Request): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value !== undefined) chosen[name] = value;
  }
  return chosen;
}

/** Deleting what is not there succeeds, unless If-Match was sent. */
export async function deleteObject(state: S3State, request: S3Request): Promise<S3Response> {
  await removeObject(state, request.bucket, request.key, request.headers.get('if-match'));
  return emptyResponse(204);
}

export async function removeObject(state: S3State, bucket: string, key: string, ifMatch: string | undefined): Promise<void> {
  assertBucket(state, bucket);
  const holds = writePrecondition(new Map(ifMatch === undefined ? [] : [['if-match', ifMatch]]));
  const current = state.index.object(bucket, key);
  holds(current);
  if (current === undefined) return;
  state.index.deleteObject(bucket, key);
  await state.bodies.remove(current.bodyId);
}
