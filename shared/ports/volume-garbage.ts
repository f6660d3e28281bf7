import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';

export interface StoredObject {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly storedMs: EpochMs;
}

/** The objects of all volumes, as who removes them sees them. Throws Fault. */
export interface VolumeGarbage {
  /** All whose hash begins with these digits, in order, page by page. */
  readonly list: (prefix: string) => AsyncIterable<readonly StoredObject[]>;
  /** Nothing happens to one that is not there. */
  readonly remove: (sha256: Sha256) => Promise<void>;
}
