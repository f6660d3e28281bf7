import { createHash } from 'node:crypto';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  type Checksums,
  type RunningChecksum,
  runningChecksum,
} from './checksums.ts';
import { addressedUpload } from './multipart-upload.ts';
import type { StoredObject, StoredPart, StoredUpload } from './object-index.ts';
import { writePrecondition } from './preconditions.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { type S3Response, xmlResponse } from './s3-response.ts';
import { commitObject, currentSecondMs, type S3State } from './s3-state.ts';
import { childText, element, parseXml, requiredText, type XmlNode, xmlDocument } from './s3-xml.ts';
import { readTextBody } from './verified-body.ts';

/** Every part but the last one. */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Puts the parts together. A failed condition leaves the upload as it was, to be aborted or tried again. */
export async function completeUpload(state: S3State, request: S3Request): Promise<S3Response> {
  const document = parseXml(await readTextBody(request, MAX_DOCUMENT_BYTES));
  const upload = addressedUpload(state, request);
  const holds = writePrecondition(request.headers);
  holds(state.index.object(request.bucket, request.key));
  const present = state.index.parts(upload.id);
  const parts = chosenParts(document, present);
  state.completing.add(upload.id);
  try {
    const object = await assemble(state, request, upload, parts);
    // The object comes and the upload goes in one transaction: a second completion finds it gone.
    await commitObject(state, request.bucket, object, (current) => {
      holds(current);
      state.index.deleteUpload(upload.id);
    });
    await Promise.all(present.map((part) => state.bodies.remove(part.bodyId)));
    return xmlResponse(completedDocument(request, object));
  } finally {
    state.completing.delete(upload.id);
  }
}

async function assemble(
  state: S3State,
  request: S3Request,
  upload: StoredUpload,
  parts: readonly StoredPart[],
): Promise<StoredObject> {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const statedSize = request.headers.get('x-amz-mp-object-size');
  if (statedSize !== undefined && Number(statedSize) !== sizeBytes) {
    throw new S3Error('InvalidRequest', 'The provided x-amz-mp-object-size header value does not match what was computed.');
  }
  const whole =
    upload.algorithm !== undefined && upload.checksumType === 'FULL_OBJECT' ? runningChecksum(upload.algorithm) : undefined;
  const bodyId = await state.bodies.write(joined(state, parts, whole));
  try {
    const checksums = objectChecksums(upload, parts, whole);
    assertStatedChecksums(request, checksums);
    const digests = parts.map((part) => Buffer.from(part.etag, 'hex'));
    const etag = `${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}`;
    const { headers, checksumType } = upload;
    return { key: request.key, bodyId, sizeBytes, etag, modifiedMs: currentSecondMs(), headers, checksums, checksumType };
  } catch (error) {
    await state.bodies.remove(bodyId);
    throw error;
  }
}

async function* joined(state: S3State, parts: readonly StoredPart[], whole: RunningChecksum | undefined): AsyncGenerator<Buffer> {
  for (const part of parts) {
    for await (const chunk of state.bodies.open(part.bodyId, 0, part.sizeBytes)) {
      whole?.update(chunk);
      yield chunk;
    }
  }
}

function chosenParts(document: XmlNode, present: readonly StoredPart[]): StoredPart[] {
  const named = document.children.filter((child) => child.name === 'Part');
  if (document.name !== 'CompleteMultipartUpload' || named.length === 0) {
    throw new S3Error('MalformedXML', 'A completion names at least one part.');
  }
  const byNumber = new Map(present.map((part) => [part.number, part]));
  const chosen: StoredPart[] = [];
  for (const node of named) {
    const part = byNumber.get(Number(requiredText(node, 'PartNumber')));
    if (part === undefined || !agrees(node, part)) {
      throw new S3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found, or its entity tag or checksum did not match.',
      );
    }
    if (part.number <= (chosen.at(-1)?.number ?? 0)) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    chosen.push(part);
  }
  if (chosen.slice(0, -1).some((part) => part.sizeBytes < MIN_PART_BYTES)) {
    throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
  }
  return chosen;
}

function agrees(node: XmlNode, part: StoredPart): boolean {
  const etagMatches = requiredText(node, 'ETag').replaceAll('"', '') === part.etag;
  const checksumsMatch = CHECKSUM_ALGORITHMS.every((algorithm) => {
    const stated = childText(node, `Checksum${algorithm.toUpperCase()}`);
    return stated === undefined || stated === part.checksums[algorithm];
  });
  return etagMatches && checksumsMatch;
}

function objectChecksums(upload: StoredUpload, parts: readonly StoredPart[], whole: RunningChecksum | undefined): Checksums {
  const { algorithm } = upload;
  if (algorithm === undefined) return {};
  if (whole !== undefined) return { [algorithm]: whole.digest().toString('base64') };
  return { [algorithm]: compositeChecksum(algorithm, parts) };
}

function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly StoredPart[]): string {
  const outer = runningChecksum(algorithm);
  for (const part of parts) outer.update(Buffer.from(part.checksums[algorithm] ?? '', 'base64'));
  return `${outer.digest().toString('base64')}-${parts.length}`;
}

/** A composite value may be stated with or without its part count. */
function assertStatedChecksums(request: S3Request, checksums: Checksums): void {
  for (const [algorithm, value] of Object.entries(checksums)) {
    const stated = request.headers.get(`x-amz-checksum-${algorithm}`);
    if (stated !== undefined && stated !== value && stated !== value.replace(/-\d+$/, '')) {
      throw new S3Error('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
    }
  }
}

function completedDocument(request: S3Request, object: StoredObject): string {
  return xmlDocument('CompleteMultipartUploadResult', [
    element('Location', `/${request.bucket}/${request.key}`),
    element('Bucket', request.bucket),
    element('Key', request.key),
    element('ETag', `"${object.etag}"`),
    ...Object.entries(object.checksums).map(([algorithm, value]) => element(`Checksum${algorithm.toUpperCase()}`, value)),
    element('ChecksumType', Object.keys(object.checksums).length === 0 ? undefined : object.checksumType),
  ]);
}
