/**
 * What is remembered of a volume's upstream between two runs: when it was looked at, which state of it was seen, what became of
 * that state. A run that ends well has either copied the state or found that nothing changed; only then the volume is as fresh as
 * its upstream. How a run ended stands here in a word, for people and for the next run.
 */
import type { EpochMs } from '../../inventory/inventory.ts';
import type { Sha256 } from '../tree.ts';
import type { VolumeId } from '../volume.ts';

export const UPDATE_ENDS = [
  /** Upstream is as it was, and current is what was copied from it. */
  'unchanged',
  /** A new release is current. */
  'released',
  /** A new release is good and waits for a releaser, as the volume wants it. */
  'validated',
  /** All of a new release is stored; it is being checked. */
  'sealing',
  /** The time was over; the next run goes on. */
  'paused',
  /** An operator holds the volume. */
  'held',
  /** Somebody else is publishing, or removes what was needed by nobody. */
  'busy',
  /** Somebody else took over meanwhile. */
  'lost',
  /** What upstream says of itself is not so: a file is missing, is another, or has no place in a tree. */
  'upstream_broken',
  /** Upstream does not answer, or not in time. */
  'upstream_unreachable',
  /** Upstream changed whenever it was read. */
  'upstream_moving',
  /** A limit of the volume speaks against it, so nothing was copied. */
  'guarded',
  /** The validator found it not good enough. */
  'rejected',
  /** Somebody, or the check, ended the release before it was released. */
  'aborted',
] as const;
export type UpdateEnd = (typeof UPDATE_ENDS)[number];

const GOOD: ReadonlySet<UpdateEnd> = new Set(['unchanged', 'released', 'validated', 'sealing']);
const FAILED: ReadonlySet<UpdateEnd> = new Set([
  'upstream_broken',
  'upstream_unreachable',
  'upstream_moving',
  'guarded',
  'rejected',
  'aborted',
]);

/** The run saw all of upstream, and nothing is wrong with it. */
export const isGoodEnd = (end: UpdateEnd): boolean => GOOD.has(end);
/** Somebody should look at it, if it goes on. */
export const isFailedEnd = (end: UpdateEnd): boolean => FAILED.has(end);

/** A file that changes whenever anything upstream does, as it was read. */
export interface UpstreamHead {
  readonly path: string;
  readonly sha256: Sha256;
  /** What upstream calls this state of it, to ask whether it changed. */
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface UpstreamCheck {
  readonly volume: VolumeId;
  /** When the latest run began that asked upstream, whatever came of it. */
  readonly startedMs: EpochMs;
  readonly end: UpdateEnd;
  /** For people: what is wrong, with the path. */
  readonly problem?: string;
  /** Runs that failed in a row. */
  readonly failures: number;
  /** When a run last ended well: how fresh the volume is known to be. */
  readonly checkedMs?: EpochMs;
  /** When upstream was last found to be other than before. */
  readonly changedMs?: EpochMs;
  /** When a release of an update last became current. */
  readonly releasedMs?: EpochMs;
  /** Upstream wants to be left alone until then. */
  readonly notBeforeMs?: EpochMs;
  /** Hash of what was declared of upstream when it was last looked at: what is to be copied, and from where. */
  readonly source?: string;
  /** Upstream's heads, of the state that `root` was made of. */
  readonly heads: readonly UpstreamHead[];
  /** The tree that was made of that state; what became of it is in the volume's releases. */
  readonly root?: Sha256;
  /** When its check was last asked for. */
  readonly askedMs?: EpochMs;
}

/** Of a volume whose upstream nobody looked at. */
export const noCheck = (volume: VolumeId): UpstreamCheck => ({
  volume,
  startedMs: 0,
  end: 'unchanged',
  failures: 0,
  heads: [],
});
