/**
 * Which objects may go, and how nobody loses one that a publisher counts on. An object is needed while a release that is neither
 * ABORTED nor REJECTED has it. Both sides write first and look second, so one of them always sees the other (Dekker's rule):
 *
 *   publisher  stages the release          → looks whether an object is there and not doomed → seals
 *   sweeper    dooms the object, in a table → looks at all releases → removes it, or spares it → lifts the doom
 *
 * A publisher that meets a doom waits for its end and looks again. A sweeper may die anywhere; another takes over its dooms when
 * it is surely dead. A tree that cannot be read needs everything: what it has is not known, and nothing is removed.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release, ReleaseState } from './release.ts';
import type { Sha256 } from './tree.ts';

/** No younger object is doomed. Safety does not depend on it: it saves publishers from waiting for what they just put. */
export const YOUNG_MS = 172_800_000;
/** Longer than any function lives, with its last request: after this whoever doomed an object cannot remove it any more. */
export const DOOM_MS = 1_200_000;

const GONE: readonly ReleaseState[] = ['ABORTED', 'REJECTED'];

/** Whether what the release has is needed. A pin keeps no content that was never good. */
export const needsObjects = ({ state }: Pick<Release, 'state'>): boolean => !GONE.includes(state);

/** The trees that a sweeper must read after it doomed an object. */
export const neededRoots = (releases: readonly Release[]): readonly Sha256[] =>
  releases.filter(needsObjects).map(({ root }) => root);

export const isOldEnough = (storedMs: EpochMs, nowMs: EpochMs): boolean => nowMs - storedMs >= YOUNG_MS;

/** Whether somebody else's doom may be taken over. */
export const isAbandoned = (doomedMs: EpochMs, nowMs: EpochMs): boolean => nowMs - doomedMs >= DOOM_MS;

export type ObjectStanding =
  /** To be put. */
  | 'missing'
  /** It stays, as long as the release that was staged before asking does. */
  | 'usable'
  /** Doomed: it goes or stays within DOOM_MS, and is to be asked for again. */
  | 'wait';

/** What a publisher is told of an object; only after its release was staged. */
export const objectStanding = (isStored: boolean, isDoomed: boolean): ObjectStanding => {
  if (isDoomed) return 'wait';
  return isStored ? 'usable' : 'missing';
};
