import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { TreeRoot } from '#wire/tree/tree-document.ts';
import type { PrintedTree } from '#wire/tree/tree-printer.ts';
import { linesOfFile } from '../lines-of-file.ts';
import type { WantedObject } from '../transfer/put-object.ts';
import type { DocumentFolder } from '../trees/document-folder.ts';
import { type HashSet, hashSet } from '../trees/hash-set.ts';
import { differingShards, treeChanges } from '../trees/tree-changes.ts';

export interface UploadPlan {
  /** Against the current release. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** What the current release does not have: documents of the tree, and files. */
  readonly objects: number;
  readonly bytes: number;
  readonly documents: readonly WantedObject[];
  /** Each content once. */
  readonly files: () => AsyncGenerator<WantedObject>;
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

type Differing = ReturnType<typeof differingShards>;

/** What the shards have that will go from the current tree: a file that moved is among these, and is stored already. */
const hashesIn = async (shards: TreeRoot['shards'], read: DocumentFolder['readShard']): Promise<HashSet> => {
  const known = hashSet();
  for (const shard of shards) for (const { sha256 } of await read(shard)) known.add(sha256);
  return known;
};

/** The shards that are new, and the root. */
const newDocuments = ({ tree, documents }: PlannedTree, { after }: Differing): readonly WantedObject[] => {
  const wanted = (sha256: Sha256, name: string): WantedObject => {
    const file = documents.fileOf(sha256);
    return { sha256, sizeBytes: statSync(file).size, name, file };
  };
  return [...after.map(({ sha256 }) => wanted(sha256, 'a shard of the tree')), wanted(tree.sha256, 'the root of the tree')];
};

/** Tells `want` of every file that is to be stored; counts what changed. */
const compare = async (
  { documents, fileOf }: PlannedTree,
  differing: Differing,
  known: HashSet,
  want: (object: WantedObject) => void,
) => {
  const counts = { added: 0, changed: 0, removed: 0 };
  const seen = hashSet();
  const [olds, news] = [differing.before, differing.after].map((shards) => ({ shards, read: documents.readShard }));
  if (olds === undefined || news === undefined) return counts;
  for await (const change of treeChanges(olds, news)) {
    counts[change.kind] += 1;
    if (change.kind === 'removed') continue;
    const { sha256, sizeBytes, path } = change.after;
    if (!known.has(sha256) && seen.add(sha256)) want({ sha256, sizeBytes, name: path, file: fileOf(change.after) });
  }
  return counts;
};

/** Compares a tree with the current one, shard by shard; equal ones are not looked into. Files that are to be stored wait in a file. */
export const uploadPlan = async (planned: PlannedTree, temporary: string): Promise<UploadPlan> => {
  const differing = differingShards(planned.before, planned.tree.root);
  const known = await hashesIn(differing.before, planned.documents.readShard);
  const file = join(temporary, 'wanted');
  const descriptor = openSync(file, 'w');
  const documents = newDocuments(planned, differing);
  let objects = documents.length;
  let bytes = documents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const want = (object: WantedObject): void => {
    writeSync(descriptor, `${JSON.stringify(object)}\n`);
    objects += 1;
    bytes += object.sizeBytes;
  };
  try {
    const counts = await compare(planned, differing, known, want);
    return { ...counts, objects, bytes, documents, files: () => wantedIn(file), isExact: known.isComplete() };
  } finally {
    closeSync(descriptor);
  }
};

async function* wantedIn(file: string): AsyncGenerator<WantedObject> {
  for await (const line of linesOfFile(file)) yield JSON.parse(line) as WantedObject;
}
