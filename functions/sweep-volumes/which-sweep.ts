import type { EpochMs } from '#domain/inventory/inventory.ts';
import { isSweepDue } from '#domain/volume/garbage.ts';
import type { Clock } from '#ports/clock.ts';
import type { VolumeSweep, VolumeSweeps } from '#ports/volume-sweeps.ts';
import type { VolumeWork } from '#ports/volume-work.ts';
import { parseVolumeWork } from '#wire/volume/volume-work.ts';

export interface SweepForDeps {
  readonly sweeps: Pick<VolumeSweeps, 'last'>;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
}

/** What somebody asked for, or the hourly look. */
export type SweepOrder = Extract<VolumeWork, { readonly kind: 'sweep' }> | { readonly kind: 'hourly' };

export const hourly = (): SweepOrder => ({ kind: 'hourly' });
/** Of a message. Throws WireError. */
export const parseSweepOrder = (body: string): SweepOrder => parseVolumeWork(body, 'sweep');

const newSweep = (head: Pick<VolumeSweep, 'run' | 'mode' | 'by' | 'startedMs'>): VolumeSweep => ({
  ...head,
  prefixes: 0,
  expired: 0,
  looked: 0,
  doomed: 0,
  removed: 0,
  spared: 0,
  bytes: 0,
});

/** The sweep to begin or to go on with. A message that comes again goes on with its own, and does nothing when that has ended. */
export const sweepFor = async (deps: SweepForDeps, order: SweepOrder): Promise<VolumeSweep | undefined> => {
  const nowMs = deps.clock.now();
  const mode = order.kind === 'hourly' ? 'done' : order.mode;
  const last = await deps.sweeps.last(mode);
  const isOpen = last !== undefined && last.endedMs === undefined;
  if (order.kind === 'sweep') {
    if (last?.run === order.run) return isOpen ? last : undefined;
    return newSweep({ run: order.run, mode, by: order.by, startedMs: nowMs });
  }
  if (isOpen) return last;
  return last === undefined || isSweepDue(last, nowMs)
    ? newSweep({ run: deps.newId(), mode, by: 'schedule', startedMs: nowMs })
    : undefined;
};

/** After a run of the function: whether it has ended. A plan is of one moment, and not gone on with an hour later. */
export const afterRun = (sweep: VolumeSweep, prefixes: number, nowMs: EpochMs): VolumeSweep => {
  if (sweep.prefixes === prefixes || sweep.problem !== undefined) return { ...sweep, endedMs: nowMs };
  return sweep.mode === 'planned' ? { ...sweep, endedMs: nowMs, problem: 'there was no time to look at all objects' } : sweep;
};
