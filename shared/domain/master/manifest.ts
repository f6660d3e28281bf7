/**
 * A manifest is what the master of one category holds at one moment: every directory with the few files a cheap check compares,
 * and every repository with the head files that prove a mirror's state. Directory ids are given once and never reused, so a set
 * of directories stays readable against later manifests. A manifest only exists for a whole listing: a partial one never becomes
 * the truth about a master.
 */
import type { CategoryId, EpochMs, RepositoryType } from '../inventory/inventory.ts';

export type DirectoryId = number;
/** Counts up by one with every changed manifest of a category, from 1. */
export type Generation = number;

export interface SampleFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
}

export interface ManifestDirectory {
  readonly id: DirectoryId;
  /** Relative to the category's top; `''` is the top itself. */
  readonly path: string;
  readonly modifiedSeconds: number;
  /** Order-free digest of (name, size, time) of all files directly inside; hex. */
  readonly fingerprint: string;
  readonly changedIn: Generation;
  /** False while the master hides it from the public. */
  readonly readable: boolean;
  readonly sample: readonly SampleFile[];
}

/** Lower-case hex. */
export interface FileHashes {
  readonly md5: string;
  readonly sha1: string;
  readonly sha256: string;
  readonly sha512: string;
}

/** One state of a repository's head file (repomd.xml, InRelease). */
export interface Head {
  readonly sizeBytes: number;
  /** What the file says of itself: the largest timestamp in repomd.xml, the Date of a Release file. */
  readonly timestampSeconds: number;
  readonly hashes: FileHashes;
  /** When a scan saw it first; ageing counts from here. */
  readonly firstSeenMs: EpochMs;
}

export interface RepositoryRecord {
  readonly repo: string;
  readonly arch: string;
  readonly type: RepositoryType;
  /** Directory that clients are sent to, relative to the category. */
  readonly directory: string;
  /** Path of the head file, relative to the category: `…/repodata/repomd.xml`. */
  readonly headPath: string;
  /** Newest first; never empty. */
  readonly heads: readonly Head[];
}

export interface Manifest {
  readonly category: CategoryId;
  readonly generation: Generation;
  readonly createdMs: EpochMs;
  /** The next directory id to give out; larger than every id ever given. */
  readonly nextDirectoryId: DirectoryId;
  /** Sorted by path, in code unit order. */
  readonly directories: readonly ManifestDirectory[];
  /** Sorted by repo, then arch. */
  readonly repositories: readonly RepositoryRecord[];
}
