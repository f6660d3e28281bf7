import type { DrainChange, DrainEvent } from '#domain/drain/drain-change.ts';
import type { DrainGroup, GroupKey, PairKey, SyncPair } from '#domain/drain/drain-state.ts';
import type { GroupEdit } from '#domain/drain/membership.ts';
import type { CategoryId } from '#domain/inventory/inventory.ts';

export type DrainWrite =
  /** The pair is as the change wanted it, by this call or by an earlier try of it. */
  | { readonly kind: 'written' }
  /** A condition was false, or other writes were in the way: decide anew from what is there now. */
  | { readonly kind: 'refused' };

/** A pair and its groups as they are now. */
export interface DrainNow {
  readonly pair: SyncPair | undefined;
  readonly groups: readonly DrainGroup[];
}

export type DecideChange = (now: DrainNow) => Promise<DrainChange | undefined> | DrainChange | undefined;

/** The pair as it is afterwards; `change`: what was written. */
export interface Changed {
  readonly pair: SyncPair | undefined;
  readonly change: DrainChange | undefined;
}

/** What hosts do while they synchronise, and the groups that bound it. Reads are strongly consistent. */
export interface DrainStore {
  pair(key: PairKey): Promise<SyncPair | undefined>;
  /** In the order of the keys; a group without an item is empty. */
  groupsOf(category: CategoryId, keys: readonly GroupKey[]): Promise<readonly DrainGroup[]>;
  /** Every pair of a category that anything was ever stored of, in host order. */
  pairs(category: CategoryId): Promise<readonly SyncPair[]>;
  /** Every group of a category that has an item. */
  groups(category: CategoryId): Promise<readonly DrainGroup[]>;
  /**
   * Reads the pair and groups, decides, writes, and decides anew as often as somebody else was faster. `decide` says undefined when
   * there is nothing to write. Every change needs a `writeId` of its own.
   */
  change(key: PairKey, groups: readonly GroupKey[], decide: DecideChange): Promise<Changed>;
  /** One conditional write, also of several items. Throws Fault when nobody can tell what became of it. */
  write(change: DrainChange): Promise<DrainWrite>;
  /**
   * Adds hosts to those in service, all or as many as fit one transaction after the other, if each of them is in a serving state and no
   * publisher changed these groups since. The edits are of one category.
   */
  admit(edits: readonly GroupEdit[]): Promise<DrainWrite>;
  /** Takes hosts out of those in service, if no publisher changed the group since. */
  expel(edit: GroupEdit): Promise<DrainWrite>;
  /** History of a pair, newest first; `before` is a version. */
  history(key: PairKey, limit: number, before?: number): Promise<readonly DrainEvent[]>;
}
