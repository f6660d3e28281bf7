import fc from 'fast-check';
import { type ContentRules, PROXY_TYPES, type ProxyVolume } from '#domain/content/content-rules.ts';
import { VOLUME_TYPES, type Volume, type VolumeRoles, type VolumeUpstream } from '#domain/volume/volume.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const id = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const amount = fc.nat();
const shareOf = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 100 * most }).map((percent) => percent / 100);
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(arbitrary, { maxLength: 3 });

const anyRoles: fc.Arbitrary<VolumeRoles> = fc.record({ publishers: few(text), releasers: few(text), operators: few(text) });

const anyUpstream: fc.Arbitrary<VolumeUpstream> = fc.record(
  {
    kind: fc.constantFrom('http' as const, 'rsync' as const),
    url: text,
    filesUrl: text,
    suites: few(text),
    projects: few(text),
    excludes: few(text),
    everyMs: amount,
    release: fc.boolean(),
  },
  { requiredKeys: ['kind', 'url', 'excludes', 'everyMs', 'release'] },
);

export const anyVolume: fc.Arbitrary<Volume> = fc.record(
  {
    id,
    mount: text,
    type: fc.constantFrom(...VOLUME_TYPES),
    quotaBytes: amount,
    maximumShrinkShare: shareOf(1),
    maximumGrowthShare: shareOf(10),
    retain: amount,
    graceMs: amount,
    roles: anyRoles,
    upstream: anyUpstream,
    comment: text,
  },
  { requiredKeys: ['id', 'mount', 'type', 'maximumShrinkShare', 'retain', 'graceMs'] },
);

export const anyProxyVolume: fc.Arbitrary<ProxyVolume> = fc.record(
  {
    id,
    mount: text,
    type: fc.constantFrom(...PROXY_TYPES),
    upstream: text,
    fileHosts: few(text),
    immutable: few(text),
    freshMs: amount,
    staleMs: amount,
    maximumBytes: amount,
    comment: text,
  },
  { requiredKeys: ['id', 'mount', 'type', 'upstream', 'fileHosts', 'immutable', 'freshMs', 'staleMs', 'maximumBytes'] },
);

/** Of the right shape; whether mounts and ids go together is not looked at. */
export const anyContentRules: fc.Arbitrary<ContentRules> = fc.record({
  names: fc.record({ domain: fc.option(text, { nil: undefined }), places: few(fc.record({ region: text, provider: text })) }),
  volumes: few(anyVolume),
  proxies: few(anyProxyVolume),
});
