import pLimit from 'p-limit';
import { Fault } from '#domain/errors.ts';
import type { ReleaseProblem } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
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
/** Between two looks whether a doom is over. */
const PAUSE_MS = 5_000;
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

const untilUndoomed = async ({ dooms, clock, pause }: LookDeps, objects: readonly Sha256[]): Promise<void> => {
  const deadlineMs = clock.now() + LONGEST_WAIT_MS;
  let doomed = await dooms.doomed(objects);
  while (doomed.size > 0) {
    if (clock.now() > deadlineMs) throw new Fault(`${doomed.size} objects are still about to be removed or spared`);
    await pause(PAUSE_MS);
    doomed = await dooms.doomed([...doomed]);
  }
};

/**
 * What is not stored of a release that is STAGING and whose documents were read. An object that is not doomed then stays, so the
 * look for it comes after the question whether it is doomed, and what it finds holds until the release ends.
 */
export const missingObjects = async (deps: LookDeps, objects: readonly CountedOn[]): Promise<readonly ReleaseProblem[]> => {
  await untilUndoomed(
    deps,
    objects.map(({ sha256 }) => sha256),
  );
  const looked = await pLimit(LOOKS_AT_ONCE).map([...objects], async ({ sha256, sizeBytes, path }) => {
    const storedBytes = await deps.objects.sizeBytes(sha256);
    if (storedBytes === undefined) return { path, message: path === '' ? `the document ${sha256}` : path };
    if (sizeBytes === undefined || storedBytes === sizeBytes) return undefined;
    return { path, message: `${path} with ${sizeBytes} bytes, its object has ${storedBytes}` };
  });
  return looked.filter((problem) => problem !== undefined);
};
