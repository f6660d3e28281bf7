import type * as v from 'valibot';
import type { ContentRules, ProxyVolume } from '#domain/content/content-rules.ts';
import { defaultFileHosts, defaultImmutable } from '#domain/content/proxy-defaults.ts';
import type { Volume, VolumeUpstream } from '#domain/volume/volume.ts';
import { contentSchema, proxySchema, rolesSchema, upstreamSchema, volumeSchema } from './content-schema.ts';
import { said } from './said.ts';
import { printDuration, printSize } from './scalars.ts';

export type ContentDocument = v.InferInput<typeof contentSchema>;

/** Undefined: it is what holds anyway. */
const unless = <T>(anyway: T, value: T): T | undefined => (JSON.stringify(value) === JSON.stringify(anyway) ? undefined : value);

const printUpstream = (upstream: VolumeUpstream): v.InferInput<typeof upstreamSchema> =>
  said(upstreamSchema, {
    url: upstream.url,
    // The URL says it.
    kind: undefined,
    files: upstream.filesUrl,
    suites: upstream.suites,
    projects: upstream.projects,
    excludes: upstream.excludes,
    every: printDuration(upstream.everyMs),
    release: upstream.release,
  });

const printVolume = (volume: Volume): v.InferInput<typeof volumeSchema> =>
  said(volumeSchema, {
    id: volume.id,
    mount: unless(volume.id, volume.mount),
    type: volume.type,
    quota: volume.quotaBytes === undefined ? undefined : printSize(volume.quotaBytes),
    maximumShrinkShare: volume.maximumShrinkShare,
    maximumGrowthShare: volume.maximumGrowthShare,
    retain: volume.retain,
    grace: printDuration(volume.graceMs),
    roles: volume.roles === undefined ? undefined : said(rolesSchema, volume.roles),
    upstream: volume.upstream === undefined ? undefined : printUpstream(volume.upstream),
    comment: volume.comment,
  });

const printProxy = (proxy: ProxyVolume): v.InferInput<typeof proxySchema> =>
  said(proxySchema, {
    id: proxy.id,
    mount: unless(proxy.id, proxy.mount),
    type: proxy.type,
    upstream: proxy.upstream,
    fileHosts: unless(defaultFileHosts(proxy.type, proxy.upstream), proxy.fileHosts),
    immutable: unless(defaultImmutable(proxy.type), proxy.immutable),
    fresh: printDuration(proxy.freshMs),
    stale: printDuration(proxy.staleMs),
    maximum: printSize(proxy.maximumBytes),
    comment: proxy.comment,
  });

/** In the network file's own shape. */
export const printContentRules = ({ names, volumes, proxies }: ContentRules): ContentDocument =>
  said(contentSchema, {
    domain: names.domain,
    places: names.places,
    volumes: volumes.map(printVolume),
    proxies: proxies.map(printProxy),
  });
