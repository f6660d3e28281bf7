import { randomBytes } from 'node:crypto';
import { byteRange } from './byte-range.ts';
import { type ChecksumType, checksumAlgorithm, checksumHeaders } from './checksums.ts';
import { copyBody, copyDocument, copySource } from './copy-object.ts';
import { encodeListed } from './list-objects.ts';
import type { StoredPart, StoredUpload } from './object-index.ts';
import { S3Error } from './s3-error.ts';
import { integerParameter, type S3Request } from './s3-request.ts';
import { emptyResponse, type S3Response, xmlResponse } from './s3-response.ts';
import { assertBucket, currentSecondMs, objectHeaders, type S3State } from './s3-state.ts';
import { element, xmlDocument } from './s3-xml.ts';
import { verifiedBody } from './verified-body.ts';

const MAX_PART_NUMBER = 10_000;
const MAX_LISTED = 1000;

export function createUpload(state: S3State, request: S3Request): S3Response {
  assertBucket(state, request.bucket);
  const asked = request.headers.get('x-amz-checksum-algorithm');
  const algorithm = asked === undefined ? undefined : checksumAlgorithm(asked);
  const upload: StoredUpload = {
    id: randomBytes(24).toString('base64url'),
    key: request.key,
    startedMs: currentSecondMs(),
    headers: objectHeaders(request),
    checksumType: readChecksumType(request, algorithm),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
  state.index.putUpload(request.bucket, upload);
  const body = xmlDocument('InitiateMultipartUploadResult', [
    element('Bucket', request.bucket),
    element('Key', request.key),
    element('UploadId', upload.id),
  ]);
  const stated =
    algorithm === undefined
      ? {}
      : { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': upload.checksumType };
  return xmlResponse(body, stated as Record<string, string>);
}

/** SHA checksums exist only as composite ones, CRC-64/NVME only over the whole object; the other CRCs let the caller choose. */
function readChecksumType(request: S3Request, algorithm: string | undefined): ChecksumType {
  const asked = request.headers.get('x-amz-checksum-type');
  const natural = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (asked === undefined) return natural;
  if (asked !== 'FULL_OBJECT' && asked !== 'COMPOSITE') throw new S3Error('InvalidRequest', 'Unknown checksum type.');
  if (asked !== natural && (algorithm === 'crc64nvme' || algorithm?.startsWith('sha') === true)) {
    throw new S3Error('InvalidRequest', `The ${asked} checksum type cannot be used with the ${algorithm} checksum algorithm.`);
  }
  return asked;
}

export async function uploadPart(state: S3State, request: S3Request): Promise<S3Response> {
  const { upload, number } = addressedPart(state, request);
  const body = verifiedBody(request, upload.algorithm);
  const bodyId = await state.bodies.write(body.chunks);
  const { sizeBytes, md5, checksums } = body.digest();
  const part: StoredPart = { number, bodyId, sizeBytes, etag: md5.toString('hex'), modifiedMs: currentSecondMs(), checksums };
  await commitPart(state, request, part);
  const { 'x-amz-checksum-type': _type, ...headers } = checksumHeaders(checksums, upload.checksumType);
  return emptyResponse(200, { etag: `"${part.etag}"`, ...headers });
}

export async function copyPart(state: S3State, request: S3Request): Promise<S3Response> {
  const { upload, number } = addressedPart(state, request);
  const { object } = copySource(state, request);
  const header = request.headers.get('x-amz-copy-source-range');
  const range = byteRange(header, object.sizeBytes);
  if (header !== undefined && (range === undefined || !header.endsWith(`-${range.start + range.lengthBytes - 1}`))) {
    throw new S3Error(
      'InvalidArgument',
      'The x-amz-copy-source-range value must be of the form bytes=first-last within the source.',
    );
  }
  const { start, lengthBytes } = range ?? { start: 0, lengthBytes: object.sizeBytes };
  const copied = await copyBody(state, state.bodies.open(object.bodyId, start, lengthBytes), upload.algorithm);
  const part: StoredPart = { ...copied, number, modifiedMs: currentSecondMs() };
  await commitPart(state, request, part);
  return xmlResponse(copyDocument('CopyPartResult', part));
}

export async function abortUpload(state: S3State, request: S3Request): Promise<S3Response> {
  const upload = addressedUpload(state, request);
  const parts = state.index.parts(upload.id);
  state.index.atomically(() => state.index.deleteUpload(upload.id));
  await Promise.all(parts.map((part) => state.bodies.remove(part.bodyId)));
  return emptyResponse(204);
}

export function listParts(state: S3State, request: S3Request): S3Response {
  const upload = addressedUpload(state, request);
  const marker = integerParameter(request, 'part-number-marker', 0, { min: 0, max: MAX_PART_NUMBER });
  const maxParts = Math.min(integerParameter(request, 'max-parts', MAX_LISTED, { min: 1, max: MAX_LISTED }), MAX_LISTED);
  const rest = state.index.parts(upload.id).filter((part) => part.number > marker);
  const page = rest.slice(0, maxParts);
  return xmlResponse(
    xmlDocument('ListPartsResult', [
      element('Bucket', request.bucket),
      element('Key', request.key),
      element('UploadId', upload.id),
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', page.at(-1)?.number ?? marker),
      element('MaxParts', maxParts),
      element('IsTruncated', rest.length > page.length),
      ...page.map((part) =>
        element('Part', [
          element('PartNumber', part.number),
          element('LastModified', new Date(part.modifiedMs).toISOString()),
          element('ETag', `"${part.etag}"`),
          element('Size', part.sizeBytes),
          ...Object.entries(part.checksums).map(([algorithm, value]) => element(`Checksum${algorithm.toUpperCase()}`, value)),
        ]),
      ),
    ]),
  );
}

export function listUploads(state: S3State, request: S3Request): S3Response {
  assertBucket(state, request.bucket);
  const { query } = request;
  const prefix = query.get('prefix') ?? '';
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const maxUploads = Math.min(integerParameter(request, 'max-uploads', MAX_LISTED, { min: 1, max: MAX_LISTED }), MAX_LISTED);
  const print = (text: string): string => (query.get('encoding-type') === 'url' ? encodeListed(text) : text);
  const rest = state.index.uploads(request.bucket).filter((upload) => {
    const order = Buffer.compare(Buffer.from(upload.key), Buffer.from(keyMarker));
    return upload.key.startsWith(prefix) && (order > 0 || (order === 0 && idMarker !== '' && upload.id > idMarker));
  });
  const page = rest.slice(0, maxUploads);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return xmlResponse(
    xmlDocument('ListMultipartUploadsResult', [
      element('Bucket', request.bucket),
      element('Prefix', print(prefix)),
      element('KeyMarker', print(keyMarker)),
      element('UploadIdMarker', idMarker),
      element('NextKeyMarker', last === undefined ? undefined : print(last.key)),
      element('NextUploadIdMarker', last?.id),
      element('MaxUploads', maxUploads),
      element('IsTruncated', last !== undefined),
      ...page.map((upload) =>
        element('Upload', [
          element('Key', print(upload.key)),
          element('UploadId', upload.id),
          element('Initiated', new Date(upload.startedMs).toISOString()),
          element('StorageClass', 'STANDARD'),
        ]),
      ),
    ]),
  );
}

export function addressedUpload(state: S3State, request: S3Request): StoredUpload {
  assertBucket(state, request.bucket);
  const upload = state.index.upload(request.bucket, request.key, request.query.get('uploadId') ?? '');
  if (upload === undefined) {
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist. It may be invalid, aborted or completed.');
  }
  if (state.completing.has(upload.id)) throw new S3Error('OperationAborted', 'The upload is being completed.');
  return upload;
}

function addressedPart(state: S3State, request: S3Request): { upload: StoredUpload; number: number } {
  const number = integerParameter(request, 'partNumber', 0, { min: 1, max: MAX_PART_NUMBER });
  if (number < 1 || number > MAX_PART_NUMBER)
    throw new S3Error('InvalidArgument', `Part number must be from 1 to ${MAX_PART_NUMBER}.`);
  return { upload: addressedUpload(state, request), number };
}

/** The upload may have been completed or aborted while the part was on its way. */
async function commitPart(state: S3State, request: S3Request, part: StoredPart): Promise<void> {
  let superfluous: string | undefined = part.bodyId;
  try {
    const upload = addressedUpload(state, request);
    superfluous = state.index.parts(upload.id).find((present) => present.number === part.number)?.bodyId;
    state.index.putPart(upload.id, part);
  } finally {
    if (superfluous !== undefined) await state.bodies.remove(superfluous);
  }
}
