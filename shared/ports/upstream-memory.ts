import type { RememberedFiles } from '#domain/volume/upstream/wanted-file.ts';
import type { VolumeId } from '#domain/volume/volume.ts';

/**
 * What files were when they were copied, of upstreams that do not say hashes, so that what seems to be the same is not copied
 * again. It may be old or missing, which costs copying. Throws Fault.
 */
export interface UpstreamMemory {
  readonly read: (volume: VolumeId) => Promise<RememberedFiles>;
  readonly write: (volume: VolumeId, files: RememberedFiles) => Promise<void>;
}
