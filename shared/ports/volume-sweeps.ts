import type { EpochMs } from '#domain/inventory/inventory.ts';

export type SweepMode =
  /** Counts what would go; nothing is changed. */
  'planned' | 'done';

/** How far a sweep of all volumes and all objects is, or how it ended. */
export interface VolumeSweep {
  /** Never used before. */
  readonly run: string;
  readonly mode: SweepMode;
  /** `user:NAME`, or `schedule`. */
  readonly by: string;
  readonly startedMs: EpochMs;
  /** Absent while it goes on; it may go on in a later run of the function. */
  readonly endedMs?: EpochMs;
  /** Of the 256 beginnings of a hash, those that are done. */
  readonly prefixes: number;
  /** Releases that ended, or would. */
  readonly expired: number;
  /** Objects that were looked at. */
  readonly looked: number;
  /** Of these, those that nobody seemed to need when they were looked at. */
  readonly doomed: number;
  /** Of the doomed ones, those that are gone; of a planned sweep, those that would be. */
  readonly removed: number;
  /** Of the doomed ones, those that a release had by then, or that somebody else had doomed. */
  readonly spared: number;
  /** Of the removed objects. */
  readonly bytes: number;
  /** Why it went no further than it did. Nothing is removed while it is so. */
  readonly problem?: string;
}

/** What is known of sweeps: the last one of each mode. Strongly consistent. Throws Fault. */
export interface VolumeSweeps {
  /** The one that began last, of one mode or of both. */
  readonly last: (mode?: SweepMode) => Promise<VolumeSweep | undefined>;
  /** In the place of the last one of its mode. */
  readonly put: (sweep: VolumeSweep) => Promise<void>;
}
