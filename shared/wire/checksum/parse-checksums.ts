import {
  type ChecksumEntry,
  type ChecksumWish,
  type ChosenDigest,
  chooseDigest,
  refusedChecksum,
} from '#domain/artefact/choose-digest.ts';
import type { Digest } from '#domain/artefact/digest.ts';
import { parseChecksumJson } from './checksum-json.ts';
import { parseChecksumValue } from './checksum-value.ts';
import { listChecksums } from './list-checksums.ts';

/**
 * The digest that a document gives for one file. The document is a list of checksums as the programs of GNU coreutils, of BSD or
 * OpenSSL write it, such a list in a clear signature, JSON, or a single value (parseChecksumValue). Line ends of Windows, digits in
 * upper case, a leading `./`, blank lines and comments are accepted; a single line that is none of these refuses the whole.
 */
export function parseChecksums(text: string, wish: ChecksumWish): ChosenDigest {
  const start = text.trimStart();
  if (start === '') return refusedChecksum('empty', 'it is empty');
  if (start.startsWith('<')) return refusedChecksum('markup', 'it is a web page and not a list of checksums');
  if (text.includes('\0')) return refusedChecksum('unreadable', 'it is not text');
  if (start.startsWith('{')) return fromEntries(parseChecksumJson(text), wish, 'it is JSON of another kind');
  const value = parseChecksumValue(text);
  if (value !== undefined) return chooseOfValue(value, wish);
  return fromList(text, wish);
}

/** For digests that were said of this very file, wherever: on the command line, in a link, in a header. */
export const chooseOfValue = (digests: readonly Digest[], wish: ChecksumWish): ChosenDigest =>
  chooseDigest(
    digests.map((digest) => ({ name: wish.name, digest })),
    wish,
  );

function fromList(text: string, wish: ChecksumWish): ChosenDigest {
  const list = listChecksums(text);
  return list.kind === 'entries' ? chooseDigest(list.entries, wish) : refusedChecksum('unreadable', list.reason);
}

const fromEntries = (entries: readonly ChecksumEntry[] | undefined, wish: ChecksumWish, reason: string): ChosenDigest =>
  entries === undefined ? refusedChecksum('unreadable', reason) : chooseDigest(nameless(entries, wish), wish);

/** Several digests of one file that has no name are still of one file. */
const nameless = (entries: readonly ChecksumEntry[], wish: ChecksumWish): readonly ChecksumEntry[] =>
  entries.every(({ name }) => name === undefined) ? entries.map((entry) => ({ ...entry, name: wish.name })) : entries;
