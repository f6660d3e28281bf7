import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';

export interface StoredObject {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly storedMs: EpochMs;
}

export type ObjectRemoval =
  /** It is gone, or was not there. */
  | 'removed'
  /** It is gone, but a request that got no answer may still be under way, and would take what is put in its place meanwhile. */
  | 'uncertain';

/** The objects of all volumes, as whoever removes them sees them. Throws Fault. */
export interface VolumeGarbage {
  /** All whose hash begins with these digits, in order, page by page. */
  readonly list: (prefix: string) => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (sha256: Sha256) => Promise<ObjectRemoval>;
}
