import type { ShardReference, TreeRoot } from './tree-document.ts';

/** Index of the last shard whose first path is not after `path`; -1 when there is none. */
const shardAt = (shards: readonly ShardReference[], path: string): number => {
  let [low, high] = [0, shards.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((shards[middle]?.first ?? '') <= path) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

/** The only shard that can have the path. */
export const shardOf = ({ shards }: TreeRoot, path: string): ShardReference | undefined => shards[shardAt(shards, path)];

/** The shards that can have paths beginning so, in order. `prefix` ends with a slash, or is empty for all. */
export const shardsBelow = ({ shards }: TreeRoot, prefix: string): readonly ShardReference[] => {
  const from = Math.max(shardAt(shards, prefix), 0);
  const below = shards.slice(from);
  const end = below.findIndex(({ first }, at) => at > 0 && first > prefix && !first.startsWith(prefix));
  return end === -1 ? below : below.slice(0, end);
};
