/**
 * Reduces a listing, entry by entry and in any order, to what a manifest keeps of each directory: a fingerprint of all its files
 * and a sample of at most ten, the newest (MirrorManager2's Rust scanner keeps ten, its Python one three). A directory that is
 * not readable for everybody hides all below it: that is how distributions keep a release back until its hour; no repository is
 * found there yet. The top's own mode does not count, since it is what the network was told to be public. Files nobody may read do
 * not exist for mirrors, and neither do excluded paths and what lies below them.
 */
import { addToFingerprint, emptyFingerprint, type Fingerprint, printFingerprint } from './directory-fingerprint.ts';
import { isHeadName } from './head-names.ts';
import type { ManifestDirectory, SampleFile } from './manifest.ts';
import type { ListedFile, MasterEntry } from './master-entry.ts';

export type CollectedDirectory = Omit<ManifestDirectory, 'id' | 'changedIn'>;

export interface Collected {
  /** Sorted by path, in code unit order; every parent of a listed path is there, listed or not. */
  readonly directories: readonly CollectedDirectory[];
  /** Files in readable directories that may be heads of repositories, by path. */
  readonly headFiles: ReadonlyMap<string, ListedFile>;
  readonly fileCount: number;
}

export interface DirectoryCollector {
  add(entry: MasterEntry): void;
  finish(): Collected;
}

interface Accumulated {
  modifiedSeconds: number;
  /** False once the listing said that not everybody may enter. */
  open: boolean;
  readonly fingerprint: Fingerprint;
  readonly sample: SampleFile[];
}

export const SAMPLE_SIZE = 10;
const EVERYBODY_READS = 0o4;
const EVERYBODY_ENTERS = 0o5;
/** Snapshots of file servers and half-written files of rsync's --delay-updates; on no mirror. */
const neverContent = (path: string): boolean => path.endsWith('.~tmp~') || path.endsWith('/.snapshot') || path === '.snapshot';

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Newest first, ties by name, so that the sample does not depend on the order of the listing. */
const newerFirst = (left: SampleFile, right: SampleFile): number =>
  right.modifiedSeconds - left.modifiedSeconds || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);

const byName = (left: SampleFile, right: SampleFile): number => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0);

const keepNewest = (sample: SampleFile[], file: SampleFile): void => {
  const oldest = sample[SAMPLE_SIZE - 1];
  if (oldest !== undefined && newerFirst(file, oldest) > 0) return;
  sample.push(file);
  sample.sort(newerFirst);
  if (sample.length > SAMPLE_SIZE) sample.pop();
};

/** Whether a path or anything above it is excluded; remembers directories, since a listing names each many times. */
const exclusion = (excludes: readonly string[]): { directory(path: string): boolean; file(path: string): boolean } => {
  const patterns = excludes.map((pattern) => new RegExp(`^(?:${pattern})$`, 'u'));
  const matches = (path: string): boolean => neverContent(path) || patterns.some((pattern) => pattern.test(path));
  const known = new Map<string, boolean>([['', false]]);
  const directory = (path: string): boolean => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const verdict = directory(parentOf(path)) || matches(path);
    known.set(path, verdict);
    return verdict;
  };
  return { directory, file: (path) => directory(parentOf(path)) || matches(path) };
};

const finishDirectories = (found: ReadonlyMap<string, Accumulated>): CollectedDirectory[] => {
  const readable = new Map<string, boolean>();
  const paths = [...found.keys()].sort((left, right) => (left < right ? -1 : 1));
  // Sorted by code units, a parent comes before its children.
  return paths.map((path) => {
    const { modifiedSeconds, open, fingerprint, sample } = found.get(path) ?? newDirectory();
    const visible = path === '' || (open && readable.get(parentOf(path)) !== false);
    readable.set(path, visible);
    return { path, modifiedSeconds, fingerprint: printFingerprint(fingerprint), readable: visible, sample: sample.sort(byName) };
  });
};

const newDirectory = (): Accumulated => ({ modifiedSeconds: 0, open: true, fingerprint: emptyFingerprint(), sample: [] });

/** `excludes` are regular expressions over whole relative paths. */
export const directoryCollector = (excludes: readonly string[]): DirectoryCollector => {
  const excluded = exclusion(excludes);
  const found = new Map<string, Accumulated>();
  const headFiles = new Map<string, ListedFile>();
  let fileCount = 0;
  const at = (path: string): Accumulated => {
    const before = found.get(path);
    if (before !== undefined) return before;
    if (path !== '') at(parentOf(path));
    const fresh = newDirectory();
    found.set(path, fresh);
    return fresh;
  };
  const addDirectory = (entry: MasterEntry): void => {
    const directory = at(entry.path);
    directory.modifiedSeconds = entry.modifiedSeconds;
    directory.open = (entry.mode & EVERYBODY_ENTERS) === EVERYBODY_ENTERS;
  };
  const addFile = ({ path, sizeBytes, modifiedSeconds }: MasterEntry): void => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const directory = at(parentOf(path));
    fileCount += 1;
    addToFingerprint(directory.fingerprint, name, sizeBytes, modifiedSeconds);
    keepNewest(directory.sample, { name, sizeBytes, modifiedSeconds });
    if (isHeadName(name)) headFiles.set(path, { sizeBytes, modifiedSeconds });
  };
  return {
    add: (entry) => {
      if (entry.kind === 'directory' && !excluded.directory(entry.path)) addDirectory(entry);
      if (entry.kind === 'file' && (entry.mode & EVERYBODY_READS) !== 0 && !excluded.file(entry.path)) addFile(entry);
    },
    finish: () => {
      const directories = finishDirectories(found);
      const hidden = new Set(directories.filter(({ readable }) => !readable).map(({ path }) => path));
      const seen = new Map([...headFiles].filter(([path]) => !hidden.has(parentOf(path))));
      return { directories, headFiles: seen, fileCount };
    },
  };
};
