/**
 * Indexes of apt by their hashes. An archive whose `Release` says `Acquire-By-Hash: yes` promises that every index is also there
 * as `by-hash/SHA256/HEX` in its folder, so that a client which read one `Release` never gets an index of the next one (Debian's
 * "DebianRepository/Format"). apt asks by the strongest digest that `Release` lists, which may be SHA-512. A tree knows the SHA-256
 * of every file, and its `Release` says which file has a SHA-512, so the promise holds without such files in it.
 */
import type { Sha256, TreeEntry } from '../volume/tree.ts';

export interface ByHash {
  /** With a slash at its end, or empty. */
  readonly folder: string;
  readonly algorithm: 'sha256' | 'sha512';
  readonly hex: string;
}

const PATH = /^((?:.*\/)?)by-hash\/(?:SHA256\/([0-9a-f]{64})|SHA512\/([0-9a-f]{128}))$/;

export const byHashPath = (path: string): ByHash | undefined => {
  const [, folder = '', sha256, sha512] = PATH.exec(path) ?? [];
  if (sha256 !== undefined) return { folder, algorithm: 'sha256', hex: sha256 };
  return sha512 === undefined ? undefined : { folder, algorithm: 'sha512', hex: sha512 };
};

/** The file itself, directly in the folder. `entries` are those below it. */
export const entryByHash = (folder: string, sha256: Sha256, entries: Iterable<TreeEntry>): TreeEntry | undefined => {
  for (const entry of entries) {
    const isHere = entry.path.startsWith(folder) && !entry.path.includes('/', folder.length);
    if (isHere && entry.sha256 === sha256) return entry;
  }
  return undefined;
};

/** Folders between an index and its `Release`: four, in the archives that have most of them. */
const MOST_LEVELS = 8;

/**
 * Where the `Release` may be that lists indexes of the folder, nearest first: there itself, where an archive has one folder only, or
 * above it. A folder without any has nothing by its hash, and need not be looked through for whoever makes hashes up.
 */
export const releaseFolders = (folder: string): readonly string[] => {
  const names = folder.split('/').slice(0, -1);
  const levels = Math.min(names.length, MOST_LEVELS);
  return Array.from({ length: levels + 1 }, (_, up) =>
    names
      .slice(0, names.length - up)
      .map((name) => `${name}/`)
      .join(''),
  );
};
