/**
 * A tree from files that come in any order, as a directory or an archive lists them. What cannot be a tree is told with the path
 * at fault; nothing is repaired or left out, since a release without a file that somebody meant to publish is a broken release.
 */
import type { ReleaseProblem } from './release.ts';
import { isSha256, type Tree, type TreeEntry } from './tree.ts';
import { treeOrder } from './tree-order.ts';

export type TreeOutcome =
  | { readonly kind: 'tree'; readonly tree: Tree }
  | { readonly kind: 'refused'; readonly problem: ReleaseProblem };

export const byPath = (one: TreeEntry, other: TreeEntry): number => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0);

/** What is wrong with an entry beside its path. */
export const entryProblem = ({ sha256, sizeBytes }: TreeEntry): string | undefined => {
  if (!isSha256(sha256)) return 'a SHA-256 is 64 hexadecimal digits in lower case';
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 ? undefined : 'a size is a whole number of bytes';
};

export const treeOf = (files: Iterable<TreeEntry>): TreeOutcome => {
  const entries = [...files].sort(byPath);
  const next = treeOrder();
  for (const entry of entries) {
    const message = next(entry.path) ?? entryProblem(entry);
    if (message !== undefined) return { kind: 'refused', problem: { path: entry.path, message } };
  }
  return { kind: 'tree', tree: { entries } };
};
