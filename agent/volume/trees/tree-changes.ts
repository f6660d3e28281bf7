import { diffTrees, type TreeChange } from '#domain/volume/diff-trees.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { ShardReference, TreeRoot } from '#wire/tree/tree-document.ts';

export type ReadShard = (shard: ShardReference) => Promise<readonly TreeEntry[]>;

/** One of two trees: its shards that the other does not have. */
export interface TreeSide {
  readonly shards: readonly ShardReference[];
  readonly read: ReadShard;
}

/** Shards of each that the other does not have: what is in the others is equal on both sides. */
export const differingShards = (
  before: Pick<TreeRoot, 'shards'>,
  after: Pick<TreeRoot, 'shards'>,
): { readonly before: readonly ShardReference[]; readonly after: readonly ShardReference[] } => {
  const [olds, news] = [before, after].map(({ shards }) => new Set(shards.map(({ sha256 }) => sha256)));
  return {
    before: before.shards.filter(({ sha256 }) => news?.has(sha256) !== true),
    after: after.shards.filter(({ sha256 }) => olds?.has(sha256) !== true),
  };
};

/** Entries of the present shard that were not handed out, and the shards that follow. */
const sideReader = ({ shards, read }: TreeSide) => {
  let entries: readonly TreeEntry[] = [];
  let next = 0;
  return {
    fill: async (): Promise<void> => {
      while (entries.length === 0 && next < shards.length) {
        const shard = shards[next];
        next += 1;
        if (shard !== undefined) entries = await read(shard);
      }
    },
    last: (): string | undefined => entries.at(-1)?.path,
    /** All up to a path; all that are at hand without one. */
    take: (path: string | undefined): readonly TreeEntry[] => {
      const end = path === undefined ? entries.length : entries.findIndex((entry) => entry.path > path);
      const taken = end === -1 ? entries : entries.slice(0, end);
      entries = entries.slice(taken.length);
      return taken;
    },
  };
};

const earlier = (one: string | undefined, other: string | undefined): string | undefined => {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
};

/** What changed from one side to the other, in order, with one shard of each in memory. */
export async function* treeChanges(before: TreeSide, after: TreeSide): AsyncGenerator<TreeChange> {
  const [olds, news] = [sideReader(before), sideReader(after)];
  for (;;) {
    await Promise.all([olds.fill(), news.fill()]);
    const path = earlier(olds.last(), news.last());
    if (path === undefined) return;
    yield* diffTrees(olds.take(path), news.take(path));
  }
}
