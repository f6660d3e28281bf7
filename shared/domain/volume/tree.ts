/**
 * The content of a release: which path has which bytes, and nothing else. No times, no owners, no links: the same files give the
 * same tree whoever publishes them, and so the same identity. Bytes are named by their SHA-256 and stored once, wherever they
 * appear. The order is that of JavaScript's `<` on strings (UTF-16 code units), in which everything below one directory is
 * together. The idea of content named by its hash is git's, and the release of a whole volume at once that of AFS.
 */

/** 64 hexadecimal digits, lower case. */
export type Sha256 = string;

export const ENTRY_MODES = ['file', 'executable'] as const;
export type EntryMode = (typeof ENTRY_MODES)[number];

export interface TreeEntry {
  /** Relative, segments separated by `/`; see tree-path.ts. */
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly mode: EntryMode;
}

/** Entries in the order of their paths, each path once. */
export interface Tree {
  readonly entries: readonly TreeEntry[];
}

export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
