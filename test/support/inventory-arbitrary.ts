import fc from 'fast-check';
import { DRAIN_FAILURES, DRAIN_SCOPES, type DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { AccessPolicy } from '#domain/inventory/access-policy.ts';
import type { Category, Host, Inventory, Master, NetworkSettings, RepositoryRule, Site } from '#domain/inventory/inventory.ts';
import { anyContentRules } from './content-rules-arbitrary.ts';
import { anyLockRules } from './lock-rules-arbitrary.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const id = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const count = fc.nat({ max: 1_000_000 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(arbitrary, { maxLength: 3 });

export const anySite: fc.Arbitrary<Site> = fc.record({
  id,
  name: text,
  private: fc.boolean(),
  ownerActive: fc.boolean(),
  adminActive: fc.boolean(),
  url: maybe(text),
  contacts: few(text),
  admins: few(text),
});

const anyMaster: fc.Arbitrary<Master> = fc.oneof(
  fc.record({ kind: fc.constant('directory' as const), path: text }),
  fc.record({ kind: fc.constant('rsync' as const), url: text, headsUrl: text }),
  fc.record({ kind: fc.constant('fullfiletimelist' as const), listUrl: text, stripPrefix: text, headsUrl: text }),
  fc.record({ kind: fc.constant('heads-only' as const), url: text, repositories: few(text) }),
);

const anyRule: fc.Arbitrary<RepositoryRule> = fc.oneof(
  fc.record({ kind: fc.constant('ignore' as const), match: text }),
  fc.record({
    kind: fc.constant('repository' as const),
    match: text,
    type: fc.constantFrom('rpm' as const, 'apt' as const, 'files' as const),
    repo: text,
    arch: text,
    directory: maybe(text),
  }),
);

export const anyCategory: fc.Arbitrary<Category> = fc.record({
  id,
  topDirectory: text,
  master: anyMaster,
  excludes: few(text),
  rules: few(anyRule),
  alternates: fc.record({ propagationMs: count, staleMs: count }),
  schedule: fc.record({
    scanMasterMs: count,
    reachMs: count,
    headsMs: count,
    sampleMs: count,
    fullMs: count,
    probeAfterChangeMs: few(count),
  }),
});

export const anyHost = (site: fc.Arbitrary<string> = id, category: fc.Arbitrary<string> = id): fc.Arbitrary<Host> =>
  fc.record({
    id,
    site,
    country: fc.constantFrom('DE', 'US', 'NZ'),
    bandwidthMbps: count,
    private: fc.boolean(),
    ownerActive: fc.boolean(),
    adminActive: fc.boolean(),
    asn: maybe(count),
    asnClients: fc.boolean(),
    peerAsns: few(count),
    netblocks: few(text),
    countriesAllowed: few(fc.constantFrom('DE', 'US')),
    carries: few(fc.record({ category, urls: few(text), alwaysCurrent: fc.boolean() })),
    region: maybe(id),
    provider: maybe(id),
    tier: maybe(fc.integer({ min: 1, max: 3 })),
    comment: maybe(text),
    contacts: few(text),
    pending: fc.boolean(),
  });

const anyAccess: fc.Arbitrary<AccessPolicy> = fc.record({
  administratorGroups: few(text),
  userClaim: text,
  groupsClaim: text,
  siteCreation: fc.constantFrom('anyone' as const, 'administrators' as const),
  minimumPrefix: fc.record({ ipv4: count, ipv6: count }),
});

const anyDrain: fc.Arbitrary<DrainPolicy> = fc.record({
  groups: few(
    fc.record({ scope: fc.constantFrom(...DRAIN_SCOPES), categories: few(id), minInService: count, maxDraining: count }),
  ),
  leaseMs: count,
  maximumMs: count,
  ticketMs: count,
  cacheBudgetMs: count,
  onFailure: fc.constantFrom(...DRAIN_FAILURES),
  lapsedAlarmMs: count,
});

export const anySettings: fc.Arbitrary<NetworkSettings> = fc.record({
  name: text,
  answer: fc.record({ minimumHosts: count, maximumHosts: count, embargoedCountries: few(text) }),
  crawl: fc.record({
    contact: text,
    allowedAddresses: few(text),
    allowedPorts: fc.oneof(fc.constant('any' as const), few(count)),
    requestsPerCheck: count,
    connectionsPerHost: count,
  }),
  guard: fc.record({ maximumShrinkShare: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0) }),
  access: anyAccess,
  drain: anyDrain,
  aliases: few(fc.record({ from: text, to: text })),
  disabled: few(fc.record({ repo: text, arch: maybe(text) })),
  countryOverrides: few(fc.record({ netblock: text, country: text })),
  continentOverrides: few(fc.record({ country: text, continent: text })),
});

const byId = <T extends { readonly id: string }>(arbitrary: fc.Arbitrary<T>, maxLength: number): fc.Arbitrary<readonly T[]> =>
  fc
    .uniqueArray(arbitrary, { selector: (one) => one.id, maxLength, minLength: 1 })
    .map((all) => all.toSorted((left, right) => (left.id < right.id ? -1 : 1)));

/** References hold; lists are in the order of their ids. Some networks have locks, and some have content. */
export const anyInventory = (hosts = 6): fc.Arbitrary<Inventory> =>
  fc
    .tuple(anySettings, byId(anySite, 4), byId(anyCategory, 4), maybe(anyLockRules), maybe(anyContentRules))
    .chain(([settings, sites, categories, locks, content]) =>
      byId(
        anyHost(fc.constantFrom(...sites.map((one) => one.id)), fc.constantFrom(...categories.map((one) => one.id))),
        hosts,
      ).map((all) => ({
        settings,
        sites,
        categories,
        hosts: all,
        ...(locks !== undefined && { locks }),
        ...(content !== undefined && { content }),
      })),
    );
