import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { TreeRoot } from '#wire/tree/tree-document.ts';
import type { PrintedTree } from '#wire/tree/tree-printer.ts';
import type { WantedObject } from '../transfer/put-object.ts';
import type { DocumentFolder } from '../trees/document-folder.ts';
import { type HashSet, hashSet } from '../trees/hash-set.ts';
import { differingShards, treeChanges } from '../trees/tree-changes.ts';

export interface UploadPlan {
  /** Against the current release. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** What the current release does not have: files, and documents of the tree. */
  readonly objects: number;
  readonly bytes: number;
  /** Each object once, the documents last. */
  readonly wanted: () => AsyncGenerator<WantedObject>;
  /** All that the current release has was found in its shards; else some may be asked for that it has. */
  readonly isExact: boolean;
}

export interface PlannedTree {
  readonly tree: PrintedTree;
  readonly before: TreeRoot;
  readonly documents: DocumentFolder;
  /** Where the bytes of an entry are on this machine. */
  readonly fileOf: (entry: TreeEntry) => string;
}

/** What the shards have that will go from the current tree: a file that moved is among these, and is stored already. */
const hashesIn = async (shards: TreeRoot['shards'], read: DocumentFolder['readShard']): Promise<HashSet> => {
  const known = hashSet();
  for (const shard of shards) for (const { sha256 } of await read(shard)) known.add(sha256);
  return known;
};

/** Compares a tree with the current one, shard by shard; equal ones are not looked into. */
export const uploadPlan = async ({ tree, before, documents, fileOf }: PlannedTree): Promise<UploadPlan> => {
  const differing = differingShards(before, tree.root);
  const known = await hashesIn(differing.before, documents.readShard);
  const sides = [differing.before, differing.after].map((shards) => ({ shards, read: documents.readShard }));

  async function* changes() {
    const [olds, news] = sides;
    if (olds !== undefined && news !== undefined) yield* treeChanges(olds, news);
  }

  const documentObject = (sha256: Sha256, sizeBytes: number, name: string): WantedObject => ({
    sha256,
    sizeBytes,
    name,
    file: documents.fileOf(sha256),
  });

  async function* wanted(): AsyncGenerator<WantedObject> {
    const seen = hashSet();
    for await (const change of changes()) {
      if (change.kind === 'removed') continue;
      const { sha256, sizeBytes, path } = change.after;
      if (!known.has(sha256) && seen.add(sha256)) yield { sha256, sizeBytes, name: path, file: fileOf(change.after) };
    }
    for (const { sha256 } of differing.after) {
      const document = await documents.read(sha256);
      yield documentObject(sha256, document.length, 'a shard of the tree');
    }
    yield documentObject(tree.sha256, tree.document.length, 'the root of the tree');
  }

  const counts = { added: 0, changed: 0, removed: 0, objects: 0, bytes: 0 };
  for await (const { kind } of changes()) counts[kind] += 1;
  for await (const { sizeBytes } of wanted()) {
    counts.objects += 1;
    counts.bytes += sizeBytes;
  }
  return { ...counts, wanted, isExact: known.isComplete() };
};
