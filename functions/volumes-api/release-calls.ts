import { mayDoWithVolume } from '#domain/access/volume-permissions.ts';
import { type CommitWish, decideCommit, decidePin, decideRollBack } from '#domain/volume/decide-release.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import { isSha256, type Sha256 } from '#domain/volume/tree.ts';
import type { VolumeDecision, VolumeHold } from '#domain/volume/volume-state.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import type { ReleaseWish } from '#wire/volume/volume-calls.ts';
import { changeTogether, changeVolume, movedJson, settledReply } from './change-volume.ts';
import { notAllowed } from './endpoint.ts';
import { refusedTogether, unknownVolume, type VolumeRefusal } from './replies.ts';
import { userOf, type VolumeRequest, type VolumesRequest } from './volumes-deps.ts';

const commitWish = ({ expect, fence }: ReleaseWish): CommitWish => ({
  ...(expect === undefined ? {} : { expected: expect }),
  ...(fence === undefined ? {} : { fence }),
});

/** Makes a release current, for everybody at once. What is current already is so, whoever asks again. */
export const release = async (request: VolumeRequest, wish: ReleaseWish): Promise<HttpReply> =>
  settledReply(await changeVolume(request, wish.release, (view) => decideCommit(view, commitWish(wish))), movedJson);

interface VolumeReleaseWish extends ReleaseWish {
  readonly volume: string;
}

/** The first that speaks against releasing one of them, which is releasing none. */
const objection = ({ rules, member }: VolumesRequest, wishes: readonly VolumeReleaseWish[]): HttpReply | undefined => {
  for (const { volume: id } of wishes) {
    const volume = rules.volumes.find((declared) => declared.id === id);
    if (volume === undefined) return unknownVolume(id);
    if (!mayDoWithVolume(member, 'release.commit', volume)) return notAllowed('release.commit', id);
  }
  return undefined;
};

/** Several volumes in one transaction: an index in one and what it leads to in another, or nothing of both. */
export const releaseTogether = async (
  request: VolumesRequest,
  { releases: wishes }: { readonly releases: readonly VolumeReleaseWish[] },
): Promise<HttpReply> => {
  const objected = objection(request, wishes);
  if (objected !== undefined) return objected;
  const decide = (view: VolumeView, at: number): VolumeDecision => {
    const wish = wishes[at];
    return wish === undefined ? { kind: 'nothing' } : decideCommit(view, commitWish(wish));
  };
  const settlements = await changeTogether(request, wishes, decide);
  const named = settlements.map((settlement, at) => ({ volume: wishes[at]?.volume ?? '', settlement }));
  const refusals = named.flatMap(({ volume, settlement }): readonly VolumeRefusal[] =>
    settlement.kind === 'refused' ? [{ volume, refusal: settlement.refusal }] : [],
  );
  const [first] = refusals;
  if (first !== undefined) return refusedTogether(first, refusals);
  const releases = named.flatMap(({ volume, settlement }) =>
    settlement.kind === 'settled' ? [{ volume, ...movedJson(settlement) }] : [],
  );
  return jsonReply(200, { releases });
};

export interface RollBackWish {
  readonly to?: Sha256 | undefined;
  readonly reason: string;
}

/** The hold that a rollback left behind, when nothing moved since. */
const holdOfRollBack = ({ pointer: { hold, movedMs } }: VolumeView): VolumeHold | undefined =>
  hold?.atMs === movedMs ? hold : undefined;

/**
 * Back to `to`, or to what was current before; nothing else is released until somebody resumes. The same call again, after a reply that
 * was lost, does nothing. Without `to` it would go back one more, and so would that of a second operator whom the same alarm woke:
 * whoever wants that while the hold of a rollback stands says where to.
 */
export const rollBack = async (request: VolumeRequest, { to, reason }: RollBackWish): Promise<HttpReply> => {
  const by = userOf(request);
  const decide = (view: VolumeView): VolumeDecision => {
    const hold = holdOfRollBack(view);
    const isSame = to === undefined || view.target?.state === 'CURRENT';
    if (hold === undefined || !isSame) return decideRollBack(view, reason);
    if (hold.by === by && hold.reason === reason) return { kind: 'nothing' };
    return to === undefined ? { kind: 'refused', refusal: { kind: 'held', hold } } : decideRollBack(view, reason);
  };
  return settledReply(await changeVolume(request, to ?? 'previous', decide), movedJson);
};

/** Keeps a release whatever its age, or no longer than others. */
export const pin =
  (pinned: boolean) =>
  async (request: VolumeRequest): Promise<HttpReply> => {
    const [, root = ''] = request.params;
    return settledReply(await changeVolume(request, isSha256(root) ? root : undefined, (view) => decidePin(view, pinned)));
  };
