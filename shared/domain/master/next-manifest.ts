/**
 * Compares a whole listing with the manifest before it and makes the next one, or says that nothing changed. A directory keeps its
 * id as long as it stays; one that is gone loses its id for ever, and if it returns it gets a new one. So an id never names two
 * things, and needs no tombstone: observations of the old id concern a directory that is no more, while the new id counts as
 * changed just now, so that every mirror has to prove it again. A listing without a single file is refused: an unmounted disk
 * or a wrong path looks exactly like that, and would take every mirror out of service.
 */
import type { CategoryId, EpochMs } from '../inventory/inventory.ts';
import type { CollectedDirectory } from './collect-directories.ts';
import type { Generation, Manifest, ManifestDirectory, RepositoryRecord } from './manifest.ts';

export interface ScannedMaster {
  readonly category: CategoryId;
  /** Sorted by path, in code unit order. */
  readonly directories: readonly CollectedDirectory[];
  /** Sorted by repo, then arch. */
  readonly repositories: readonly RepositoryRecord[];
  readonly fileCount: number;
}

export interface ManifestChanges {
  readonly directoriesAdded: number;
  readonly directoriesChanged: number;
  readonly directoriesRemoved: number;
  /** `REPO/ARCH`, sorted. */
  readonly repositoriesAdded: readonly string[];
  readonly repositoriesChanged: readonly string[];
  readonly repositoriesRemoved: readonly string[];
}

export type NextManifest =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'changed'; readonly manifest: Manifest; readonly changes: ManifestChanges };

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const nameOf = ({ repo, arch }: RepositoryRecord): string => `${repo}/${arch}`;
const newest = (record: RepositoryRecord): string | undefined => record.heads[0]?.hashes.sha256;

const sameRecord = (left: RepositoryRecord, right: RepositoryRecord): boolean =>
  left.type === right.type &&
  left.directory === right.directory &&
  left.headPath === right.headPath &&
  newest(left) === newest(right);

interface RepositoryChanges extends Pick<ManifestChanges, 'repositoriesAdded' | 'repositoriesChanged' | 'repositoriesRemoved'> {
  /** Directories that hold a head which is another one now. */
  readonly headDirectories: ReadonlySet<string>;
}

const compareRepositories = (before: readonly RepositoryRecord[], now: readonly RepositoryRecord[]): RepositoryChanges => {
  const old = new Map(before.map((record) => [nameOf(record), record]));
  const present = new Set(now.map(nameOf));
  const differs = now.filter((record) => {
    const known = old.get(nameOf(record));
    return known !== undefined && !sameRecord(known, record);
  });
  return {
    repositoriesAdded: now.map(nameOf).filter((name) => !old.has(name)),
    repositoriesChanged: differs.map(nameOf),
    repositoriesRemoved: [...old.keys()].filter((name) => !present.has(name)),
    headDirectories: new Set(differs.map(({ headPath }) => parentOf(headPath))),
  };
};

/**
 * The directory's own time does not count: it moves when a temporary file comes and goes. A head that changed counts even where
 * size and time did not show it.
 */
const sameDirectory = (known: ManifestDirectory, seen: CollectedDirectory, headDirectories: ReadonlySet<string>): boolean =>
  known.fingerprint === seen.fingerprint && known.readable === seen.readable && !headDirectories.has(seen.path);

interface DirectoryChanges extends Pick<ManifestChanges, 'directoriesAdded' | 'directoriesChanged' | 'directoriesRemoved'> {
  readonly directories: readonly ManifestDirectory[];
  readonly nextDirectoryId: number;
}

const compareDirectories = (
  previous: Manifest | undefined,
  seen: readonly CollectedDirectory[],
  headDirectories: ReadonlySet<string>,
  generation: Generation,
): DirectoryChanges => {
  const old = new Map(previous?.directories.map((directory) => [directory.path, directory]));
  let nextDirectoryId = previous?.nextDirectoryId ?? 1;
  let directoriesAdded = 0;
  let directoriesChanged = 0;
  const directories = seen.map((directory): ManifestDirectory => {
    const known = old.get(directory.path);
    if (known === undefined) {
      directoriesAdded += 1;
      nextDirectoryId += 1;
      return { ...directory, id: nextDirectoryId - 1, changedIn: generation };
    }
    if (sameDirectory(known, directory, headDirectories)) return { ...directory, id: known.id, changedIn: known.changedIn };
    directoriesChanged += 1;
    return { ...directory, id: known.id, changedIn: generation };
  });
  const directoriesRemoved = old.size - (seen.length - directoriesAdded);
  return { directories, nextDirectoryId, directoriesAdded, directoriesChanged, directoriesRemoved };
};

const isEmpty = (changes: ManifestChanges): boolean =>
  changes.directoriesAdded + changes.directoriesChanged + changes.directoriesRemoved === 0 &&
  changes.repositoriesAdded.length + changes.repositoriesChanged.length + changes.repositoriesRemoved.length === 0;

/** The listing must be whole: what it does not name is gone. */
export const nextManifest = (previous: Manifest | undefined, scanned: ScannedMaster, nowMs: EpochMs): NextManifest => {
  if (scanned.fileCount === 0) return { kind: 'refused', reason: 'the master lists no file at all' };
  const generation = (previous?.generation ?? 0) + 1;
  const { headDirectories, ...repositoryChanges } = compareRepositories(previous?.repositories ?? [], scanned.repositories);
  const { directories, nextDirectoryId, ...directoryChanges } = compareDirectories(
    previous,
    scanned.directories,
    headDirectories,
    generation,
  );
  const changes: ManifestChanges = { ...directoryChanges, ...repositoryChanges };
  if (previous !== undefined && isEmpty(changes)) return { kind: 'unchanged' };
  const { category, repositories } = scanned;
  return {
    kind: 'changed',
    manifest: { category, generation, createdMs: nowMs, nextDirectoryId, directories, repositories },
    changes,
  };
};
