/**
 * A release is an immutable tree with a history. It becomes visible only by way of SEALED (all of it is stored) and VALIDATED (its
 * type's validator and the guards found nothing wrong), so "release only on success" is a property of the states and not of a
 * script. Its identity is the hash of its tree's root document: the same content is the same release, however often it is
 * published. A superseded release was good once and can be made current again; a rejected or aborted one never was.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Sha256 } from './tree.ts';
import type { VolumeId, VolumeType } from './volume.ts';

export const RELEASE_STATES = ['STAGING', 'SEALED', 'VALIDATED', 'CURRENT', 'SUPERSEDED', 'ABORTED', 'REJECTED'] as const;
export type ReleaseState = (typeof RELEASE_STATES)[number];

/** Why a release is not good enough; an empty path is the release as a whole. */
export interface ReleaseProblem {
  readonly path: string;
  readonly message: string;
}

export interface Release {
  readonly volume: VolumeId;
  /** Counts the releases of a volume, from 1. */
  readonly sequence: number;
  /** Hash of the tree's root document. */
  readonly root: Sha256;
  readonly state: ReleaseState;
  /** What was current when it was staged, and must still be when it becomes current. */
  readonly parent?: Sha256;
  readonly files: number;
  readonly bytes: number;
  readonly createdMs: EpochMs;
  readonly createdBy: string;
  /** As what its volume was when it was found good; a volume may be declared as another type later. */
  readonly validatedAs?: VolumeType;
  /** Of a rejected one; at most 100. */
  readonly problems?: readonly ReleaseProblem[];
  /** When the state was entered; a superseded release is kept for its volume's grace from then on. */
  readonly sinceMs: EpochMs;
  /** Kept until somebody unpins it. */
  readonly pinned: boolean;
}

const COMPLETE: readonly ReleaseState[] = ['SEALED', 'VALIDATED', 'CURRENT', 'SUPERSEDED'];

/** All of it is stored, and none of it goes while that is its state. */
export const isComplete = ({ state }: Pick<Release, 'state'>): boolean => COMPLETE.includes(state);

/** Validators stop here: whoever publishes needs the first few, not a million lines about the same mistake. */
export const MOST_PROBLEMS = 100;
