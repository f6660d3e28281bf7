/**
 * What people should look at in a volume, found by the hourly look at all of them. Each is a way in which content gets old or lost
 * without anything failing: a hold that somebody forgot, a validated release that nobody releases until it is aborted, a quota
 * that the next releases will not fit into, an upstream that was not seen for a while.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release } from './release.ts';
import { UNRELEASED_MS } from './retention.ts';
import type { UpstreamCheck } from './upstream/upstream-check.ts';
import type { Volume } from './volume.ts';
import type { VolumePointer } from './volume-state.ts';

const HELD_TOO_LONG_MS = 86_400_000;
/** Half of the time after which it is aborted. */
const WAITING_MS = UNRELEASED_MS / 2;
/** Times of a volume's schedule without a look that ended well. */
const MISSED_LOOKS = 3;

export interface LookedAtVolume {
  /** Undefined when the network does not declare it. */
  readonly declared: Volume | undefined;
  readonly pointer: VolumePointer;
  readonly releases: readonly Release[];
  readonly upstream: UpstreamCheck | undefined;
}

export interface VolumeFindings {
  readonly heldTooLong: boolean;
  /** Validated for so long that somebody should release it or say no. */
  readonly waiting: readonly Release[];
  /** Of the quota, that the current release fills; 0 without either. */
  readonly quotaShare: number;
  readonly stale: boolean;
}

const isStale = ({ declared, upstream: check }: LookedAtVolume, nowMs: EpochMs): boolean => {
  const upstream = declared?.upstream;
  if (upstream === undefined || check === undefined) return false;
  // One that was never seen whole has no time that it could be measured from.
  if (check.checkedMs === undefined) return check.failures >= MISSED_LOOKS;
  return nowMs - check.checkedMs > upstream.everyMs * MISSED_LOOKS;
};

/** Not what somebody pinned, to have it at hand, nor what is about to be aborted. */
const isWaiting = ({ state, pinned, sinceMs }: Release, nowMs: EpochMs): boolean =>
  state === 'VALIDATED' && !pinned && nowMs - sinceMs > WAITING_MS && nowMs - sinceMs < UNRELEASED_MS;

export const lookAtVolume = (volume: LookedAtVolume, nowMs: EpochMs): VolumeFindings => {
  const { declared, pointer, releases } = volume;
  const current = releases.find(({ state }) => state === 'CURRENT');
  const quota = declared?.quotaBytes;
  return {
    heldTooLong: pointer.hold !== undefined && nowMs - pointer.hold.atMs > HELD_TOO_LONG_MS,
    waiting: releases.filter((release) => isWaiting(release, nowMs)),
    quotaShare: current === undefined || quota === undefined ? 0 : current.bytes / Math.max(1, quota),
    stale: isStale(volume, nowMs),
  };
};
