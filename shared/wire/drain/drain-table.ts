import type { GroupKey, PairKey } from '#domain/drain/drain-state.ts';

/**
 * The table of drains. A category's pairs and groups share a partition, so that a publisher reads all of it at once.
 *
 *   pk               sk           what
 *   C#CATEGORY       P#HOST       one host's synchronisation
 *   C#CATEGORY       G#GROUP      hosts in service and hosts away, as sets
 *   E#CATEGORY#HOST  000000000042 history: the write that made version 42
 */
export interface DrainItemKey {
  readonly pk: string;
  readonly sk: string;
}

export const PAIR_PREFIX = 'P#';
export const GROUP_PREFIX = 'G#';
const VERSION_DIGITS = 12;

export const categoryPartition = (category: string): string => `C#${category}`;
export const pairItemKey = ({ host, category }: PairKey): DrainItemKey => ({
  pk: categoryPartition(category),
  sk: `${PAIR_PREFIX}${host}`,
});
export const groupItemKey = (category: string, key: GroupKey): DrainItemKey => ({
  pk: categoryPartition(category),
  sk: `${GROUP_PREFIX}${key}`,
});
/** Ids of categories and hosts have no `#`. */
export const historyPartition = ({ host, category }: PairKey): string => `E#${category}#${host}`;
export const versionText = (version: number): string => String(version).padStart(VERSION_DIGITS, '0');
