import type { Release } from '#domain/volume/release.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { VolumeDecision } from '#domain/volume/volume-state.ts';
import type { Clock } from '#ports/clock.ts';
import type { ContentRulesStore } from '#ports/content-rules-store.ts';
import type { Log } from '#ports/log.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { ReadingPorts } from '#wire/volume/read-file.ts';

export interface CheckReleaseDeps extends ReadingPorts {
  readonly content: ContentRulesStore;
  readonly volumes: Pick<VolumeStore, 'pointer' | 'release' | 'change'>;
  readonly objects: Pick<VolumeObjects, 'sizeBytes' | 'read' | 'readRange'>;
  readonly dooms: Pick<VolumeDooms, 'doomed'>;
  readonly clock: Clock;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
}

/**
 * Decides about a release as it was seen: of one that left that state meanwhile, even if it came back to it, nothing is known any
 * more. Undefined then; otherwise the release as it is now.
 */
export const decideAsSeen = async (
  { volumes, clock }: CheckReleaseDeps,
  seen: Release,
  decide: (view: VolumeView) => VolumeDecision,
): Promise<Release | undefined> => {
  const [outcome] = await volumes.change([{ volume: seen.volume, release: seen.root }], (now) =>
    now.target?.state === seen.state && now.target.sinceMs === seen.sinceMs
      ? decide({ ...now, nowMs: clock.now(), by: 'check' })
      : { kind: 'nothing' },
  );
  return outcome?.decision.kind === 'change' ? outcome.decision.change.releases[0]?.next : undefined;
};
