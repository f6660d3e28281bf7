import type { SnapshotPointer } from '#domain/snapshot/document.ts';

/** A pointer with the version a conditional move must name. */
export interface VersionedPointer {
  readonly pointer: SnapshotPointer;
  /** Opaque; changes with every move. */
  readonly version: string;
}

export type PointerMove =
  | { readonly kind: 'moved'; readonly version: string }
  | { readonly kind: 'lost'; readonly winner: VersionedPointer | undefined };

/** The writing side, for the publisher. Objects are immutable and named by the sha256 of their bytes. */
export interface SnapshotStore {
  /** Idempotent: an object of that name that is already there is the same object. */
  putSnapshot(name: string, bytes: Uint8Array): Promise<void>;
  getSnapshot(name: string): Promise<Uint8Array | undefined>;
  readPointer(): Promise<VersionedPointer | undefined>;
  /** Moves the pointer only if it is still at `expected` (`undefined`: there is none yet). */
  movePointer(next: SnapshotPointer, expected: string | undefined): Promise<PointerMove>;
}

export type PointerPoll =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly pointer: SnapshotPointer; readonly version: string }
  | { readonly kind: 'none' };

/** The reading side, for `answer`: a conditional read of the pointer and a read of one object. */
export interface SnapshotSource {
  /** `unchanged` when the pointer's version is still `known`. */
  poll(known: string | undefined): Promise<PointerPoll>;
  /** The bytes, verified against the name. */
  fetch(pointer: SnapshotPointer): Promise<Uint8Array>;
}
