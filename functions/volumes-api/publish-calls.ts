import { decideAbort, decideStage, type StagedTree } from '#domain/volume/decide-release.ts';
import type { Release, ReleaseState } from '#domain/volume/release.ts';
import { isSha256 } from '#domain/volume/tree.ts';
import { quotaProblems } from '#domain/volume/validate/guards.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { releaseJson } from '#wire/volume/volume-json.ts';
import { changeVolume, settledReply } from './change-volume.ts';
import { refused } from './replies.ts';
import type { VolumeRequest } from './volumes-deps.ts';

/**
 * The first thing that a publisher does, before anything is stored: from then on nobody removes what the release has. `nothing`:
 * it is current, or may be released as it is; otherwise all of it is to be stored, as far as it is not there. What is above the quota
 * would be rejected when all of it had been sent and paid for; a publisher that says less than it is ends at the check.
 */
export const stage = async (request: VolumeRequest, tree: StagedTree): Promise<HttpReply> => {
  const [problem] = quotaProblems(request.volume, tree);
  if (problem !== undefined) return errorReply(409, 'over-quota', `The release ${problem.message}.`);
  let known: Release | undefined;
  const settlement = await changeVolume(request, tree.root, (view) => {
    known = view.target;
    return decideStage(view, tree);
  });
  if (settlement.kind === 'refused') return refused(settlement.refusal);
  const { release } = settlement;
  if (release?.state !== 'STAGING') return jsonReply(200, { release: release && releaseJson(release), outcome: 'nothing' });
  return jsonReply(200, { release: releaseJson(release), outcome: known === undefined ? 'staged' : 'resumed' });
};

/** The release that the path names. */
const rootOf = ({ params: [, root = ''] }: VolumeRequest): string | undefined => (isSha256(root) ? root : undefined);

const WANTS_CHECK: readonly ReleaseState[] = ['STAGING', 'SEALED'];

/**
 * Everything is stored, says the publisher; the check behind the queue sees whether it is, seals the release and validates it.
 * Asked again while that goes on it is the same request, and afterwards it answers what came of it.
 */
export const seal = async (request: VolumeRequest): Promise<HttpReply> => {
  const { deps, volume } = request;
  const root = rootOf(request);
  const release = root === undefined ? undefined : await deps.volumes.release(volume.id, root);
  if (release === undefined) return refused({ kind: 'unknown-release' });
  if (release.state === 'ABORTED') return refused({ kind: 'wrong-state', state: release.state });
  if (!WANTS_CHECK.includes(release.state)) return jsonReply(200, { release: releaseJson(release) });
  const { sinceMs: stagedMs } = release;
  const work = { kind: 'check', volume: volume.id, root: release.root, stagedMs } as const;
  await deps.checkQueue.send(work, `${release.root}-${stagedMs}`);
  return jsonReply(202, { release: releaseJson(release) });
};

export const abort = async (request: VolumeRequest, { reason }: { readonly reason: string }): Promise<HttpReply> =>
  settledReply(
    await changeVolume(request, rootOf(request), (view) =>
      // Asked again after a reply that was lost.
      view.target?.state === 'ABORTED' ? { kind: 'nothing' } : decideAbort(view, reason),
    ),
  );
