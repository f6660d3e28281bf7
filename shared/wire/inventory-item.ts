import * as v from 'valibot';
import type { ContentRules } from '#domain/content/content-rules.ts';
import { DEFAULT_DRAIN_POLICY, DRAIN_FAILURES, DRAIN_SCOPES, type DrainPolicy } from '#domain/drain/drain-policy.ts';
import { WireError } from '#domain/errors.ts';
import { type AccessPolicy, DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { Category, Host, Master, NetworkSettings, RepositoryRule, Site } from '#domain/inventory/inventory.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import { contentRulesSchema } from './content/content-rules.ts';
import { lockRulesSchema } from './lock/lock-rules.ts';

/** One thing that the inventory's store keeps by itself. */
export type InventoryEntity =
  | { readonly kind: 'site'; readonly value: Site }
  | { readonly kind: 'category'; readonly value: Category }
  | { readonly kind: 'host'; readonly value: Host }
  | { readonly kind: 'settings'; readonly value: NetworkSettings }
  | { readonly kind: 'locks'; readonly value: LockRules }
  | { readonly kind: 'content'; readonly value: ContentRules };

/** Entities of which a network has one each, and whose name is their kind. */
export const SINGLE_KINDS = ['settings', 'locks', 'content'] as const;
export type SingleKind = (typeof SINGLE_KINDS)[number];

const isSingle = (input: InventoryEntity): input is Extract<InventoryEntity, { readonly kind: SingleKind }> =>
  (SINGLE_KINDS as readonly string[]).includes(input.kind);

// Only shapes are checked here: values were judged by the network file or the administration before they were stored. Unknown
// keys are dropped, so that an older function reads what a newer one wrote.
const texts = v.array(v.string());
const numbers = v.array(v.number());
// JSON has no undefined; null stands for it.
const optionalText = v.pipe(
  v.nullable(v.string()),
  v.transform((value) => value ?? undefined),
);
const optionalNumber = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? undefined),
);

// Keys that items of earlier versions lack, with what such an item meant.
const laterText = v.optional(optionalText, null);
const laterTexts = v.optional(texts, []);

const site = v.object({
  id: v.string(),
  name: v.string(),
  private: v.boolean(),
  ownerActive: v.boolean(),
  adminActive: v.boolean(),
  url: laterText,
  contacts: laterTexts,
  admins: laterTexts,
}) satisfies v.GenericSchema<unknown, Site>;

const host = v.object({
  id: v.string(),
  site: v.string(),
  country: v.string(),
  bandwidthMbps: v.number(),
  private: v.boolean(),
  ownerActive: v.boolean(),
  adminActive: v.boolean(),
  asn: optionalNumber,
  asnClients: v.boolean(),
  peerAsns: numbers,
  netblocks: texts,
  countriesAllowed: texts,
  carries: v.array(v.object({ category: v.string(), urls: texts, alwaysCurrent: v.boolean() })),
  region: laterText,
  provider: laterText,
  tier: v.optional(optionalNumber, null),
  comment: laterText,
  contacts: laterTexts,
  pending: v.optional(v.boolean(), false),
}) satisfies v.GenericSchema<unknown, Host>;

const master = v.variant('kind', [
  v.object({ kind: v.literal('directory'), path: v.string() }),
  v.object({ kind: v.literal('rsync'), url: v.string(), headsUrl: v.string() }),
  v.object({ kind: v.literal('fullfiletimelist'), listUrl: v.string(), stripPrefix: v.string(), headsUrl: v.string() }),
  v.object({ kind: v.literal('heads-only'), url: v.string(), repositories: texts }),
]) satisfies v.GenericSchema<unknown, Master>;

const rule = v.variant('kind', [
  v.object({ kind: v.literal('ignore'), match: v.string() }),
  v.object({
    kind: v.literal('repository'),
    match: v.string(),
    type: v.picklist(['rpm', 'apt', 'files']),
    repo: v.string(),
    arch: v.string(),
    directory: optionalText,
  }),
]) satisfies v.GenericSchema<unknown, RepositoryRule>;

const category = v.object({
  id: v.string(),
  topDirectory: v.string(),
  master,
  excludes: texts,
  rules: v.array(rule),
  alternates: v.object({ propagationMs: v.number(), staleMs: v.number() }),
  schedule: v.object({
    scanMasterMs: v.number(),
    reachMs: v.number(),
    headsMs: v.number(),
    sampleMs: v.number(),
    fullMs: v.number(),
    probeAfterChangeMs: numbers,
  }),
}) satisfies v.GenericSchema<unknown, Category>;

const access = v.object({
  administratorGroups: texts,
  userClaim: v.string(),
  groupsClaim: v.string(),
  siteCreation: v.picklist(['anyone', 'administrators']),
  minimumPrefix: v.object({ ipv4: v.number(), ipv6: v.number() }),
}) satisfies v.GenericSchema<unknown, AccessPolicy>;

const drain = v.object({
  groups: v.array(
    v.object({ scope: v.picklist(DRAIN_SCOPES), categories: texts, minInService: v.number(), maxDraining: v.number() }),
  ),
  leaseMs: v.number(),
  maximumMs: v.number(),
  ticketMs: v.number(),
  cacheBudgetMs: v.number(),
  onFailure: v.picklist(DRAIN_FAILURES),
  lapsedAlarmMs: v.number(),
}) satisfies v.GenericSchema<unknown, DrainPolicy>;

const settings = v.object({
  name: v.string(),
  answer: v.object({ minimumHosts: v.number(), maximumHosts: v.number(), embargoedCountries: texts }),
  crawl: v.object({
    contact: v.string(),
    allowedAddresses: texts,
    allowedPorts: v.union([v.literal('any'), numbers]),
    requestsPerCheck: v.number(),
    connectionsPerHost: v.number(),
  }),
  guard: v.object({ maximumShrinkShare: v.number() }),
  access: v.pipe(
    v.optional(v.nullable(access), null),
    v.transform((value) => value ?? DEFAULT_ACCESS_POLICY),
  ),
  drain: v.pipe(
    v.optional(v.nullable(drain), null),
    v.transform((value) => value ?? DEFAULT_DRAIN_POLICY),
  ),
  aliases: v.array(v.object({ from: v.string(), to: v.string() })),
  disabled: v.array(v.object({ repo: v.string(), arch: optionalText })),
  countryOverrides: v.array(v.object({ netblock: v.string(), country: v.string() })),
  continentOverrides: v.array(v.object({ country: v.string(), continent: v.string() })),
}) satisfies v.GenericSchema<unknown, NetworkSettings>;

const version = v.literal(1);
const entity = v.variant('kind', [
  v.object({ v: version, kind: v.literal('site'), value: site }),
  v.object({ v: version, kind: v.literal('category'), value: category }),
  v.object({ v: version, kind: v.literal('host'), value: host }),
  v.object({ v: version, kind: v.literal('settings'), value: settings }),
  v.object({ v: version, kind: v.literal('locks'), value: lockRulesSchema }),
  v.object({ v: version, kind: v.literal('content'), value: contentRulesSchema }),
]);

const withNulls = (input: InventoryEntity): unknown =>
  JSON.parse(JSON.stringify({ v: 1, ...input }, (_, value) => (value === undefined ? null : value)));

/** The keys come in the schema's order, so equal entities have equal texts however they were made. */
export const printEntity = (input: InventoryEntity): string => {
  const { v: _, kind, value } = v.parse(entity, withNulls(input));
  return JSON.stringify({ v: 1, kind, value }, (_key, one) => (one === undefined ? null : one));
};

/** Throws WireError on anything that `printEntity` of this or a compatible version did not write. */
export const parseEntity = (text: string): InventoryEntity => {
  try {
    const { kind, value } = v.parse(entity, JSON.parse(text));
    return { kind, value } as InventoryEntity;
  } catch (cause) {
    throw new WireError('not an inventory entity of version 1', { cause });
  }
};

/** `host/ID`, `category/ID`, `site/ID`, `settings`, `locks`, `content`: how people and logs call it. */
export const entityName = (input: InventoryEntity): string => (isSingle(input) ? input.kind : `${input.kind}/${input.value.id}`);
