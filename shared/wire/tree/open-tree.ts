import { WireError } from '#domain/errors.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { MOST_ROOT_BYTES, MOST_SHARD_BYTES, parseRoot, parseShard, type ShardReference, type TreeRoot } from './tree-document.ts';
import { treePrinter } from './tree-printer.ts';

type ReadObject = VolumeObjects['read'];

/** Throws WireError when the root is not there or not one. */
export const readRoot = async (read: ReadObject, root: Sha256): Promise<TreeRoot> => {
  const document = await read(root, MOST_ROOT_BYTES);
  if (document === undefined) throw new WireError(`the root ${root} of a tree is not there`);
  return parseRoot(document);
};

export const readShard = async (read: ReadObject, { sha256 }: ShardReference): Promise<readonly TreeEntry[]> => {
  const document = await read(sha256, MOST_SHARD_BYTES);
  if (document === undefined) throw new WireError(`the shard ${sha256} of a tree is not there`);
  return parseShard(document);
};

/** Entries in order, one shard in memory at a time. */
export async function* readEntries(read: ReadObject, root: TreeRoot): AsyncGenerator<TreeEntry> {
  for (const shard of root.shards) yield* await readShard(read, shard);
}

/**
 * Reads a whole tree that somebody else stored. It is printed again meanwhile: a tree whose shards do not fit together, or are cut
 * elsewhere than they would be, gets another hash and is not accepted under this one. Throws WireError.
 */
export async function* checkedEntries(
  read: ReadObject,
  root: Sha256,
  hash: (bytes: Uint8Array) => Sha256,
): AsyncGenerator<TreeEntry> {
  const printer = treePrinter(hash);
  for await (const entry of readEntries(read, await readRoot(read, root))) {
    printer.add(entry);
    yield entry;
  }
  printer.rest();
  if (printer.root().sha256 !== root) throw new WireError('a tree is not stored as it would be printed');
}

/** A tree for validators: all of its entries at hand, the bytes read when they are asked for. */
export const treeReader = (read: ReadObject, entries: Iterable<TreeEntry>): TreeReader => {
  const byPath = new Map<string, TreeEntry>();
  for (const entry of entries) byPath.set(entry.path, entry);
  return {
    entry: (path) => byPath.get(path),
    paths: () => byPath.keys(),
    read: async (path, maximumBytes) => {
      const entry = byPath.get(path);
      if (entry === undefined || entry.sizeBytes > maximumBytes) return undefined;
      const bytes = await read(entry.sha256, maximumBytes);
      if (bytes === undefined) throw new WireError(`the object of ${path} is not there`);
      return bytes;
    },
  };
};
