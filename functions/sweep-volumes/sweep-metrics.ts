import type { SweepOutcome } from './sweep-volumes.ts';

type Metric = readonly [name: string, value: number, unit: 'Count' | 'Bytes' | 'Percent'];

/** The alarms about volumes watch these; `VolumeSweeps` shows that somebody looks. */
export const sweepMetrics = (outcome: SweepOutcome): readonly Metric[] => [
  ['VolumeSweeps', 1, 'Count'],
  ['GarbageRemovedBytes', outcome.removedBytes, 'Bytes'],
  ['SweepStopped', outcome.sweep?.problem === undefined ? 0 : 1, 'Count'],
  ['VolumesHeldTooLong', outcome.heldTooLong, 'Count'],
  ['ReleasesWaiting', outcome.waiting, 'Count'],
  ['VolumesStale', outcome.stale, 'Count'],
  ['QuotaNear', Math.round(outcome.quotaShare * 100), 'Percent'],
];
