/**
 * What is in a directory. A tree has files only, so a directory is what their paths begin with, and an empty one cannot be. Above the
 * volumes there are directories as well, made of their mounts.
 */
import type { TreeEntry } from '../volume/tree.ts';

export type DirectoryRow =
  | { readonly kind: 'directory'; readonly name: string; readonly note?: string }
  | { readonly kind: 'file'; readonly name: string; readonly sizeBytes: number };

export interface Directory {
  readonly rows: readonly DirectoryRow[];
  /** There are more rows than are shown. */
  readonly isCut: boolean;
}

/** More than that nobody reads; programs follow indexes instead. */
export const MOST_ROWS = 10_000;

/** Rows of the directory whose path is `prefix` (empty, or with a slash at its end), from entries in order. Undefined: no such directory. */
export const directoryOf = (prefix: string, entries: Iterable<TreeEntry>, most: number = MOST_ROWS): Directory | undefined => {
  const rows: DirectoryRow[] = [];
  let within = '';
  for (const { path, sizeBytes } of entries) {
    if (!path.startsWith(prefix) || (within !== '' && path.startsWith(within))) continue;
    if (rows.length === most) return { rows, isCut: true };
    const rest = path.slice(prefix.length);
    const slash = rest.indexOf('/');
    const name = slash === -1 ? rest : rest.slice(0, slash);
    within = slash === -1 ? '' : `${prefix}${name}/`;
    rows.push(slash === -1 ? { kind: 'file', name, sizeBytes } : { kind: 'directory', name });
  }
  return rows.length === 0 ? undefined : { rows, isCut: false };
};

export interface Mounted {
  readonly mount: string;
  readonly type: string;
}

/** The directory above mounts, such as `wheel/` of `wheel/debian-12`; all of them for the empty prefix. Undefined: none is below. */
export const mountsBelow = (mounts: readonly Mounted[], prefix: string): Directory | undefined => {
  const notes = new Map<string, string | undefined>();
  for (const { mount, type } of mounts.filter((one) => one.mount.startsWith(prefix))) {
    const [name = '', ...deeper] = mount.slice(prefix.length).split('/');
    notes.set(name, deeper.length === 0 ? type : undefined);
  }
  if (notes.size === 0 && prefix !== '') return undefined;
  const rows = [...notes.keys()].toSorted().map((name): DirectoryRow => {
    const note = notes.get(name);
    return { kind: 'directory', name, ...(note === undefined ? {} : { note }) };
  });
  return { rows, isCut: false };
};
