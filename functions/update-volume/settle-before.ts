import type { Release, ReleaseProblem } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import { askForCheck } from './ask-for-check.ts';
import { commitRelease } from './commit-release.ts';
import type { Ended, UpdateRun } from './update-run.ts';

/** A check takes minutes; one that did not end by then was lost. */
const CHECK_MS = 1_800_000;

const stillChecked = async (run: UpdateRun, root: Sha256, { state, sinceMs: stagedMs }: Release): Promise<Ended | 'again'> => {
  const { askedMs = 0 } = run.before;
  // Staged since by a run that did not come to the end.
  if (state === 'STAGING' && askedMs < stagedMs) return 'again';
  const isLost = run.deps.clock.now() - askedMs >= CHECK_MS;
  return { end: 'sealing', root, askedMs: isLost ? await askForCheck(run, root, stagedMs) : askedMs };
};

/**
 * What became of the release that an earlier run left to be checked: it is released when it is good. `again`: nothing, so that
 * upstream is to be copied anew. Undefined: there is none, or its way is at its end.
 */
export const settleBefore = async (run: UpdateRun): Promise<Ended | 'again' | undefined> => {
  const { deps, volume, before } = run;
  const { root } = before;
  const release = root === undefined ? undefined : await deps.volumes.release(volume.id, root);
  if (release === undefined || root === undefined) return undefined;
  switch (release.state) {
    case 'STAGING':
    case 'SEALED':
      return stillChecked(run, root, release);
    case 'VALIDATED':
      return volume.upstream.release ? commitRelease(run, root) : { end: 'validated', root };
    case 'REJECTED':
      return { end: 'rejected', root, problem: firstProblem(release.problems) };
    case 'ABORTED':
      // It waited for a releaser until it expired, and is made again at its time.
      if (before.end === 'validated') return undefined;
      return { end: 'aborted', root, problem: 'the release was aborted before it was released' };
    default:
      return undefined;
  }
};

const firstProblem = (problems: readonly ReleaseProblem[] = []): string => {
  const [first] = problems;
  return first === undefined ? '' : `${first.path} ${first.message}`.trim();
};
