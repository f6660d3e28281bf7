import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './s3-error.ts';
import { encodeStrictly, type S3Request } from './s3-request.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** S3 refuses a signed request whose clock is further away than this. */
const MAX_SKEW_MS = 15 * 60 * 1000;
/** Seven days, S3's own limit for presigned addresses. */
const MAX_EXPIRES_SECONDS = 604_800;

interface Claim {
  readonly accessKeyId: string;
  /** `20260102/us-east-1/s3/aws4_request` */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20260102T030405Z` */
  readonly timestamp: string;
  readonly payloadHash: string;
  readonly presigned: boolean;
}

/**
 * Checks AWS Signature Version 4, in the Authorization header or in the query (presigned).
 * Nothing is public here: a request without a signature is AccessDenied.
 */
export function verifySignature(request: S3Request, credentials: Credentials, nowMs: number): void {
  const claim = request.query.has('X-Amz-Signature') ? queryClaim(request, nowMs) : headerClaim(request, nowMs);
  if (claim.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  }
  assertSignedHeaders(request, claim);
  const expected = sign(stringToSign(request, claim), claim.scope, credentials.secretAccessKey);
  const given = Buffer.from(claim.signature, 'latin1');
  const wanted = Buffer.from(expected, 'latin1');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    );
  }
}

function headerClaim(request: S3Request, nowMs: number): Claim {
  const authorization = request.headers.get('authorization');
  if (authorization === undefined) throw new S3Error('AccessDenied', 'Access Denied');
  const match = /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  const [, credential, signedHeaders, signature] = match ?? [];
  const timestamp = request.headers.get('x-amz-date');
  if (credential === undefined || signedHeaders === undefined || signature === undefined || timestamp === undefined) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.');
  }
  const payloadHash = request.headers.get('x-amz-content-sha256');
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  if (!(Math.abs(nowMs - timestampMs(timestamp)) <= MAX_SKEW_MS)) {
    throw new S3Error('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.');
  }
  return {
    ...readCredential(credential, timestamp),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    payloadHash,
    presigned: false,
  };
}

function queryClaim(request: S3Request, nowMs: number): Claim {
  const [credential, timestamp, expires, signedHeaders, signature] = [
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map((name) => request.query.get(name));
  if (
    request.query.get('X-Amz-Algorithm') !== ALGORITHM ||
    credential === undefined ||
    timestamp === undefined ||
    expires === undefined ||
    signedHeaders === undefined ||
    signature === undefined
  ) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      'Query-string authentication version 4 requires all X-Amz- parameters.',
    );
  }
  const expiresSeconds = /^\d{1,6}$/.test(expires) ? Number(expires) : Number.NaN;
  if (!(expiresSeconds <= MAX_EXPIRES_SECONDS)) {
    throw new S3Error('AuthorizationQueryParametersError', 'X-Amz-Expires must be less than a week (in seconds).');
  }
  const startMs = timestampMs(timestamp);
  if (!(nowMs >= startMs - MAX_SKEW_MS)) throw new S3Error('AccessDenied', 'Request is not valid yet');
  if (nowMs > startMs + expiresSeconds * 1000) throw new S3Error('AccessDenied', 'Request has expired');
  const payloadHash =
    request.headers.get('x-amz-content-sha256') ?? request.query.get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
  return {
    ...readCredential(credential, timestamp),
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    payloadHash,
    presigned: true,
  };
}

function readCredential(credential: string, timestamp: string): { accessKeyId: string; scope: string } {
  const parts = credential.split('/');
  const [date, , service, terminator] = parts.slice(-4);
  if (parts.length < 5 || service !== 's3' || terminator !== 'aws4_request' || date !== timestamp.slice(0, 8)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed; the credential scope is not valid.',
    );
  }
  return { accessKeyId: parts.slice(0, -4).join('/'), scope: parts.slice(-4).join('/') };
}

/** Host must be signed, and so must every x-amz- header that was sent: otherwise one could be added on the way. */
function assertSignedHeaders(request: S3Request, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  const loose = [...request.headers.keys()].filter((name) => name.startsWith('x-amz-') && !signed.has(name));
  // A presigned upload may state the hash of its body without having signed the header.
  const tolerated = claim.presigned ? loose.filter((name) => name !== 'x-amz-content-sha256') : loose;
  if (!signed.has('host') || tolerated.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed');
  }
}

function stringToSign(request: S3Request, claim: Claim): string {
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort();
  const headers = claim.signedHeaders.map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/\s+/g, ' ')}\n`);
  const canonical = [
    request.method,
    request.path.split('/').map(encodeStrictly).join('/'),
    query.join('&'),
    headers.join(''),
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
  return [ALGORITHM, claim.timestamp, claim.scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
}

function sign(text: string, scope: string, secretAccessKey: string): string {
  const key = scope.split('/').reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** NaN when the stamp is not `YYYYMMDDTHHMMSSZ`; every comparison above is written so that NaN refuses. */
function timestampMs(stamp: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
