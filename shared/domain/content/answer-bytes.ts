/**
 * How bytes are answered whose hash is known. Small ones come at once: indexes have links relative to their own URL, which a redirect
 * would break, and most are small. Large ones are a redirect to a URL that names their content, which caches keep for a year and which
 * no function has to carry. The tag of bytes is their hash, so an index that did not change costs a few hundred bytes.
 */
import type { Sha256 } from '../volume/tree.ts';
import { byteRange } from './byte-range.ts';

/** A function's answer has six megabytes at most, as base64; this leaves room, and memory. */
export const INLINE_BYTES = 1_048_576;
/** Pages have links relative to themselves, so they come at once for as long as they can: four megabytes, which are 5.6 as base64. */
export const PAGE_BYTES = 4_194_304;

export interface AnsweredBytes {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** Larger ones are a redirect; INLINE_BYTES unless said otherwise. */
  readonly inlineBytes?: number;
  /** As somebody else's server says it; volumes have no dates. */
  readonly lastModified?: string | undefined;
  /** What caches are told of the bytes. */
  readonly caching: string;
  /** The URL that names the content, and what caches are told of the redirect to it. */
  readonly location: string;
  readonly redirectCaching: string;
}

export interface Conditions {
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

type Headers = Readonly<Record<string, string>>;

export type FileAnswer =
  | { readonly kind: 'whole'; readonly status: 200; readonly headers: Headers }
  | {
      readonly kind: 'part';
      readonly status: 206;
      readonly headers: Headers;
      readonly start: number;
      readonly endExclusive: number;
    }
  | { readonly kind: 'empty'; readonly status: 304 | 307 | 416; readonly headers: Headers };

/** The same for as long as the content is. */
export const hashTag = (sha256: Sha256): string => `"sha256-${sha256}"`;

/** Whether a list of tags (RFC 9110, 13.1.2) has this one, by weak comparison. */
export const listsTag = (ifNoneMatch: string, tag: string): boolean =>
  ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);

/** RFC 9110, 13.1.3: a date counts only without a list of tags, and only if it is the same text. */
const isKnown = ({ ifNoneMatch, ifModifiedSince }: Conditions, tag: string, lastModified: string | undefined): boolean =>
  ifNoneMatch === undefined ? lastModified !== undefined && ifModifiedSince?.trim() === lastModified : listsTag(ifNoneMatch, tag);

export const answerBytes = (bytes: AnsweredBytes, conditions: Conditions): FileAnswer => {
  const { sizeBytes, lastModified, caching } = bytes;
  const tag = hashTag(bytes.sha256);
  const tagged = { etag: tag, 'cache-control': caching };
  if (isKnown(conditions, tag, lastModified)) return { kind: 'empty', status: 304, headers: tagged };
  if (sizeBytes > (bytes.inlineBytes ?? INLINE_BYTES))
    return { kind: 'empty', status: 307, headers: { location: bytes.location, 'cache-control': bytes.redirectCaching } };
  const headers = {
    ...tagged,
    ...(lastModified !== undefined && { 'last-modified': lastModified }),
    'content-type': bytes.contentType,
    'accept-ranges': 'bytes',
  };
  // A part of something else than the client has is of no use: strong comparison, and a date names no content.
  const isSame = conditions.ifRange === undefined || conditions.ifRange.trim() === tag;
  const part = byteRange(isSame ? conditions.range : undefined, sizeBytes);
  switch (part.kind) {
    case 'all':
      return { kind: 'whole', status: 200, headers };
    case 'unsatisfiable':
      return { kind: 'empty', status: 416, headers: { ...tagged, 'content-range': `bytes */${sizeBytes}` } };
    case 'part': {
      const contentRange = `bytes ${part.start}-${part.endExclusive - 1}/${sizeBytes}`;
      return { ...part, status: 206, headers: { ...headers, 'content-range': contentRange } };
    }
  }
};
