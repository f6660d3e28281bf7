import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import { hashBy } from '#wire/tree/hash-by.ts';
import { checkedEntries, readRoot } from '#wire/tree/open-tree.ts';
import type { TreeRoot } from '#wire/tree/tree-document.ts';
import type { CheckReleaseDeps } from './check-deps.ts';

/** A tree that somebody stored, read whole; it is stored as it would be printed. */
export interface StoredTree {
  readonly sha256: Sha256;
  readonly root: TreeRoot;
  readonly entries: readonly TreeEntry[];
}

/** Throws WireError for what is no tree, and where a document is missing. */
export const readStoredTree = async (
  { objects, digester }: Pick<CheckReleaseDeps, 'objects' | 'digester'>,
  sha256: Sha256,
): Promise<StoredTree> => {
  const root = await readRoot(objects.read, sha256);
  const entries: TreeEntry[] = [];
  for await (const entry of checkedEntries(objects.read, sha256, hashBy(digester))) entries.push(entry);
  return { sha256, root, entries };
};
