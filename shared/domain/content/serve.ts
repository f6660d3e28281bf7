/**
 * How one file of a volume is answered. Small ones come at once: indexes have links relative to their own URL, which a redirect
 * would break, and most are small. Large ones are a redirect to a URL that names their content, which caches keep for a year and
 * which no function has to carry. What may change is asked for again within a minute; what names its own content never; the
 * tag of a file is its hash, so an index that did not change costs a few hundred bytes.
 */
import { encodePath } from '../answer/url-path.ts';
import type { TreeEntry } from '../volume/tree.ts';
import { byteRange } from './byte-range.ts';
import { mediaType } from './media-type.ts';
import type { ReleaseName } from './mounts.ts';

/** A function's answer has six megabytes at most, as base64; this leaves room, and memory. */
export const INLINE_BYTES = 1_048_576;

/** Yet served on for a day should nobody answer behind the caches. */
const CHANGING = 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400';
/** A release that is named by its hash; by its number as well, since numbers are not given again. */
const UNCHANGING = 'public, max-age=31536000, immutable';
/** A path of the current release that leads to a large file may lead to another one tomorrow. */
const REDIRECT = 'public, max-age=300';

export const OBJECT_PREFIX = '/_o/sha256/';

export interface FileRequest {
  readonly entry: TreeEntry;
  readonly release: ReleaseName;
  readonly ifNoneMatch: string | undefined;
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
export const fileTag = ({ sha256 }: TreeEntry): string => `"sha256-${sha256}"`;

/** The last part is for people and for programs that take a file's name from its URL; the hash alone says what it is. */
export const objectUrl = ({ sha256, path }: TreeEntry): string =>
  `${OBJECT_PREFIX}${sha256}/${encodePath(path.slice(path.lastIndexOf('/') + 1))}`;

/** RFC 9110, 13.1.2: any of the list, by weak comparison. */
const isKnown = (header: string | undefined, tag: string): boolean =>
  header?.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag) ?? false;

export const answerFile = ({ entry, release, ifNoneMatch, range, ifRange }: FileRequest): FileAnswer => {
  const caching = release.kind === 'current' ? CHANGING : UNCHANGING;
  const tag = fileTag(entry);
  const tagged = { etag: tag, 'cache-control': caching };
  if (isKnown(ifNoneMatch, tag)) return { kind: 'empty', status: 304, headers: tagged };
  if (entry.sizeBytes > INLINE_BYTES) {
    const control = release.kind === 'current' ? REDIRECT : UNCHANGING;
    return { kind: 'empty', status: 307, headers: { location: objectUrl(entry), 'cache-control': control } };
  }
  const headers = { ...tagged, 'content-type': mediaType(entry.path), 'accept-ranges': 'bytes' };
  // A part of something else than the client has is of no use: strong comparison, and dates are not known here.
  const part = byteRange(ifRange === undefined || ifRange.trim() === tag ? range : undefined, entry.sizeBytes);
  switch (part.kind) {
    case 'all':
      return { kind: 'whole', status: 200, headers };
    case 'unsatisfiable':
      return { kind: 'empty', status: 416, headers: { ...tagged, 'content-range': `bytes */${entry.sizeBytes}` } };
    case 'part': {
      const contentRange = `bytes ${part.start}-${part.endExclusive - 1}/${entry.sizeBytes}`;
      return { ...part, status: 206, headers: { ...headers, 'content-range': contentRange } };
    }
  }
};
