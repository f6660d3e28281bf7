import type { UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { VolumeId } from '#domain/volume/volume.ts';

/** What is remembered of the upstreams of volumes. Strongly consistent. Throws Fault, and WireError for items that are not ours. */
export interface UpstreamChecks {
  readonly read: (volume: VolumeId) => Promise<UpstreamCheck | undefined>;
  /** Of all volumes whose upstream was ever looked at, some of which may not be declared any more. */
  readonly readAll: () => Promise<ReadonlyMap<VolumeId, UpstreamCheck>>;
  /** `fenced`: somebody with a later fence of the volume wrote already, and nothing is changed. */
  readonly write: (check: UpstreamCheck, fence: number) => Promise<'written' | 'fenced'>;
}
