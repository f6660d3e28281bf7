/**
 * What a decision wants written, as data: the pair as it is to be, and what must hold of the groups. The whole change happens or
 * nothing of it does. Its condition is the version of the pair, and for each group the clauses of the slot: so a host in several
 * groups takes all of its slots or none, and two hosts never take the last one.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { GroupKey, PairKey, StoredState, SyncPair } from './drain-state.ts';
import type { TransitionName } from './transitions.ts';

export type SlotChange =
  /** The host is in service there, more than `minInService` are, fewer than `maxDraining` are away: it moves to those away. */
  | { readonly kind: 'take'; readonly group: GroupKey; readonly minInService: number; readonly maxDraining: number }
  /** Gives the slot back; the host is in service again when a publisher lists it. */
  | { readonly kind: 'give'; readonly group: GroupKey }
  /** Only a condition: the host is not in service there. */
  | { readonly kind: 'not-listed'; readonly group: GroupKey }
  /** Takes the host out of those in service, whatever remains: an operator's order. */
  | { readonly kind: 'leave'; readonly group: GroupKey };

/** One entry of a pair's history. */
export interface DrainEvent extends PairKey {
  readonly version: number;
  readonly fence: number;
  readonly transition: TransitionName;
  readonly from: StoredState | 'none';
  readonly to: StoredState;
  readonly by: string;
  readonly atMs: EpochMs;
  readonly reason: string | undefined;
}

export interface DrainChange {
  readonly transition: TransitionName;
  /** Version of the pair that this was decided from; 0: there was none. */
  readonly seen: number;
  /** Its version is one more. */
  readonly next: SyncPair;
  readonly slots: readonly SlotChange[];
  /** `undefined` for what happens every minute and changes no state. */
  readonly event: DrainEvent | undefined;
}
