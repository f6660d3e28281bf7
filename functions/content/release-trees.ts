/**
 * Looks into trees. Their documents are named by their hashes and never change, so those that were read are kept until others need
 * the room. A file is one shard away; a directory reads the shards in which something of its own begins, and none of those that are
 * all of one folder inside it.
 */
import { type ByteCache, byteCache } from '#domain/byte-cache.ts';
import { MOST_ROWS } from '#domain/content/directory.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { readRoot, readShard } from '#wire/tree/open-tree.ts';
import { shardOf, shardsBelow } from '#wire/tree/shards-of.ts';
import type { ShardReference, TreeRoot } from '#wire/tree/tree-document.ts';

/** Each file that is directly in a folder, and the first one below each folder in it. */
export interface FolderEntries {
  /** In order. */
  readonly entries: readonly TreeEntry[];
  readonly isCut: boolean;
}

export interface ReleaseTrees {
  entry(root: Sha256, path: string): Promise<TreeEntry | undefined>;
  /** `folder` is empty, or ends with a slash. */
  folder(root: Sha256, folder: string): Promise<FolderEntries>;
  hasFolder(root: Sha256, folder: string): Promise<boolean>;
}

const KEPT_BYTES = 67_108_864;
/** What a document takes when it is parsed, to what it takes in the store. */
const PARSED_SIZE = 3;
/** Of one folder; a client waits for each. */
const MOST_SHARDS = 100;

type ReadObject = VolumeObjects['read'];
type Parse<Document> = (read: ReadObject) => Promise<Document>;

/** Each document is read once at a time. */
const documents = <Document>(read: ReadObject, kept: ByteCache<Document>) => {
  const loading = new Map<Sha256, Promise<Document>>();
  const load = async (sha256: Sha256, parse: Parse<Document>): Promise<Document> => {
    let sizeBytes = 0;
    try {
      const document = await parse(async (hash, maximumBytes) => {
        const bytes = await read(hash, maximumBytes);
        sizeBytes = bytes?.length ?? 0;
        return bytes;
      });
      kept.set(sha256, document, sizeBytes * PARSED_SIZE);
      return document;
    } finally {
      loading.delete(sha256);
    }
  };
  return (sha256: Sha256, parse: Parse<Document>): Promise<Document> => {
    const known = kept.get(sha256);
    if (known !== undefined) return Promise.resolve(known);
    const started = loading.get(sha256) ?? load(sha256, parse);
    loading.set(sha256, started);
    return started;
  };
};

/** Index of the first entry whose path is not before `path`. */
const firstFrom = (entries: readonly TreeEntry[], path: string): number => {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Of one shard, from `after`; gives the path before which nothing more is of interest. */
const take = (entries: readonly TreeEntry[], folder: string, after: string, taken: TreeEntry[]): string => {
  let next = after;
  for (let at = firstFrom(entries, next); at < entries.length; at = Math.max(at + 1, firstFrom(entries, next))) {
    const entry = entries[at];
    if (entry === undefined || !entry.path.startsWith(folder)) break;
    taken.push(entry);
    const slash = entry.path.indexOf('/', folder.length);
    // `0` is what follows the slash in the order of paths.
    if (slash !== -1) next = `${entry.path.slice(0, slash)}0`;
  }
  return next;
};

export const releaseTrees = (read: ReadObject): ReleaseTrees => {
  const roots = documents<TreeRoot>(read, byteCache(KEPT_BYTES / 2));
  const shards = documents<readonly TreeEntry[]>(read, byteCache(KEPT_BYTES / 2));
  const rootOf = (root: Sha256): Promise<TreeRoot> => roots(root, (reading) => readRoot(reading, root));
  const entriesOf = (shard: ShardReference): Promise<readonly TreeEntry[]> =>
    shards(shard.sha256, (reading) => readShard(reading, shard));

  return {
    entry: async (root, path) => {
      const shard = shardOf(await rootOf(root), path);
      if (shard === undefined) return undefined;
      const entries = await entriesOf(shard);
      const found = entries[firstFrom(entries, path)];
      return found?.path === path ? found : undefined;
    },

    folder: async (root, folder) => {
      const below = shardsBelow(await rootOf(root), folder);
      const entries: TreeEntry[] = [];
      let [after, reads] = [folder, 0];
      for (const [at, shard] of below.entries()) {
        const following = below[at + 1];
        if (following !== undefined && following.first <= after) continue;
        if (reads === MOST_SHARDS || entries.length > MOST_ROWS) return { entries, isCut: true };
        reads += 1;
        after = take(await entriesOf(shard), folder, after, entries);
      }
      return { entries, isCut: false };
    },

    hasFolder: async (root, folder) => {
      for (const shard of shardsBelow(await rootOf(root), folder).slice(0, 2)) {
        const entries = await entriesOf(shard);
        if (entries[firstFrom(entries, folder)]?.path.startsWith(folder) === true) return true;
      }
      return false;
    },
  };
};
