import { createHash } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import {
  assertChecksumForm,
  type ChecksumAlgorithm,
  type Checksums,
  checksumAlgorithm,
  type RunningChecksum,
  runningChecksum,
} from './checksums.ts';
import { notImplemented, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

/** One PutObject or UploadPart carries at most 5 GiB. */
const MAX_BODY_BYTES = 5 * 1024 ** 3;
const CHECKSUM_HEADER = /^x-amz-checksum-(?!algorithm$|mode$|type$)(.+)$/;
const TRAILER_PAYLOAD = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

export interface BodyDigest {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly checksums: Checksums;
}

export interface VerifiedBody {
  /** The payload, framing removed. Throws at its end when anything the client stated about the body turns out wrong. */
  readonly chunks: AsyncIterable<Buffer>;
  /** What was seen; call it after `chunks` has ended. */
  digest(): BodyDigest;
}

/**
 * Streams a request's body and holds it against everything the client said of it: the signed SHA-256, Content-MD5, x-amz-checksum-*
 * in headers or trailers, and the decoded length. `alsoCompute` asks for a checksum the client did not send.
 */
export function verifiedBody(request: S3Request, alsoCompute?: ChecksumAlgorithm): VerifiedBody {
  const payload = declaredPayload(request);
  const chunked = payload === TRAILER_PAYLOAD;
  const stated = statedChecksums(request.headers);
  const trailers = new Map<string, string>();
  const running = new Map<ChecksumAlgorithm, RunningChecksum>();
  for (const algorithm of [
    ...stated.keys(),
    ...trailerAlgorithms(request),
    ...(alsoCompute === undefined ? [] : [alsoCompute]),
  ]) {
    running.set(algorithm, runningChecksum(algorithm));
  }
  const md5 = createHash('md5');
  const sha256 = /^[0-9a-f]{64}$/.test(payload) ? createHash('sha256') : undefined;
  const result: { digest?: BodyDigest } = {};

  async function* chunks(): AsyncGenerator<Buffer> {
    let sizeBytes = 0;
    for await (const chunk of chunked ? decodeAwsChunked(request.body, trailers) : request.body) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BODY_BYTES)
        throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
      md5.update(chunk);
      sha256?.update(chunk);
      for (const checksum of running.values()) checksum.update(chunk);
      yield chunk;
    }
    if (sha256 !== undefined && sha256.digest('hex') !== payload) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    }
    const checksums = Object.fromEntries(
      [...running].map(([algorithm, checksum]) => [algorithm, checksum.digest().toString('base64')]),
    );
    const digest: BodyDigest = { sizeBytes, md5: md5.digest(), checksums };
    assertLength(request, chunked, sizeBytes);
    assertMd5(request, digest.md5);
    assertChecksums(new Map([...stated, ...statedChecksums(trailers)]), trailerAlgorithms(request), digest.checksums);
    result.digest = digest;
  }

  return {
    chunks: chunks(),
    digest() {
      if (result.digest === undefined) throw new Error('the digest was asked for before the body had ended');
      return result.digest;
    },
  };
}

/** A small XML body, checked like any other. */
export async function readTextBody(request: S3Request, maxBytes: number): Promise<string> {
  const body = verifiedBody(request);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body.chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new S3Error('EntityTooLarge', 'The request document is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function declaredPayload(request: S3Request): string {
  const payload = request.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  if (payload.startsWith('STREAMING-') && payload !== TRAILER_PAYLOAD)
    throw notImplemented(`payloads signed chunk by chunk (${payload})`);
  const encoded = request.headers
    .get('content-encoding')
    ?.split(',')
    .some((coding) => coding.trim() === 'aws-chunked');
  if (encoded === true && payload !== TRAILER_PAYLOAD) throw notImplemented('aws-chunked without a streaming payload');
  return payload;
}

function trailerAlgorithms(request: S3Request): ChecksumAlgorithm[] {
  const named = (request.headers.get('x-amz-trailer') ?? '').split(',').map((name) => name.trim().toLowerCase());
  return named.flatMap((name) => {
    const algorithm = CHECKSUM_HEADER.exec(name)?.[1];
    return algorithm === undefined ? [] : [checksumAlgorithm(algorithm)];
  });
}

function statedChecksums(fields: ReadonlyMap<string, string>): Map<ChecksumAlgorithm, string> {
  const stated = new Map<ChecksumAlgorithm, string>();
  for (const [name, value] of fields) {
    const algorithm = CHECKSUM_HEADER.exec(name)?.[1];
    if (algorithm === undefined) continue;
    const known = checksumAlgorithm(algorithm);
    assertChecksumForm(known, value);
    stated.set(known, value);
  }
  return stated;
}

function assertLength(request: S3Request, chunked: boolean, sizeBytes: number): void {
  const stated = request.headers.get(chunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (stated !== undefined && Number(stated) !== sizeBytes) {
    throw new S3Error('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header.');
  }
}

function assertMd5(request: S3Request, actual: Buffer): void {
  const stated = request.headers.get('content-md5');
  if (stated === undefined) return;
  const bytes = Buffer.from(stated, 'base64');
  if (bytes.length !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
  if (!bytes.equals(actual)) throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
}

function assertChecksums(
  stated: ReadonlyMap<ChecksumAlgorithm, string>,
  announced: readonly ChecksumAlgorithm[],
  actual: Checksums,
): void {
  for (const algorithm of announced) {
    if (!stated.has(algorithm))
      throw new S3Error('InvalidRequest', `The announced trailer x-amz-checksum-${algorithm} did not come.`);
  }
  for (const [algorithm, value] of stated) {
    if (actual[algorithm] !== value) {
      throw new S3Error('BadDigest', `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
    }
  }
}
