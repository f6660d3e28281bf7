import * as v from 'valibot';
import { type ContentRules, PROXY_TYPES, type ProxyVolume } from '#domain/content/content-rules.ts';
import { VOLUME_TYPES, type Volume } from '#domain/volume/volume.ts';

// Shapes only: values were judged by the network file before they were stored. Null stands for undefined, of keys that may be absent too.
const texts = v.array(v.string());
const optionalText = v.pipe(
  v.optional(v.nullable(v.string()), null),
  v.transform((value) => value ?? undefined),
);
const absentable = <const Schema extends v.GenericSchema>(schema: Schema) => v.optional(v.nullable(schema), null);

const roles = v.object({ publishers: texts, releasers: texts, operators: texts });
const upstream = v.object({
  kind: v.picklist(['http', 'rsync']),
  url: v.string(),
  filesUrl: absentable(v.string()),
  suites: absentable(texts),
  projects: absentable(texts),
  excludes: texts,
  everyMs: v.number(),
  release: v.boolean(),
});

const volume = v.object({
  id: v.string(),
  mount: v.string(),
  type: v.picklist(VOLUME_TYPES),
  quotaBytes: absentable(v.number()),
  maximumShrinkShare: v.number(),
  maximumGrowthShare: absentable(v.number()),
  retain: v.number(),
  graceMs: v.number(),
  roles: absentable(roles),
  upstream: absentable(upstream),
  comment: absentable(v.string()),
});

const proxy = v.object({
  id: v.string(),
  mount: v.string(),
  type: v.picklist(PROXY_TYPES),
  upstream: v.string(),
  fileHosts: texts,
  immutable: texts,
  freshMs: v.number(),
  staleMs: v.number(),
  maximumBytes: v.number(),
  comment: absentable(v.string()),
});

/** Keys whose value is null are those that are not there. */
const withoutNulls = <Value>(value: unknown): Value => {
  if (Array.isArray(value)) return value.map(withoutNulls) as Value;
  if (typeof value !== 'object' || value === null) return value as Value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)])) as Value;
};

export const contentRulesSchema = v.object({
  names: v.object({ domain: optionalText, places: v.array(v.object({ region: v.string(), provider: v.string() })) }),
  volumes: v.array(
    v.pipe(
      volume,
      v.transform((value): Volume => withoutNulls(value)),
    ),
  ),
  proxies: v.array(
    v.pipe(
      proxy,
      v.transform((value): ProxyVolume => withoutNulls(value)),
    ),
  ),
}) satisfies v.GenericSchema<unknown, ContentRules>;
