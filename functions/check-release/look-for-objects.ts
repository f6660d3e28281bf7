import { allEnded } from '#domain/all-ended.ts';
import { Fault } from '#domain/errors.ts';
import type { ReleaseProblem } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import { untilUndoomed } from '#domain/volume/until-undoomed.ts';
import type { Basis } from './basis.ts';
import type { CheckReleaseDeps } from './check-deps.ts';
import type { StoredTree } from './stored-tree.ts';

/** An object that a release counts on, with a path that it is found at. */
export interface CountedOn {
  readonly sha256: Sha256;
  /** Undefined of documents, whose text was read and is its size. */
  readonly sizeBytes: number | undefined;
  readonly path: string;
}

const LOOKS_AT_ONCE = 50;
/** The time of a function has to do for the rest too; whoever gives up is called again. */
const LONGEST_WAIT_MS = 480_000;

type LookDeps = Pick<CheckReleaseDeps, 'dooms' | 'objects' | 'clock' | 'pause'>;

/** Files and documents of a tree that its basis does not have. An object that a tree has at many paths is one. */
export const objectsToLookFor = ({ sha256, root, entries }: StoredTree, basis: Basis | undefined): readonly CountedOn[] => {
  const documents = [sha256, ...root.shards.map((shard) => shard.sha256)]
    .filter((document) => basis?.hasShard(document) !== true)
    .map((document): CountedOn => ({ sha256: document, sizeBytes: undefined, path: '' }));
  const files = new Map<string, CountedOn>();
  for (const entry of entries) {
    const key = `${entry.sha256} ${entry.sizeBytes}`;
    if (!files.has(key) && basis?.hasObject(entry) !== true) files.set(key, entry);
  }
  return [...documents, ...files.values()];
};

const problemOf = async ({ objects }: LookDeps, { sha256, sizeBytes, path }: CountedOn): Promise<ReleaseProblem | undefined> => {
  const storedBytes = await objects.sizeBytes(sha256);
  if (storedBytes === undefined) return { path, message: path === '' ? `the document ${sha256}` : path };
  if (sizeBytes === undefined || storedBytes === sizeBytes) return undefined;
  return { path, message: `${path} with ${sizeBytes} bytes, its object has ${storedBytes}` };
};

/**
 * What is not stored of a release that is STAGING and whose documents were read. An object that is not doomed then stays, so the
 * look for it comes after the question whether it is doomed, and what it finds holds until the release ends.
 */
export const missingObjects = async (deps: LookDeps, objects: readonly CountedOn[]): Promise<readonly ReleaseProblem[]> => {
  const { clock, pause } = deps;
  const deadlineMs = clock.now() + LONGEST_WAIT_MS;
  const mayWait = (doomed: number): void => {
    if (clock.now() > deadlineMs) throw new Fault(`${doomed} objects are still about to be removed or spared`);
  };
  const hashes = objects.map(({ sha256 }) => sha256);
  await untilUndoomed({ doomed: deps.dooms.doomed, pause, mayWait }, hashes);
  const looked = await allEnded(objects, (object) => problemOf(deps, object), LOOKS_AT_ONCE);
  return looked.filter((problem) => problem !== undefined);
};
