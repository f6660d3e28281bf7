import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { LookedAtVolume } from '#domain/volume/volume-findings.ts';
import type { VolumeSweep, VolumeSweeps } from '#ports/volume-sweeps.ts';
import { type ExpireReleasesDeps, endingReleases, expireReleases } from './expire-releases.ts';
import { type KnownVolumesDeps, knownVolumes } from './known-volumes.ts';
import { type NeededObjectsDeps, neededObjects, neededReleases } from './needed-objects.ts';
import { reportVolumes, type VolumeReport } from './report-volumes.ts';
import { type SweepGarbageDeps, sweepGarbage } from './sweep-garbage.ts';
import { afterRun, type SweepOrder, sweepFor } from './which-sweep.ts';

export interface SweepVolumesDeps extends KnownVolumesDeps, NeededObjectsDeps, SweepGarbageDeps, ExpireReleasesDeps {
  readonly store: KnownVolumesDeps['store'] & ExpireReleasesDeps['store'];
  readonly sweeps: VolumeSweeps;
}

export interface SweepOutcome extends VolumeReport {
  readonly kind: 'swept';
  readonly expired: number;
  /** Bytes of objects that this run removed. */
  readonly removedBytes: number;
  /** How the sweep of all objects went, if there was one in this run. */
  readonly sweep: VolumeSweep | undefined;
}

/** Of the function's fifteen minutes. What is begun by then is ended by the end of them. */
const RUN_MS = 600_000;

const planned = async (deps: SweepVolumesDeps, volumes: readonly LookedAtVolume[], begun: VolumeSweep, stopMs: EpochMs) => {
  const ending = endingReleases(volumes, deps.clock.now());
  const goes = new Set(ending.map(({ volume, root }) => `${volume} ${root}`));
  const staying = async () => (await neededReleases(deps.store)).filter(({ volume, root }) => !goes.has(`${volume} ${root}`));
  return sweepGarbage(deps, neededObjects(deps, staying, stopMs), { ...begun, expired: ending.length }, stopMs);
};

/**
 * Ends releases that nothing keeps, says what people should look at, and once a day, or when asked, removes the objects that no
 * release needs. Killed anywhere it loses nothing: the next run goes on from the prefixes that are done.
 */
export const sweepVolumes = async (deps: SweepVolumesDeps, order: SweepOrder): Promise<SweepOutcome> => {
  const startedMs = deps.clock.now();
  const stopMs = startedMs + RUN_MS;
  const volumes = await knownVolumes(deps);
  const begun = await sweepFor(deps, order);
  const expired = begun?.mode === 'planned' ? 0 : await expireReleases(deps, volumes);
  const found = { kind: 'swept' as const, ...reportVolumes(deps.log, volumes, startedMs), expired };
  if (begun === undefined) return { ...found, removedBytes: 0, sweep: undefined };
  const swept =
    begun.mode === 'planned'
      ? await planned(deps, volumes, begun, stopMs)
      : await sweepGarbage(
          deps,
          neededObjects(deps, () => neededReleases(deps.store), stopMs),
          { ...begun, expired: begun.expired + expired },
          stopMs,
        );
  const sweep = afterRun(swept, deps.prefixes.length, deps.clock.now());
  await deps.sweeps.put(sweep);
  if (sweep.problem !== undefined)
    deps.log.error('a sweep stopped', { run: sweep.run, mode: sweep.mode, problem: sweep.problem });
  return { ...found, removedBytes: begun.mode === 'planned' ? 0 : sweep.bytes - begun.bytes, sweep };
};
