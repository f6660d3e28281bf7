import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import { entryProblem } from '#domain/volume/tree-of.ts';
import { treeOrder } from '#domain/volume/tree-order.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { count, hex64, nonEmpty } from '../fields.ts';
import { parseJson } from '../parse-json.ts';

/**
 * A tree is stored as shards and a root, all of them lines of JSON in UTF-8, and each has one spelling only: what is read is
 * printed again and must come out the same, so equal trees have equal hashes.
 *
 *   root    {"format":"mirrortide-tree","version":1,"files":2,"bytes":12}
 *           ["first path of the shard",files,bytes,"sha256 of the shard"]
 *   shard   ["path",size,"sha256"]  or, for a file that may be run, ["path",size,"sha256","x"]
 *
 * They are not packed: the hash would then depend on the packer.
 */
export interface ShardReference {
  readonly first: string;
  readonly files: number;
  readonly bytes: number;
  readonly sha256: Sha256;
}

export interface TreeRoot {
  readonly files: number;
  readonly bytes: number;
  /** In the order of their first paths; none is empty. */
  readonly shards: readonly ShardReference[];
}

export const TREE_FORMAT = 'mirrortide-tree';
/** Of the shards' own ceiling and the longest line. */
export const MOST_SHARD_BYTES = 2 * 2 ** 20;
/** A hundred million files. */
export const MOST_ROOT_BYTES = 32 * 2 ** 20;

const header = v.strictObject({ format: v.literal(TREE_FORMAT), version: v.literal(1), files: count, bytes: count });
const reference = v.strictTuple([nonEmpty, count, count, hex64]);
const line = v.union([v.strictTuple([nonEmpty, count, hex64]), v.strictTuple([nonEmpty, count, hex64, v.literal('x')])]);

export const entryLine = ({ path, sizeBytes, sha256, mode }: TreeEntry): string =>
  `${JSON.stringify(mode === 'executable' ? [path, sizeBytes, sha256, 'x'] : [path, sizeBytes, sha256])}\n`;

export const printRoot = ({ files, bytes, shards }: TreeRoot): string => {
  const first = JSON.stringify({ format: TREE_FORMAT, version: 1, files, bytes });
  return [first, ...shards.map((shard) => JSON.stringify([shard.first, shard.files, shard.bytes, shard.sha256]))]
    .map((text) => `${text}\n`)
    .join('');
};

const linesOf = (bytes: Uint8Array, most: number, what: string): readonly string[] => {
  if (bytes.length > most) throw new WireError(`${what} is larger than ${most} bytes`);
  const lines = decodeText(bytes, what).split('\n');
  if (lines.pop() !== '') throw new WireError(`${what} does not end with a line's end`);
  return lines;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const parseRoot = (document: Uint8Array): TreeRoot => {
  const [top = '', ...rest] = linesOf(document, MOST_ROOT_BYTES, 'the root of a tree');
  const { files, bytes } = parseJson(header, top, 'the root of a tree');
  const shards = rest.map((text): ShardReference => {
    const [first, shardFiles, shardBytes, sha256] = parseJson(reference, text, 'a shard in the root of a tree');
    return { first, files: shardFiles, bytes: shardBytes, sha256 };
  });
  const root = { files, bytes, shards };
  if (sum(shards.map((shard) => shard.files)) !== files) throw new WireError('the root of a tree has another number of files');
  if (sum(shards.map((shard) => shard.bytes)) !== bytes) throw new WireError('the root of a tree has another number of bytes');
  if (shards.some(({ first }, at) => at > 0 && first <= (shards[at - 1]?.first ?? '')))
    throw new WireError('the shards of a tree are not in order');
  if (printRoot(root) !== decodeText(document, 'the root of a tree'))
    throw new WireError('the root of a tree is spelt otherwise');
  return root;
};

/** Entries of one shard, in order. That the shards of one tree fit together shows when the tree is printed again. */
export const parseShard = (document: Uint8Array): readonly TreeEntry[] => {
  const next = treeOrder();
  return linesOf(document, MOST_SHARD_BYTES, 'a shard').map((text) => {
    const [path, sizeBytes, sha256, run] = parseJson(line, text, 'an entry of a shard');
    const entry: TreeEntry = { path, sizeBytes, sha256, mode: run === 'x' ? 'executable' : 'file' };
    const problem = next(path) ?? entryProblem(entry);
    if (problem !== undefined) throw new WireError(`an entry of a shard: ${problem}`);
    if (entryLine(entry) !== `${text}\n`) throw new WireError('an entry of a shard is spelt otherwise');
    return entry;
  });
};
