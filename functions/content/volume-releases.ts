/**
 * The releases of each volume that anything can be seen of. Every decision about a volume raises its pointer's version, so the pointer
 * is what is asked for, and the releases, which may be thousands, only when it says that something happened.
 */
import { isShown } from '#domain/content/releases-to-search.ts';
import type { Release } from '#domain/volume/release.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { type HeldValue, heldValue } from './held-value.ts';

export interface SeenReleases {
  /** Of the pointer, when the releases were not older than it. */
  readonly version: number;
  readonly releases: readonly Release[];
}

export interface VolumeReleases {
  /** A second old at most, unless the table does not answer. */
  current(volume: VolumeId): Promise<SeenReleases>;
  /** As they are after this call; the same object as before when nothing happened. */
  fresh(volume: VolumeId): Promise<SeenReleases>;
}

export interface ReleasesDeps {
  readonly store: Pick<VolumeStore, 'pointer' | 'releases'>;
  readonly clock: Clock;
  readonly log: Log;
}

const EVERY_MS = 1_000;

export const volumeReleases = ({ store, clock, log }: ReleasesDeps): VolumeReleases => {
  const held = new Map<VolumeId, HeldValue<SeenReleases>>();

  const load = async (volume: VolumeId, before: SeenReleases | undefined): Promise<SeenReleases> => {
    const { version } = await store.pointer(volume);
    if (before?.version === version) return before;
    return { version, releases: (await store.releases(volume)).filter(isShown) };
  };
  const of = (volume: VolumeId): HeldValue<SeenReleases> => {
    const known = held.get(volume);
    if (known !== undefined) return known;
    const added = heldValue<SeenReleases>({
      everyMs: EVERY_MS,
      load: (before) => load(volume, before),
      clock,
      onFault: (error) => log.warn('releases not refreshed', { volume, error }),
    });
    held.set(volume, added);
    return added;
  };

  return { current: (volume) => of(volume).current(), fresh: (volume) => of(volume).fresh() };
};
