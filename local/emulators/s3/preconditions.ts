import type { StoredObject } from './object-index.ts';
import { noSuchKey, notImplemented, S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', `At least one of the pre-conditions you specified did not hold: ${condition}`);
}

/** One or several ETags, quoted, weak or bare (S3 takes all three), or `*`. */
function matchesEtag(header: string, etag: string): boolean {
  return header.split(',').some((candidate) => {
    const bare = candidate
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1');
    return bare === '*' || bare === etag;
  });
}

/**
 * If-None-Match: * and If-Match of a write, against the object it would replace.
 * S3 answers 404 to If-Match on a missing object and knows no other If-None-Match than `*`
 * (S3 user guide, "How to prevent object overwrites with conditional writes").
 */
export function writePrecondition(headers: ReadonlyMap<string, string>): (current?: StoredObject) => void {
  const ifNoneMatch = headers.get('if-none-match');
  const ifMatch = headers.get('if-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag on writes');
  if (ifNoneMatch !== undefined && ifMatch !== undefined) throw notImplemented('If-Match together with If-None-Match on writes');
  return (current) => {
    if (ifNoneMatch !== undefined && current !== undefined) throw failed('If-None-Match');
    if (ifMatch === undefined) return;
    if (current === undefined) throw noSuchKey();
    if (!matchesEtag(ifMatch, current.etag)) throw failed('If-Match');
  };
}

/** 'not-modified' is 304; a failed condition throws. Precedence as in RFC 9110 section 13.2.2. */
export function readPrecondition(request: S3Request, object: StoredObject): 'send' | 'not-modified' {
  const { headers } = request;
  assertUnchanged(headers.get('if-match'), headers.get('if-unmodified-since'), object, '');
  return isUnchanged(headers.get('if-none-match'), headers.get('if-modified-since'), object) ? 'not-modified' : 'send';
}

/** The x-amz-copy-source-if-* headers: there is no 304 for a copy, everything that fails is 412. */
export function copySourcePrecondition(request: S3Request, source: StoredObject): void {
  const header = (name: string): string | undefined => request.headers.get(`x-amz-copy-source-${name}`);
  assertUnchanged(header('if-match'), header('if-unmodified-since'), source, 'x-amz-copy-source-');
  if (isUnchanged(header('if-none-match'), header('if-modified-since'), source)) throw failed('x-amz-copy-source-If-None-Match');
}

function assertUnchanged(ifMatch: string | undefined, since: string | undefined, object: StoredObject, prefix: string): void {
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, object.etag)) throw failed(`${prefix}If-Match`);
  } else if (since !== undefined && object.modifiedMs > Date.parse(since)) {
    throw failed(`${prefix}If-Unmodified-Since`);
  }
}

function isUnchanged(ifNoneMatch: string | undefined, since: string | undefined, object: StoredObject): boolean {
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, object.etag);
  return since !== undefined && object.modifiedMs <= Date.parse(since);
}
