/**
 * Indexes of apt by their hashes. An archive whose `Release` says `Acquire-By-Hash: yes` promises that every index is also there
 * as `by-hash/SHA256/HEX` in its folder, so that a client which read one `Release` never gets an index of the next one (Debian's
 * "DebianRepository/Format"). A tree knows the hash of every file, so the promise holds without such files in it.
 */
import type { Sha256, TreeEntry } from '../volume/tree.ts';

export interface ByHash {
  /** With a slash at its end, or empty. */
  readonly folder: string;
  readonly sha256: Sha256;
}

export const byHashPath = (path: string): ByHash | undefined => {
  const [, folder = '', sha256] = /^((?:.*\/)?)by-hash\/SHA256\/([0-9a-f]{64})$/.exec(path) ?? [];
  return sha256 === undefined ? undefined : { folder, sha256 };
};

/** The file itself, directly in the folder. `entries` are those below it. */
export const entryByHash = ({ folder, sha256 }: ByHash, entries: Iterable<TreeEntry>): TreeEntry | undefined => {
  for (const entry of entries) {
    const isHere = entry.path.startsWith(folder) && !entry.path.includes('/', folder.length);
    if (isHere && entry.sha256 === sha256) return entry;
  }
  return undefined;
};
