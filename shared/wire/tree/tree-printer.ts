import { WireError } from '#domain/errors.ts';
import { endsShard } from '#domain/volume/shard-end.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import { entryProblem } from '#domain/volume/tree-of.ts';
import { treeOrder } from '#domain/volume/tree-order.ts';
import { entryLine, printRoot, type ShardReference, type TreeRoot } from './tree-document.ts';

export interface PrintedShard {
  readonly reference: ShardReference;
  readonly document: Uint8Array;
}

export interface PrintedTree {
  readonly root: TreeRoot;
  readonly document: Uint8Array;
  /** The tree's identity. */
  readonly sha256: Sha256;
}

export interface TreePrinter {
  /** Takes the next entry; gives a shard when this one ends it. Throws WireError for an entry that cannot follow. */
  readonly add: (entry: TreeEntry) => PrintedShard | undefined;
  /** The last shard, if there is anything in it. */
  readonly rest: () => PrintedShard | undefined;
  /** After `rest`. */
  readonly root: () => PrintedTree;
}

type Hash = (bytes: Uint8Array) => Sha256;

/** Prints a tree whose entries come in order, one shard in memory at a time. */
export const treePrinter = (hash: Hash): TreePrinter => {
  const encoder = new TextEncoder();
  const next = treeOrder();
  const shards: ShardReference[] = [];
  let [lines, first, lineUnits, bytes]: [string[], string, number, number] = [[], '', 0, 0];

  const cut = (): PrintedShard => {
    const document = encoder.encode(lines.join(''));
    const reference = { first, files: lines.length, bytes, sha256: hash(document) };
    shards.push(reference);
    [lines, first, lineUnits, bytes] = [[], '', 0, 0];
    return { reference, document };
  };

  return {
    add: (entry) => {
      const problem = next(entry.path) ?? entryProblem(entry);
      if (problem !== undefined) throw new WireError(`${JSON.stringify(entry.path)}: ${problem}`);
      if (lines.length === 0) first = entry.path;
      const text = entryLine(entry);
      lines.push(text);
      lineUnits += text.length;
      bytes += entry.sizeBytes;
      return endsShard(entry.path, lines.length, lineUnits) ? cut() : undefined;
    },
    rest: () => (lines.length === 0 ? undefined : cut()),
    root: () => {
      const root: TreeRoot = {
        files: shards.reduce((sum, shard) => sum + shard.files, 0),
        bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0),
        shards,
      };
      const document = encoder.encode(printRoot(root));
      return { root, document, sha256: hash(document) };
    },
  };
};

/** All of a small tree at once. */
export const printTree = (
  entries: Iterable<TreeEntry>,
  hash: Hash,
): PrintedTree & { readonly shards: readonly PrintedShard[] } => {
  const printer = treePrinter(hash);
  const shards: PrintedShard[] = [];
  for (const entry of entries) {
    const shard = printer.add(entry);
    if (shard !== undefined) shards.push(shard);
  }
  const rest = printer.rest();
  if (rest !== undefined) shards.push(rest);
  return { ...printer.root(), shards };
};
