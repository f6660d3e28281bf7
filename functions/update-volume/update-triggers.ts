import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import { isFailedEnd } from '#domain/volume/upstream/upstream-check.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import { parseVolumeWork } from '#wire/volume/volume-work.ts';
import { type PlanUpdatesOutcome, planUpdates } from './plan-updates.ts';
import type { UpdateVolumeDeps, UpdateWork } from './update-deps.ts';
import { type UpdateOutcome, updateVolume } from './update-volume.ts';

export interface TriggerDeps extends UpdateVolumeDeps {
  /** A metric. */
  readonly count: (name: 'VolumeUpdateRuns' | 'VolumeUpdates' | 'VolumeUpdateFailures', value: number) => void;
}

export interface UpdateEvent {
  /** One volume, now; undefined: whatever is due. */
  readonly volume: VolumeId | undefined;
}

// A schedule's own event has other fields, which mean nothing here.
const event = v.object({ volume: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))) });

export const parseUpdateEvent = (value: unknown): UpdateEvent => {
  const result = v.safeParse(event, value ?? {});
  if (!result.success) throw new WireError('update-volume: the event is neither {} nor {"volume": ID}');
  return { volume: result.output.volume };
};

const updateOne = async (deps: TriggerDeps, work: Pick<UpdateWork, 'volume' | 'by'>): Promise<UpdateOutcome> => {
  const outcome = await updateVolume(deps, work);
  const isUpdate = outcome.kind === 'updated';
  deps.count('VolumeUpdates', Number(isUpdate));
  deps.count('VolumeUpdateFailures', Number(isUpdate && isFailedEnd(outcome.end)));
  return outcome;
};

export const byMessage =
  (deps: TriggerDeps) =>
  (body: string): Promise<UpdateOutcome> =>
    updateOne(deps, parseVolumeWork(body, 'update'));

/** The alarm "nobody looks for updates" watches the runs. Whoever names a volume wants it updated now. */
export const bySchedule =
  (deps: TriggerDeps) =>
  async ({ volume }: UpdateEvent): Promise<UpdateOutcome | PlanUpdatesOutcome> => {
    if (volume !== undefined) return updateOne(deps, { volume, by: 'invoke' });
    deps.count('VolumeUpdateRuns', 1);
    return planUpdates(deps);
  };
