/**
 * Which objects may go, and how nobody loses one that a publisher counts on. An object is needed while a release that is neither
 * ABORTED nor REJECTED has it. Both sides write first and look second, so one of them always sees the other (Dekker's rule):
 *
 *   publisher  stages the release          → reads its tree → sees that an object is not doomed, then that it is there → seals
 *   sweeper    dooms the object, in a table → reads all releases and their trees → removes it, or spares it → lifts the doom
 *
 * A publisher that meets a doom waits for its end and looks again. A sweeper may die anywhere: when it is surely dead its dooms
 * count for nobody. A tree that cannot be read needs everything: what it has is not known, and nothing is removed. But a release
 * that is STAGING need not have its documents yet. Whoever seals it has yet to read them and to look after that, at what they
 * name, so a sweeper that did not find them, and sees after that that it is STAGING still, need not mind what they will say.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release, ReleaseState } from './release.ts';

/** No younger object is doomed. Safety does not depend on it: it saves publishers from waiting for what they just put. */
export const YOUNG_MS = 172_800_000;
/** Longer than any function lives, with its last request: after this whoever doomed an object cannot remove it any more. */
export const DOOM_MS = 1_200_000;
/** Before the end of its dooms, a sweeper sends no more requests to remove: clocks differ, and a request may be long under way. */
const LAST_REQUESTS_MS = 300_000;

/** The 256 beginnings of a hash. Objects are listed, and dooms kept, by these. */
export const HASH_PREFIXES: readonly string[] = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'));

const GONE: readonly ReleaseState[] = ['ABORTED', 'REJECTED'];

/** Whether what the release has is needed. A pin keeps no content that was never good. */
export const needsObjects = ({ state }: Pick<Release, 'state'>): boolean => !GONE.includes(state);

export const isOldEnough = (storedMs: EpochMs, nowMs: EpochMs): boolean => nowMs - storedMs >= YOUNG_MS;

/** Whether a doom counts for nobody any more, and another sweeper may take it over. */
export const isAbandoned = (doomedMs: EpochMs, nowMs: EpochMs): boolean => nowMs - doomedMs >= DOOM_MS;

/** Whether whoever doomed an object may still remove it. */
export const mayStillRemove = (doomedMs: EpochMs, nowMs: EpochMs): boolean => nowMs - doomedMs < DOOM_MS - LAST_REQUESTS_MS;

/** A sweep of all objects costs a request for every thousand of them; an object that nobody needs may lie there for a day. */
const SWEEP_EVERY_MS = 82_800_000;

/** How the last sweep of all objects went; absent times did not come yet. */
export interface LastSweep {
  readonly startedMs: EpochMs;
  readonly endedMs?: EpochMs;
  readonly problem?: string;
}

/** Whether another sweep begins at the next look. One that a problem ended is repeated at once, in case somebody mended it. */
export const isSweepDue = ({ startedMs, problem }: LastSweep, nowMs: EpochMs): boolean =>
  problem !== undefined || nowMs - startedMs >= SWEEP_EVERY_MS;

export type ObjectStanding =
  /** To be put. */
  | 'missing'
  /** It stays, as long as the release that was staged before asking does. */
  | 'usable'
  /** Doomed: it goes or stays within DOOM_MS, and is to be looked at again. */
  | 'wait';

/** What a publisher is told of an object; only after its release was staged. */
export const objectStanding = (isStored: boolean, isDoomed: boolean): ObjectStanding => {
  if (isDoomed) return 'wait';
  return isStored ? 'usable' : 'missing';
};
