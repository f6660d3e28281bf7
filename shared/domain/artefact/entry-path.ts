/**
 * Where an archive may put an entry: below the folder that it is unpacked into, and nowhere else. An archive comes from outside
 * and its digest only says that it is the one that was published, not that it is benign. Absolute paths and `..` are refused
 * rather than repaired: an archive that has them was made by mistake or with intent, and half of it is of no use.
 */
import { utf8Bytes } from '../utf8-bytes.ts';

export type EntryPath =
  /** No segments: the folder itself. */
  { readonly kind: 'path'; readonly segments: readonly string[] } | { readonly kind: 'refused'; readonly reason: string };

/** NAME_MAX of the file systems of Linux, in bytes. */
const LONGEST_NAME_BYTES = 255;
/** PATH_MAX is 4096 with the folder before it; this leaves room for that. */
const LONGEST_PATH_BYTES = 3_000;
const MOST_SEGMENTS = 200;

const refused = (reason: string): EntryPath => ({ kind: 'refused', reason });

export function entryPath(raw: string): EntryPath {
  if (raw === '') return refused('a name is empty');
  if (raw.includes('\0')) return refused('a name has a NUL in it');
  if (raw.startsWith('/')) return refused('a path is absolute');
  const segments = raw.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) return refused('a path has .. in it');
  if (segments.length > MOST_SEGMENTS) return refused(`a path is more than ${MOST_SEGMENTS} folders deep`);
  if (utf8Bytes(raw) > LONGEST_PATH_BYTES) return refused(`a path is longer than ${LONGEST_PATH_BYTES} bytes`);
  if (segments.some((segment) => utf8Bytes(segment) > LONGEST_NAME_BYTES))
    return refused(`a name is longer than ${LONGEST_NAME_BYTES} bytes`);
  return { kind: 'path', segments };
}
