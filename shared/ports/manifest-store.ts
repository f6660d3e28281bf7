import type { CategoryId, EpochMs } from '#domain/inventory/inventory.ts';
import type { Generation, Manifest } from '#domain/master/manifest.ts';

export interface ManifestPointer {
  readonly category: CategoryId;
  readonly generation: Generation;
  /** sha256 hex of the manifest object. */
  readonly name: string;
  /** When the manifest last changed. */
  readonly changedMs: EpochMs;
  /** When the last whole scan began, changed or not; a scan that had to hold a head back does not count. */
  readonly scannedMs: EpochMs;
}

export type ManifestPublish =
  | { readonly kind: 'published'; readonly pointer: ManifestPointer }
  | { readonly kind: 'lost'; readonly winner: ManifestPointer | undefined };

/** What the masters hold: immutable manifests, and one pointer per category that moves by condition. */
export interface ManifestStore {
  pointer(category: CategoryId): Promise<ManifestPointer | undefined>;
  /** The manifest that a pointer names; throws when the object is missing or damaged. */
  read(pointer: ManifestPointer): Promise<Manifest>;
  /** Stores the object, then moves the pointer if it is still at `expected` (`undefined`: there is none yet). */
  publish(manifest: Manifest, expected: Generation | undefined, scannedMs: EpochMs): Promise<ManifestPublish>;
  /** Notes that a scan found nothing new; harmless when the pointer has moved on. */
  confirm(pointer: ManifestPointer, scannedMs: EpochMs): Promise<void>;
}
