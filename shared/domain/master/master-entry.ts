/**
 * What a master's listing says of one file or directory. It is the listing of any kind of master (rsync, a time list, a local
 * directory) reduced to what a manifest is made of; nothing about it is verified.
 */
export interface MasterEntry {
  /** Relative to the category's top; `''` is the top itself. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
  /** POSIX st_mode; only the bits for everybody are looked at. */
  readonly mode: number;
}

/** A file as a listing describes it. */
export interface ListedFile {
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
}
