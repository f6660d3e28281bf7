import type { ReleaseState } from '#domain/volume/release.ts';
import type { VolumeWork } from '#ports/volume-work.ts';
import { readBasis } from './basis.ts';
import type { CheckReleaseDeps } from './check-deps.ts';
import { type SealOutcome, sealRelease } from './seal-release.ts';
import { readStoredTree } from './stored-tree.ts';
import { type ValidationOutcome, validateRelease } from './validate-release.ts';

export type CheckWork = Extract<VolumeWork, { readonly kind: 'check' }>;

export type CheckOutcome =
  | ValidationOutcome
  | Exclude<SealOutcome, { readonly kind: 'sealed' }>
  /** There is nothing to be checked, or not any more. */
  | { readonly kind: 'passed'; readonly because: 'unknown volume' | 'unknown release' | 'staged again' | ReleaseState };

/** How many problems of a rejected release stand in the log; all that are kept stand in the release. */
const LOGGED_PROBLEMS = 5;

const check = async (deps: CheckReleaseDeps, work: CheckWork): Promise<CheckOutcome> => {
  const { rules } = await deps.content.read();
  const volume = rules.volumes.find(({ id }) => id === work.volume);
  if (volume === undefined) return { kind: 'passed', because: 'unknown volume' };
  const release = await deps.volumes.release(volume.id, work.root);
  if (release === undefined) return { kind: 'passed', because: 'unknown release' };
  if (release.state === 'SEALED') {
    const tree = await readStoredTree(deps, release.root);
    return validateRelease(deps, volume, release, tree, await readBasis(deps, volume.id, tree));
  }
  if (release.state !== 'STAGING') return { kind: 'passed', because: release.state };
  if (release.sinceMs !== work.stagedMs) return { kind: 'passed', because: 'staged again' };
  const sealed = await sealRelease(deps, release);
  return sealed.kind === 'sealed' ? validateRelease(deps, volume, sealed.release, sealed.tree, sealed.basis) : sealed;
};

/**
 * Sees whether all of a release is stored, seals it, and holds it to its volume's guards and validator. Each step is decided on
 * what is stored, so that a check which is killed anywhere and run again ends as if it had not been; and it is never released
 * here.
 */
export const checkRelease = async (deps: CheckReleaseDeps, work: CheckWork): Promise<CheckOutcome> => {
  const outcome = await check(deps, work);
  const { volume, root: release } = work;
  if (outcome.kind === 'aborted') deps.log.warn('a release was aborted', { volume, release, reason: outcome.reason });
  if (outcome.kind === 'rejected')
    deps.log.warn('a release was rejected', { volume, release, problems: outcome.problems.slice(0, LOGGED_PROBLEMS) });
  return outcome;
};
