/**
 * When a volume's upstream is looked at again. A run that ended well is followed by the next at the volume's own pace. One that
 * failed is repeated sooner, at first after five minutes and then after twice as long each time, since most upstreams that do not
 * answer do so an hour later; never later than at the volume's pace, and never before upstream wants it. Work that only waits for
 * something here (a check, somebody else's lease) is taken up at every look.
 */
import type { EpochMs } from '../../inventory/inventory.ts';
import type { Volume, VolumeUpstream } from '../volume.ts';
import type { UpdateEnd, UpstreamCheck } from './upstream-check.ts';

const FIRST_RETRY_MS = 300_000;
const MOST_DOUBLINGS = 20;
/** A run that paused asks for its continuation itself; this is for when that was lost. Longer than a run lives. */
const PAUSED_MS = 1_200_000;

/** Somebody else was at it, and may be done. */
const IN_THE_WAY: ReadonlySet<UpdateEnd> = new Set(['busy', 'lost']);

const pauseMs = ({ everyMs }: VolumeUpstream, { end, failures }: UpstreamCheck): number => {
  if (IN_THE_WAY.has(end)) return 0;
  if (end === 'paused') return Math.min(everyMs, PAUSED_MS);
  return failures === 0 ? everyMs : Math.min(everyMs, FIRST_RETRY_MS * 2 ** Math.min(MOST_DOUBLINGS, failures - 1));
};

/** Whether upstream is to be asked now. */
export const isUpstreamDue = (upstream: VolumeUpstream, check: UpstreamCheck | undefined, nowMs: EpochMs): boolean => {
  if (check === undefined) return true;
  const dueMs = Math.max(check.startedMs + pauseMs(upstream, check), check.notBeforeMs ?? 0);
  return nowMs >= dueMs;
};

/** Whether there is something to do for the volume, with upstream or without. */
export const isUpdateDue = (upstream: VolumeUpstream, check: UpstreamCheck | undefined, nowMs: EpochMs): boolean => {
  if (isUpstreamDue(upstream, check, nowMs)) return true;
  return check?.end === 'sealing' || (check?.end === 'validated' && upstream.release);
};

export type UpdatedVolume = Volume & { readonly upstream: VolumeUpstream };

export const updatedVolumes = (volumes: readonly Volume[]): readonly UpdatedVolume[] =>
  volumes.filter((volume): volume is UpdatedVolume => volume.upstream !== undefined);

export const dueUpdates = (
  volumes: readonly Volume[],
  checks: ReadonlyMap<string, UpstreamCheck>,
  nowMs: EpochMs,
): readonly UpdatedVolume[] => updatedVolumes(volumes).filter(({ id, upstream }) => isUpdateDue(upstream, checks.get(id), nowMs));
