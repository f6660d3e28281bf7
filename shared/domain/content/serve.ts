/**
 * How one file of a volume is answered. What may change is asked for again within a minute; what names its own content never.
 */
import { encodePath } from '../answer/url-path.ts';
import type { TreeEntry } from '../volume/tree.ts';
import { answerBytes, type Conditions, type FileAnswer, hashTag } from './answer-bytes.ts';
import { mediaType } from './media-type.ts';
import type { ReleaseName } from './mounts.ts';

/** Yet served on for a day should nobody answer behind the caches. */
const CHANGING = 'public, max-age=30, stale-while-revalidate=60, stale-if-error=86400';
/** A release that is named by its hash; by its number as well, since numbers are not given again. */
const UNCHANGING = 'public, max-age=31536000, immutable';
/** A path of the current release that leads to a large file may lead to another one tomorrow. */
const REDIRECT = 'public, max-age=300';

export const OBJECT_PREFIX = '/_o/sha256/';

export interface FileRequest extends Conditions {
  readonly entry: TreeEntry;
  readonly release: ReleaseName;
}

export const fileTag = ({ sha256 }: TreeEntry): string => hashTag(sha256);

/** The last part is for people and for programs that take a file's name from its URL; the hash alone says what it is. */
export const objectUrl = ({ sha256, path }: TreeEntry): string =>
  `${OBJECT_PREFIX}${sha256}/${encodePath(path.slice(path.lastIndexOf('/') + 1))}`;

export const answerFile = ({ entry, release, ...conditions }: FileRequest): FileAnswer => {
  const isCurrent = release.kind === 'current';
  const file = {
    sha256: entry.sha256,
    sizeBytes: entry.sizeBytes,
    contentType: mediaType(entry.path),
    caching: isCurrent ? CHANGING : UNCHANGING,
    location: objectUrl(entry),
    redirectCaching: isCurrent ? REDIRECT : UNCHANGING,
  };
  return answerBytes(file, conditions);
};
