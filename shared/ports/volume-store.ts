import type { Release } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import type { VolumeChange, VolumeDecision, VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';

/** Which volume a decision is about, and which release of it if any. */
export interface VolumeAsk {
  readonly volume: VolumeId;
  /** `previous`: the one that the pointer names so, at that moment. */
  readonly release?: Sha256 | 'previous' | undefined;
}

/** One moment of a volume; when it is over, whatever was decided from it is refused. */
export interface VolumeNow {
  readonly pointer: VolumePointer;
  readonly target: Release | undefined;
  readonly current: Release | undefined;
  /** Of this try: goes into the view of the decision. */
  readonly writeId: string;
}

export type VolumeWrite =
  /** All is as the changes wanted it, by this call or by an earlier try of it. */
  | { readonly kind: 'written' }
  /** A condition was false, or other writes were in the way; nothing was written. */
  | { readonly kind: 'refused' };

/** What was decided last, and written if all decisions could be. */
export interface VolumeOutcome {
  readonly now: VolumeNow;
  readonly decision: VolumeDecision;
}

/** Pointers, releases and logs of volumes. Throws Fault when the store does not answer, WireError for items that are not ours. */
export interface VolumeStore {
  /** All of which anything was ever decided, whether the network still declares them or not. Strongly consistent. */
  readonly volumes: () => Promise<readonly VolumeId[]>;
  /** That of a volume of which nothing is known is `newPointer`. Strongly consistent. */
  readonly pointer: (volume: VolumeId) => Promise<VolumePointer>;
  readonly release: (volume: VolumeId, root: Sha256) => Promise<Release | undefined>;
  /** All that are known, newest first. */
  readonly releases: (volume: VolumeId) => Promise<readonly Release[]>;
  /** Newest first; `before` is a version. */
  readonly log: (volume: VolumeId, limit: number, before?: number) => Promise<readonly VolumeEvent[]>;
  /** All of it or nothing; at most MOST_VOLUMES changes of as many volumes. */
  readonly write: (changes: readonly VolumeChange[]) => Promise<VolumeWrite>;
  /**
   * Reads, decides and writes until the decisions were written or leave nothing to write. One that is refused keeps the others
   * from being written.
   */
  readonly change: (
    asks: readonly VolumeAsk[],
    decide: (now: VolumeNow, at: number) => VolumeDecision,
  ) => Promise<readonly VolumeOutcome[]>;
}

/** Released in one write at most: four items each, and a transaction has a hundred. */
export const MOST_VOLUMES = 20;
