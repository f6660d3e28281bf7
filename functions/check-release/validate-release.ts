import { WireError } from '#domain/errors.ts';
import { decideValidation } from '#domain/volume/decide-release.ts';
import type { Release, ReleaseProblem } from '#domain/volume/release.ts';
import { guardProblems } from '#domain/volume/validate/guards.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { ReadRange } from '#wire/pypi/python-documents.ts';
import { treeReader } from '#wire/tree/open-tree.ts';
import { volumeValidator } from '#wire/volume/volume-validator.ts';
import type { Basis } from './basis.ts';
import { type CheckReleaseDeps, decideAsSeen } from './check-deps.ts';
import type { StoredTree } from './stored-tree.ts';

export type ValidationOutcome =
  | { readonly kind: 'validated' }
  | { readonly kind: 'rejected'; readonly problems: readonly ReleaseProblem[] }
  /** Somebody else moved the release meanwhile. */
  | { readonly kind: 'overtaken' };

const problemsOf = async (
  deps: CheckReleaseDeps,
  volume: Volume,
  { root, entries }: StoredTree,
  basis: Basis | undefined,
): Promise<readonly ReleaseProblem[]> => {
  const tree = treeReader(deps.objects.read, entries);
  const readRange: ReadRange = async (path, offset, length) => {
    const bytes = await deps.objects.readRange(tree.entry(path)?.sha256 ?? '', offset, length);
    if (bytes === undefined) throw new WireError(`the object of ${path} is not there`);
    return bytes;
  };
  // What was found good as something else was never opened as what the volume is by now.
  const isSame = basis?.release.validatedAs === volume.type;
  const options = { readRange, ...(basis !== undefined && isSame ? { before: basis } : {}) };
  const validate = volumeValidator(volume, deps, options);
  return [...guardProblems(volume, basis?.release, root), ...(await validate(tree))];
};

/** A release that is SEALED is good, or it is rejected with what is wrong. */
export const validateRelease = async (
  deps: CheckReleaseDeps,
  volume: Volume,
  release: Release,
  tree: StoredTree,
  basis: Basis | undefined,
): Promise<ValidationOutcome> => {
  const problems = await problemsOf(deps, volume, tree, basis);
  const decided = await decideAsSeen(deps, release, (view) => decideValidation(view, problems, volume.type));
  if (decided === undefined) return { kind: 'overtaken' };
  return problems.length === 0 ? { kind: 'validated' } : { kind: 'rejected', problems };
};
