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

/** Where the `Release` may be that lists indexes of the folder, nearest first: `dists/SUITE/` for `dists/SUITE/main/binary-amd64/`. */
export const suitesAbove = (folder: string): readonly string[] => {
  const [, above = ''] = /^((?:.*\/)?)[^/]*\/$/.exec(folder) ?? [];
  return folder === '' ? [] : [...(/(?:^|\/)dists\/.+/.test(above) ? [above] : []), ...suitesAbove(above)];
};
