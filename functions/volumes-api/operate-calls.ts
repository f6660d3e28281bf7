import { decideGiveBack, decideHold, decideLease, decideResume, PUBLISH_LEASE_MS } from '#domain/volume/decide-volume.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { changeVolume, settledReply } from './change-volume.ts';
import { userOf, type VolumeRequest } from './volumes-deps.ts';

/** Nothing new is released until somebody resumes. */
export const hold = async (request: VolumeRequest, { reason }: { readonly reason: string }): Promise<HttpReply> =>
  settledReply(await changeVolume(request, undefined, (view) => decideHold(view, reason)));

export const resume = async (request: VolumeRequest): Promise<HttpReply> =>
  settledReply(await changeVolume(request, undefined, decideResume));

/** The right to publish, for a while; whoever says its fence has it for longer. */
export const lease = async (request: VolumeRequest, { fence }: { readonly fence?: number | undefined }): Promise<HttpReply> => {
  const settlement = await changeVolume(request, undefined, (view) => decideLease(view, view.nowMs + PUBLISH_LEASE_MS, fence));
  return settledReply(settlement, ({ pointer }) => ({ fence: pointer.fence, untilMs: pointer.lease?.untilMs }));
};

export const endLease = async (request: VolumeRequest, { fence }: { readonly fence: number }): Promise<HttpReply> =>
  settledReply(await changeVolume(request, undefined, (view) => decideGiveBack(view, fence)));

/** Copies what changed upstream, now instead of at its time. */
export const update = async (request: VolumeRequest): Promise<HttpReply> => {
  const { deps, volume } = request;
  if (volume.upstream === undefined)
    return errorReply(409, 'no-upstream', `${volume.id} is not copied from anywhere; somebody publishes it.`);
  await deps.updateQueue.send({ kind: 'update', volume: volume.id, by: userOf(request) }, deps.newId());
  return jsonReply(202, { volume: volume.id });
};
