import { allEnded } from '#domain/all-ended.ts';
import type { Volume, VolumeId } from '#domain/volume/volume.ts';
import type { LookedAtVolume } from '#domain/volume/volume-findings.ts';
import type { ContentRulesStore } from '#ports/content-rules-store.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { VolumeStore } from '#ports/volume-store.ts';

export interface KnownVolumesDeps {
  readonly content: ContentRulesStore;
  readonly store: Pick<VolumeStore, 'volumes' | 'pointer' | 'releases'>;
  readonly upstreams: Pick<UpstreamChecks, 'readAll'>;
}

/** Every volume that the network declares, and every other one of which there is anything. */
export const knownVolumes = async ({ content, store, upstreams }: KnownVolumesDeps): Promise<readonly LookedAtVolume[]> => {
  const declared = new Map<string, Volume>((await content.read()).rules.volumes.map((volume) => [volume.id, volume]));
  const checks = await upstreams.readAll();
  const ids = [...new Set([...declared.keys(), ...(await store.volumes())])];
  const read = async (id: VolumeId): Promise<LookedAtVolume> => ({
    declared: declared.get(id),
    pointer: await store.pointer(id),
    releases: await store.releases(id),
    upstream: checks.get(id),
  });
  return allEnded(ids, read);
};
