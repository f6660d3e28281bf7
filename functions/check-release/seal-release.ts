import { WireError } from '#domain/errors.ts';
import { decideAbort, decideSeal } from '#domain/volume/decide-release.ts';
import type { Release } from '#domain/volume/release.ts';
import { type Basis, readBasis } from './basis.ts';
import { type CheckReleaseDeps, decideAsSeen } from './check-deps.ts';
import { missingObjects, objectsToLookFor } from './look-for-objects.ts';
import { readStoredTree, type StoredTree } from './stored-tree.ts';

export type SealOutcome =
  | { readonly kind: 'sealed'; readonly release: Release; readonly tree: StoredTree; readonly basis: Basis | undefined }
  /** Not all of it is stored. */
  | { readonly kind: 'aborted'; readonly reason: string }
  /** Somebody else moved the release meanwhile. */
  | { readonly kind: 'overtaken' };

const NAMED = 5;
const LONGEST_NAME = 80;

const short = (text: string): string => (text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME)}…`);

const reasonOf = (missing: readonly { readonly message: string }[]): string => {
  const named = missing.slice(0, NAMED).map(({ message }) => short(message));
  const more = missing.length > named.length ? [`and ${missing.length - named.length} more`] : [];
  return `not stored: ${[...named, ...more].join(', ')}`;
};

/** The tree, or what is wrong with its documents. */
const treeOf = async (deps: CheckReleaseDeps, { root, files, bytes }: Release): Promise<StoredTree | string> => {
  try {
    const tree = await readStoredTree(deps, root);
    if (tree.root.files === files && tree.root.bytes === bytes) return tree;
    return `staged with ${files} files and ${bytes} bytes, but its tree has ${tree.root.files} and ${tree.root.bytes}`;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
};

/** A release that is STAGING is sealed when all of it is there to stay, and ends otherwise: whoever publishes stages it again. */
export const sealRelease = async (deps: CheckReleaseDeps, release: Release): Promise<SealOutcome> => {
  const abort = async (reason: string): Promise<SealOutcome> => {
    const ended = await decideAsSeen(deps, release, (view) => decideAbort(view, reason));
    return ended === undefined ? { kind: 'overtaken' } : { kind: 'aborted', reason };
  };
  const tree = await treeOf(deps, release);
  if (typeof tree === 'string') return abort(tree);
  const basis = await readBasis(deps, release.volume, tree);
  const missing = await missingObjects(deps, objectsToLookFor(tree, basis));
  if (missing.length > 0) return abort(reasonOf(missing));
  const sealed = await decideAsSeen(deps, release, decideSeal);
  return sealed === undefined ? { kind: 'overtaken' } : { kind: 'sealed', release: sealed, tree, basis };
};
