/**
 * Facts after a check, from the facts before it and what the check proved. A directory leaves the excluded set only by proof:
 * its own files were compared and are equal, or its repository's head arrived at the master's newest. A head that was already
 * newest at the last check proves nothing about a directory that was found to differ under it, so such a directory stays until
 * it is compared itself. A directory that the master changed since the last comparison is excluded until it is proved or its
 * repository's head is newest. What a check did not learn changes nothing: unknown is neither bad nor good.
 */
import type { Facts, HeadSeen } from '../crawl/observation.ts';
import type { DirectoryId, Generation, Manifest, ManifestDirectory } from '../master/manifest.ts';
import type { Coverage, HeadTree } from './coverage.ts';

/** `unproven`: what was known of this head no longer holds, and nothing took its place. */
export type HeadProof = HeadSeen | { readonly kind: 'unproven' };
export type DirectoryProof = 'same' | 'differs';

export interface Proofs {
  /** By head path. A head that could not be read is missing. */
  readonly heads: ReadonlyMap<string, HeadProof>;
  readonly directories: ReadonlyMap<DirectoryId, DirectoryProof>;
}

export interface ComparedFacts {
  readonly generation: Generation;
  readonly facts: Facts;
}

export const NO_PROOFS: Proofs = { heads: new Map(), directories: new Map() };

export const isNewest = (tree: HeadTree, seen: HeadSeen | undefined): boolean =>
  seen?.kind === 'digest' && seen.sha256 === tree.newest;

const nextHeads = (coverage: Coverage, previous: Facts | undefined, proofs: Proofs): Map<string, HeadSeen> => {
  const heads = new Map<string, HeadSeen>();
  for (const { headPath } of coverage.trees) {
    const proof = proofs.heads.get(headPath);
    if (proof?.kind === 'unproven') continue;
    const before = previous !== undefined && Object.hasOwn(previous.heads, headPath) ? previous.heads[headPath] : undefined;
    const seen = proof ?? before;
    if (seen !== undefined) heads.set(headPath, seen);
  }
  return heads;
};

type TreeState = 'not-newest' | 'arrived' | 'stayed';

const treeStates = (
  coverage: Coverage,
  previous: ComparedFacts | undefined,
  heads: ReadonlyMap<string, HeadSeen>,
): readonly TreeState[] =>
  coverage.trees.map((tree) => {
    if (!isNewest(tree, heads.get(tree.headPath))) return 'not-newest';
    if (previous === undefined || !Object.hasOwn(previous.facts.heads, tree.headPath)) return 'arrived';
    // The master's head may have caught up with a mirror that was ahead of our scan: that is an arrival too.
    const stayed = isNewest(tree, previous.facts.heads[tree.headPath]) && tree.headChangedIn <= previous.generation;
    return stayed ? 'stayed' : 'arrived';
  });

const isExcluded = (
  directory: ManifestDirectory,
  proof: DirectoryProof | undefined,
  tree: TreeState,
  was: boolean,
  before: Generation,
): boolean => {
  if (proof !== undefined) return proof === 'differs';
  switch (tree) {
    case 'arrived':
      return false;
    case 'stayed':
      return was;
    case 'not-newest':
      return was || directory.changedIn > before;
  }
};

export const nextFacts = (manifest: Manifest, coverage: Coverage, previous: ComparedFacts | undefined, proofs: Proofs): Facts => {
  const heads = nextHeads(coverage, previous?.facts, proofs);
  const states = treeStates(coverage, previous, heads);
  const wasExcluded = new Set(previous?.facts.excluded);
  const excluded: DirectoryId[] = [];
  for (const directory of manifest.directories) {
    const tree = coverage.treeOf.get(directory.id);
    const state = tree === undefined ? 'not-newest' : (states[tree] ?? 'not-newest');
    const proof = proofs.directories.get(directory.id);
    if (isExcluded(directory, proof, state, wasExcluded.has(directory.id), previous?.generation ?? 0))
      excluded.push(directory.id);
  }
  excluded.sort((a, b) => a - b);
  return { category: manifest.category, heads: Object.fromEntries(heads), excluded };
};
