import type { EpochMs } from '#domain/inventory/inventory.ts';
import { type LookedAtVolume, lookAtVolume } from '#domain/volume/volume-findings.ts';
import type { Log } from '#ports/log.ts';

/** Volumes, or releases of them, that were found in each condition. */
export interface VolumeReport {
  readonly volumes: number;
  readonly heldTooLong: number;
  readonly waiting: number;
  readonly stale: number;
  /** The largest of all volumes. */
  readonly quotaShare: number;
}

/** Counts what people should look at, and says to the log where. */
export const reportVolumes = (log: Log, volumes: readonly LookedAtVolume[], nowMs: EpochMs): VolumeReport => {
  const found = volumes.map((volume) => ({ volume, ...lookAtVolume(volume, nowMs) }));
  for (const { volume, heldTooLong, waiting, stale } of found) {
    const { pointer, upstream } = volume;
    const name = { volume: pointer.volume };
    if (heldTooLong) log.warn('a volume is held for too long', { ...name, hold: pointer.hold });
    for (const { sequence, root, sinceMs } of waiting)
      log.warn('a release waits to be released', { ...name, sequence, root, since: sinceMs });
    if (stale) log.warn('an upstream was not seen for too long', { ...name, checked: upstream?.checkedMs, end: upstream?.end });
    if (volume.declared === undefined) log.info('a volume is not declared and keeps what was released', name);
  }
  const count = (is: (one: (typeof found)[number]) => boolean): number => found.filter(is).length;
  return {
    volumes: found.length,
    heldTooLong: count(({ heldTooLong }) => heldTooLong),
    waiting: found.reduce((sum, { waiting }) => sum + waiting.length, 0),
    stale: count(({ stale }) => stale),
    quotaShare: Math.max(0, ...found.map(({ quotaShare }) => quotaShare)),
  };
};
