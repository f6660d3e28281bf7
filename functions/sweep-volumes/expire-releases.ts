import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Release } from '#domain/volume/release.ts';
import { decideExpiry, expirable, UNDECLARED } from '#domain/volume/retention.ts';
import type { LookedAtVolume } from '#domain/volume/volume-findings.ts';
import type { Clock } from '#ports/clock.ts';
import type { Log } from '#ports/log.ts';
import type { VolumeStore } from '#ports/volume-store.ts';

export interface ExpireReleasesDeps {
  readonly store: Pick<VolumeStore, 'change'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The releases that nothing keeps now. */
export const endingReleases = (volumes: readonly LookedAtVolume[], nowMs: EpochMs): readonly Release[] =>
  volumes.flatMap(({ declared, releases }) => expirable(declared ?? UNDECLARED, releases, nowMs));

/** Ends what nothing keeps, one release at a time, each decided from what is true then; says how many ended. */
export const expireReleases = async (deps: ExpireReleasesDeps, volumes: readonly LookedAtVolume[]): Promise<number> => {
  let expired = 0;
  for (const looked of volumes) {
    const { declared = UNDECLARED, releases, pointer } = looked;
    for (const { root, sequence } of endingReleases([looked], deps.clock.now())) {
      const [outcome] = await deps.store.change([{ volume: pointer.volume, release: root }], (now) =>
        decideExpiry({ ...now, nowMs: deps.clock.now(), by: 'sweep' }, declared, releases),
      );
      if (outcome?.decision.kind !== 'change') continue;
      expired += 1;
      deps.log.info('release expired', { volume: pointer.volume, sequence, root });
    }
  }
  return expired;
};
