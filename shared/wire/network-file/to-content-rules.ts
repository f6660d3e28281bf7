import type { ContentRules, ProxyVolume } from '#domain/content/content-rules.ts';
import { defaultFileHosts, defaultImmutable } from '#domain/content/proxy-defaults.ts';
import type { Volume, VolumeRoles, VolumeUpstream } from '#domain/volume/volume.ts';
import type { FileContent } from './content-schema.ts';

type FileVolume = FileContent['volumes'][number];
type FileProxy = FileContent['proxies'][number];

/** How what has this canonical URL is listed. */
export const upstreamKind = (url: string): VolumeUpstream['kind'] => (url.startsWith('rsync:') ? 'rsync' : 'http');

const toUpstream = (upstream: NonNullable<FileVolume['upstream']>): VolumeUpstream => ({
  kind: upstreamKind(upstream.url),
  url: upstream.url,
  ...(upstream.files !== undefined && { filesUrl: upstream.files }),
  ...(upstream.suites !== undefined && { suites: [...new Set(upstream.suites)] }),
  ...(upstream.projects !== undefined && { projects: [...new Set(upstream.projects)] }),
  excludes: [...new Set(upstream.excludes)],
  everyMs: upstream.every,
  release: upstream.release,
});

const toRoles = ({ publishers, releasers, operators }: NonNullable<FileVolume['roles']>): VolumeRoles => ({
  publishers: [...new Set(publishers)],
  releasers: [...new Set(releasers)],
  operators: [...new Set(operators)],
});

const toVolume = (volume: FileVolume): Volume => ({
  id: volume.id,
  mount: volume.mount ?? volume.id,
  type: volume.type,
  ...(volume.quota !== undefined && { quotaBytes: volume.quota }),
  maximumShrinkShare: volume.maximumShrinkShare,
  ...(volume.maximumGrowthShare !== undefined && { maximumGrowthShare: volume.maximumGrowthShare }),
  retain: volume.retain,
  graceMs: volume.grace,
  ...(volume.roles !== undefined && { roles: toRoles(volume.roles) }),
  ...(volume.upstream !== undefined && { upstream: toUpstream(volume.upstream) }),
  ...(volume.comment !== undefined && { comment: volume.comment }),
});

const toProxy = (proxy: FileProxy): ProxyVolume => ({
  id: proxy.id,
  mount: proxy.mount ?? proxy.id,
  type: proxy.type,
  upstream: proxy.upstream,
  fileHosts: [...new Set(proxy.fileHosts ?? defaultFileHosts(proxy.type, proxy.upstream))],
  immutable: [...new Set(proxy.immutable ?? defaultImmutable(proxy.type))],
  freshMs: proxy.fresh,
  staleMs: proxy.stale,
  maximumBytes: proxy.maximum,
  ...(proxy.comment !== undefined && { comment: proxy.comment }),
});

export const toContentRules = (file: FileContent): ContentRules => ({
  names: { domain: file.domain, places: file.places },
  volumes: file.volumes.map(toVolume),
  proxies: file.proxies.map(toProxy),
});
