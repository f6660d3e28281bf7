/**
 * Keeps the history of a repository's head. A head that a scan sees for the first time becomes the newest; one that returns,
 * because the master was rolled back, becomes the newest again, and its age counts from the return. Earlier heads are kept as long
 * as `acceptedHeads` may still offer them, and a few more so that people can be told how far behind a mirror is.
 */
import { acceptedHeads } from '../freshness/accepted-heads.ts';
import type { AlternatesPolicy, EpochMs } from '../inventory/inventory.ts';
import type { Head } from './manifest.ts';

/** Kept whatever their age. */
export const HISTORY_LENGTH = 8;
/** Above this even acceptable ones go, oldest first: every one of them is in every metalink. */
export const LONGEST_HISTORY = 64;

/** Heads are newest first. The same head again changes nothing: the result is then `heads` itself. */
export const ageHeads = (heads: readonly Head[], seen: Head, policy: AlternatesPolicy, nowMs: EpochMs): readonly Head[] => {
  const isSeen = (head: Head): boolean => head.hashes.sha256 === seen.hashes.sha256;
  if (heads[0] !== undefined && isSeen(heads[0])) return heads;
  const all = [{ ...seen, firstSeenMs: nowMs }, ...heads.filter((head) => !isSeen(head))];
  const accepted = new Set(acceptedHeads(all, policy, nowMs));
  return all.filter((head, index) => index < HISTORY_LENGTH || accepted.has(head)).slice(0, LONGEST_HISTORY);
};
