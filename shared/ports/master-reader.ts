import type { ListedEntry } from './file-lister.ts';

export interface MasterListingSink {
  entry(entry: ListedEntry): void;
  /** sha256 hex that the master's own list gives of a file; few masters do. */
  digest(path: string, sha256: string): void;
}

/** How a listing of a master ended. Only `complete` proves that what was not listed is not there. */
export type MasterListing =
  | { readonly kind: 'complete' }
  /** It could not be read whole; printable. */
  | { readonly kind: 'partial'; readonly reason: string }
  /** The master answered, and will not be listed. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export type MasterFile =
  | {
      readonly kind: 'read';
      readonly bytes: Uint8Array;
      readonly modifiedSeconds: number | undefined;
      /** By the server's clock; `undefined` when `modifiedSeconds` is the very field that the listing showed. */
      readonly ageMs: number | undefined;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'failed'; readonly reason: string };

/** The master of one category: its listing, and its few small head files. */
export interface MasterReader {
  list(sink: MasterListingSink): Promise<MasterListing>;
  /** `path` is relative to the category's top, as the listing named it. */
  readFile(path: string, maxBytes: number): Promise<MasterFile>;
}
