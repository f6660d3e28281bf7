/**
 * How a validator sees a tree that is stored but not yet visible to anybody. It reads few files (indexes, and packages where they
 * name themselves) and looks up many, so the entries are at hand and the bytes are not. Bytes that are read are those of the hash
 * in the entry: the store proves that, and a validator need not.
 */
import type { ReleaseProblem } from './release.ts';
import type { TreeEntry } from './tree.ts';

export interface TreeReader {
  readonly entry: (path: string) => TreeEntry | undefined;
  /** In order. */
  readonly paths: () => Iterable<string>;
  /** Undefined when there is no such path or it is larger than `maximumBytes`. Faults of the store are exceptions. */
  readonly read: (path: string, maximumBytes: number) => Promise<Uint8Array | undefined>;
}

/** Empty when the tree is good; at most MOST_PROBLEMS, each naming the path that is wrong. */
export type Validator = (tree: TreeReader) => Promise<readonly ReleaseProblem[]>;
