import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

/** Keys are limited by their UTF-8 length (S3 user guide, "Object key naming"). */
const MAX_KEY_BYTES = 1024;

export interface S3Request {
  readonly method: string;
  /** Decoded; the empty string for requests to the service itself. */
  readonly bucket: string;
  /** Decoded; the empty string for requests to a bucket. */
  readonly key: string;
  /** The decoded path, leading slash included: what the signature covers once encoded again. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncIterable<Buffer>;
}

/**
 * Path style only: http://127.0.0.1:port/bucket/key.
 * A bare `+` in a path is a space to S3, not a plus, and package names are full of pluses (libstdc++), so the quirk is kept.
 */
export function readRequest(message: IncomingMessage): S3Request {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const rawPath = mark === -1 ? target : target.slice(0, mark);
  if (!rawPath.startsWith('/')) throw new S3Error('InvalidURI', 'Could not parse the specified URI.');
  const path = decode(rawPath.replaceAll('+', ' '));
  const slash = path.indexOf('/', 1);
  const bucket = slash === -1 ? path.slice(1) : path.slice(1, slash);
  const key = slash === -1 ? '' : path.slice(slash + 1);
  assertKeyLength(key);
  return {
    method: message.method ?? 'GET',
    bucket,
    key,
    path,
    query: readQuery(mark === -1 ? '' : target.slice(mark + 1)),
    headers: readHeaders(message),
    // A refused body must stay readable, so that it can be drained and the connection used again.
    body: message.iterator({ destroyOnReturn: false }),
  };
}

export function assertKeyLength(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', 'Your key is too long.');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', 'Could not parse the specified URI.');
  }
}

function readQuery(raw: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    query.set(decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' ')));
  }
  return query;
}

function readHeaders(message: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    if (values !== undefined) headers.set(name, values.join(','));
  }
  return headers;
}

/** A whole number in a query parameter, within limits; the default when it is absent. */
export function integerParameter(
  request: S3Request,
  name: string,
  fallback: number,
  limits: { min: number; max: number },
): number {
  const text = request.query.get(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= limits.min))
    throw new S3Error('InvalidArgument', `Argument ${name} must be an integer from ${limits.min} to ${limits.max}.`);
  return value;
}

/** Percent-encodes as SigV4 wants it (RFC 3986 unreserved characters stay, everything else goes, upper-case hex). */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
