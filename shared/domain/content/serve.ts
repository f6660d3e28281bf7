/**
 * How one file of a volume is answered. What may change is asked for again within half a minute, the redirect to a large index as well
 * as the small one that names its hash; what names its own release by its hash never.
 */
import { encodePath } from '../answer/url-path.ts';
import type { Release } from '../volume/release.ts';
import type { TreeEntry } from '../volume/tree.ts';
import { answerBytes, type Conditions, type FileAnswer, INLINE_BYTES, PAGE_BYTES } from './answer-bytes.ts';
import { mediaType } from './media-type.ts';
import type { ReleaseName } from './mounts.ts';

/** Yet served on for a day should nobody answer behind the caches. */
export const CHANGING = 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400';
/** A release that is named by its hash. Numbers are a volume's own, and another volume may be mounted at the same path one day. */
const UNCHANGING = 'public, max-age=31536000, immutable';
/** A path that is not there yet may be released in a second. */
export const BRIEFLY = 'public, max-age=5';

/** A release that waits for its validation may be rejected, and is then not shown any more. */
export const fileCaching = (name: ReleaseName, { state }: Pick<Release, 'state'>): string =>
  name.kind !== 'root' || state === 'SEALED' ? CHANGING : UNCHANGING;

const OBJECT_PREFIX = '/_o/sha256/';

export interface FileRequest extends Conditions {
  readonly entry: TreeEntry;
  readonly caching: string;
}

/** The last part is for people and for programs that take a file's name from its URL; the hash alone says what it is. */
export const objectUrl = ({ sha256, path }: TreeEntry): string =>
  `${OBJECT_PREFIX}${sha256}/${encodePath(path.slice(path.lastIndexOf('/') + 1))}`;

export const answerFile = ({ entry, caching, ...conditions }: FileRequest): FileAnswer => {
  const contentType = mediaType(entry.path);
  const file = {
    sha256: entry.sha256,
    sizeBytes: entry.sizeBytes,
    contentType,
    inlineBytes: contentType.startsWith('text/html') ? PAGE_BYTES : INLINE_BYTES,
    caching,
    location: objectUrl(entry),
    redirectCaching: caching,
  };
  return answerBytes(file, conditions);
};
