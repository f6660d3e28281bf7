/**
 * Which of the digests that a publisher wrote down is the artefact's. An entry for another file never counts, however alike the
 * names are; two different digests of one algorithm for one file mean that the list is wrong, and then none counts. Of several
 * algorithms the strongest is used. An entry without a name is the artefact's only when it stands alone.
 */
import { DIGEST_ALGORITHMS, type Digest, isWeak } from './digest.ts';

export interface ChecksumEntry {
  /** As it is written, without a leading `./`; undefined for a bare digest. */
  readonly name: string | undefined;
  readonly digest: Digest;
}

export interface ChecksumWish {
  /** The file's path seen from the folder of the list. */
  readonly name: string;
  readonly allowWeak: boolean;
}

export type ChecksumProblem = 'empty' | 'markup' | 'unreadable' | 'other_file' | 'conflict' | 'weak';

export type ChosenDigest =
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'refused'; readonly problem: ChecksumProblem; readonly reason: string };

export const refusedChecksum = (problem: ChecksumProblem, reason: string): ChosenDigest => ({ kind: 'refused', problem, reason });

const SHOWN_NAMES = 3;

export function chooseDigest(entries: readonly ChecksumEntry[], wish: ChecksumWish): ChosenDigest {
  const [first] = entries;
  if (first === undefined) return refusedChecksum('empty', 'it has no checksum');
  if (entries.length > 1 && entries.some((entry) => entry.name === undefined))
    return refusedChecksum('conflict', 'it has a checksum without a file name beside others');
  const own = entries.filter((entry) => entry.name === undefined || entry.name === wish.name);
  if (own.length === 0) return refusedChecksum('other_file', otherFile(entries, wish.name));
  const usable = own.map(({ digest }) => digest).filter((digest) => wish.allowWeak || !isWeak(digest));
  if (usable.length === 0) return refusedChecksum('weak', `it has only ${own[0]?.digest.algorithm} for ${wish.name}`);
  return strongest(usable, wish.name);
}

function strongest(digests: readonly Digest[], name: string): ChosenDigest {
  for (const algorithm of DIGEST_ALGORITHMS) {
    const different = new Set(digests.filter((digest) => digest.algorithm === algorithm).map(({ hex }) => hex));
    if (different.size > 1) return refusedChecksum('conflict', `it has ${different.size} different ${algorithm} for ${name}`);
  }
  const digest = DIGEST_ALGORITHMS.map((algorithm) => digests.find((candidate) => candidate.algorithm === algorithm)).find(
    (candidate) => candidate !== undefined,
  );
  return digest === undefined ? refusedChecksum('empty', 'it has no checksum') : { kind: 'digest', digest };
}

function otherFile(entries: readonly ChecksumEntry[], name: string): string {
  const shown = entries.slice(0, SHOWN_NAMES).map((entry) => JSON.stringify(entry.name));
  return `it has no entry for ${JSON.stringify(name)}, only for ${shown.join(', ')}${entries.length > SHOWN_NAMES ? ', …' : ''}`;
}
