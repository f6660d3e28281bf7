/**
 * What changes about a volume, and what a decision wants written. Readers follow `current` and nothing else. Every decision about
 * a volume or one of its releases raises the pointer's version, so that whoever decides sees one moment of all of it and two who
 * decide at once come one after the other. Besides, the release that becomes current must be in the state that the decision saw:
 * a release that was never validated cannot be named, whatever a decision believed.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release, ReleaseState } from './release.ts';
import type { TransitionName } from './release-transitions.ts';
import type { Sha256 } from './tree.ts';
import type { VolumeId } from './volume.ts';

export interface VolumeHold {
  readonly by: string;
  readonly reason: string;
  readonly atMs: EpochMs;
}

/** The right of one publisher to publish, so that a slow run and its successor do not undo each other. */
export interface PublishLease {
  readonly by: string;
  readonly untilMs: EpochMs;
}

export interface VolumePointer {
  readonly volume: VolumeId;
  /** Counts decisions; 0: none yet. */
  readonly version: number;
  /** Counts moves of `current`, back or forth. */
  readonly moves: number;
  readonly movedMs: EpochMs | undefined;
  readonly current: Sha256 | undefined;
  /** What a rollback goes to unless told otherwise: what was current before, and after a rollback what was before that one. */
  readonly previous: Sha256 | undefined;
  /** While set, nothing but a rollback moves the pointer. */
  readonly hold: VolumeHold | undefined;
  /** Only grows; the latest publisher's. */
  readonly fence: number;
  readonly lease: PublishLease | undefined;
  /** Sequence of the newest release. */
  readonly releases: number;
}

/** One entry of a volume's log: the decision that made `version`. */
export interface VolumeEvent {
  readonly volume: VolumeId;
  readonly version: number;
  readonly transition: TransitionName;
  readonly release: Sha256 | undefined;
  /** What was current until then, where it moved: what to go back to. */
  readonly before: Sha256 | undefined;
  readonly by: string;
  readonly atMs: EpochMs;
  readonly reason: string | undefined;
  readonly writeId: string;
}

export interface ReleaseWrite {
  /** Must still be so when it is written. */
  readonly from: ReleaseState | 'none';
  readonly next: Release;
}

export interface VolumeChange {
  /** Version of the pointer that this was decided from. */
  readonly seen: number;
  readonly next: VolumePointer;
  readonly releases: readonly ReleaseWrite[];
  readonly event: VolumeEvent;
}

export type Refusal =
  | { readonly kind: 'unknown-release' }
  /** The release is not in a state for that. */
  | { readonly kind: 'wrong-state'; readonly state: ReleaseState }
  | { readonly kind: 'held'; readonly hold: VolumeHold }
  /** Something else is current than whoever asks expects. */
  | { readonly kind: 'moved'; readonly current: Sha256 | undefined; readonly expected: Sha256 | undefined }
  /** Somebody else has the right to publish. */
  | { readonly kind: 'leased'; readonly lease: PublishLease }
  /** The right to publish is over, or somebody else's by now. */
  | { readonly kind: 'fenced'; readonly fence: number }
  | { readonly kind: 'kept'; readonly reason: string };

export type VolumeDecision =
  | { readonly kind: 'change'; readonly change: VolumeChange }
  /** It is so already. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export const newPointer = (volume: VolumeId): VolumePointer => ({
  volume,
  version: 0,
  moves: 0,
  movedMs: undefined,
  current: undefined,
  previous: undefined,
  hold: undefined,
  fence: 0,
  lease: undefined,
  releases: 0,
});
