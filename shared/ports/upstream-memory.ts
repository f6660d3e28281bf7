import type { Sha256 } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';

/** A file that was copied, under what upstream said of it then without saying its SHA-256. */
export interface RememberedFile {
  readonly said: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** By path. */
export type RememberedFiles = ReadonlyMap<string, RememberedFile>;

/**
 * What files were when they were copied, of upstreams that do not say hashes, so that what seems to be the same is not copied
 * again. It may be old or missing, which costs copying. Throws Fault.
 */
export interface UpstreamMemory {
  readonly read: (volume: VolumeId) => Promise<RememberedFiles>;
  readonly write: (volume: VolumeId, files: RememberedFiles) => Promise<void>;
}
