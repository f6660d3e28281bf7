import type { Release } from '#domain/volume/release.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { Refusal, VolumeDecision, VolumePointer } from '#domain/volume/volume-state.ts';
import type { VolumeAsk, VolumeOutcome } from '#ports/volume-store.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { pointerJson, releaseJson } from '#wire/volume/volume-json.ts';
import { refused } from './replies.ts';
import { userOf, type VolumeRequest, type VolumesRequest } from './volumes-deps.ts';

/** A volume after a call that was not refused. */
export interface Settled {
  readonly kind: 'settled';
  /** False: it was so already. */
  readonly isChanged: boolean;
  readonly pointer: VolumePointer;
  /** The one that was asked about. */
  readonly release: Release | undefined;
  /** What was current before, where the call changed that; otherwise what was current before that. */
  readonly previous: VolumePointer['previous'];
}

export type Settlement = Settled | { readonly kind: 'refused'; readonly refusal: Refusal };

const settlementOf = ({ now, decision }: VolumeOutcome): Settlement => {
  if (decision.kind === 'refused') return decision;
  const { pointer, target } = now;
  if (decision.kind === 'nothing')
    return { kind: 'settled', isChanged: false, pointer, release: target, previous: pointer.previous };
  const { next, releases, event } = decision.change;
  const release = releases.map((write) => write.next).find(({ root }) => root === event.release) ?? target;
  const previous = next.moves === pointer.moves ? next.previous : pointer.current;
  return { kind: 'settled', isChanged: true, pointer: next, release, previous };
};

/** One decision for each of several volumes, written together or not at all, in the name of who asks. */
export const changeTogether = async (
  request: VolumesRequest,
  asks: readonly VolumeAsk[],
  decide: (view: VolumeView, at: number) => VolumeDecision,
): Promise<readonly Settlement[]> => {
  const { deps } = request;
  const by = userOf(request);
  const outcomes = await deps.volumes.change(asks, (now, at) => decide({ ...now, nowMs: deps.clock.now(), by }, at));
  // One that is refused keeps the others from being written.
  if (!outcomes.some(({ decision }) => decision.kind === 'refused')) {
    for (const { decision } of outcomes) {
      if (decision.kind !== 'change') continue;
      const { volume, transition, release, version } = decision.change.event;
      deps.log.info('a volume was changed', { volume, transition, release, version, by });
    }
  }
  return outcomes.map(settlementOf);
};

export const changeVolume = async (
  request: VolumeRequest,
  release: VolumeAsk['release'],
  decide: (view: VolumeView) => VolumeDecision,
): Promise<Settlement> => {
  const [settlement] = await changeTogether(request, [{ volume: request.volume.id, release }], decide);
  if (settlement === undefined) throw new Error('a change without an outcome');
  return settlement;
};

type Json = Readonly<Record<string, unknown>>;

/** Where a volume stands, and the release that was asked about if there was one. */
const settledJson = ({ pointer, release }: Settled): Json => ({
  pointer: pointerJson(pointer),
  release: release && releaseJson(release),
});

/** What moves `current` says also what to go back to. */
export const movedJson = (settled: Settled): Json => ({
  ...settledJson(settled),
  previous: settled.previous,
  outcome: settled.isChanged ? 'released' : 'nothing',
});

export const settledReply = (settlement: Settlement, json: (settled: Settled) => Json = settledJson): HttpReply =>
  settlement.kind === 'refused' ? refused(settlement.refusal) : jsonReply(200, json(settlement));
