import * as v from 'valibot';
import type { SweepMode, VolumeSweep } from '#ports/volume-sweeps.ts';
import { count, epochMs, nonEmpty } from '../fields.ts';
import { parseValue } from '../parse-json.ts';
import type { PlainItem } from './volume-items.ts';
import type { VolumeItemKey } from './volume-table.ts';

/** In the table of volumes: one item for each mode. */
export const SWEEPS_PARTITION = 'S';
export const sweepKey = (mode: SweepMode): VolumeItemKey => ({ pk: SWEEPS_PARTITION, sk: mode });

/** What a sweep did, as far as it came. */
export const SWEEP_COUNTS = {
  prefixes: count,
  expired: count,
  looked: count,
  doomed: count,
  removed: count,
  spared: count,
  bytes: count,
};

const sweepItem = v.object({
  sk: v.picklist(['planned', 'done']),
  run: nonEmpty,
  by: v.string(),
  started: epochMs,
  ended: v.optional(epochMs),
  ...SWEEP_COUNTS,
  problem: v.optional(v.string()),
});

export const printSweep = ({ mode: _, startedMs, endedMs, problem, ...counts }: VolumeSweep): PlainItem => ({
  ...counts,
  started: startedMs,
  ...(endedMs !== undefined && { ended: endedMs }),
  ...(problem !== undefined && { problem }),
});

/** Throws WireError on anything that is no sweep. */
export const parseSweep = (item: PlainItem): VolumeSweep => {
  const { sk: mode, started, ended, problem, ...counts } = parseValue(sweepItem, item, 'a sweep of volumes');
  return {
    ...counts,
    mode,
    startedMs: started,
    ...(ended !== undefined && { endedMs: ended }),
    ...(problem !== undefined && { problem }),
  };
};
