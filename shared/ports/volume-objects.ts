import type { Sha256 } from '#domain/volume/tree.ts';

export type ObjectPut =
  /** It is there now, whoever put it. */
  | { readonly kind: 'stored' }
  /** The bytes are not those of the name; nothing was stored. */
  | { readonly kind: 'wrong-hash' };

/**
 * Bytes named by their SHA-256: the files of all releases of all volumes, and the documents of their trees. Each is stored once
 * and never changes. Throws Fault when the store does not answer.
 */
export interface VolumeObjects {
  readonly put: (sha256: Sha256, bytes: Uint8Array) => Promise<ObjectPut>;
  /** Undefined when there is none. */
  readonly sizeBytes: (sha256: Sha256) => Promise<number | undefined>;
  /**
   * Undefined when there is none. Throws WireError for one that is larger than the limit, of which nothing is read, or that does
   * not have the hash.
   */
  readonly read: (sha256: Sha256, maximumBytes: number) => Promise<Uint8Array | undefined>;
  /**
   * So many bytes from an offset, fewer where the object ends; undefined when there is no such object. Not held against the hash,
   * which is of the whole. Throws WireError for an offset behind the end.
   */
  readonly readRange: (sha256: Sha256, offset: number, length: number) => Promise<Uint8Array | undefined>;
}
