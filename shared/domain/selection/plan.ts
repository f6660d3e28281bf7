/**
 * Which tier a host is in, for one client: netblocks it registered (longest prefix first), its network (ASN), the client's
 * country, the continent, everywhere. A client that names countries replaces its own place by them: then netblocks and networks
 * do not count, and nothing farther follows. When the named countries have no current host, their continents are tried, then the
 * client's own place. Private hosts are in netblock and network tiers only. MirrorManager's order, with one change: `country=de,global`
 * puts Germany before the rest of the world instead of mixing them.
 */
import type { CountryCode } from '../inventory/inventory.ts';
import type { SnapshotHost } from '../snapshot/document.ts';
import type { SnapshotView } from '../snapshot/view.ts';
import type { Client } from './client.ts';
import type { Tier } from './selection.ts';

export const EVERYWHERE = 'GLOBAL';

export interface TierPlan {
  readonly tiers: readonly Tier[];
  /** Position in `tiers`; `undefined`: this plan has no place for the host. */
  tierOf(hostIndex: number, host: SnapshotHost): number | undefined;
  /** True: the last tier is only for lists that would be too short without it. */
  readonly lastIsFallback: boolean;
}

type PlaceTest = (host: SnapshotHost) => boolean;
interface Place {
  readonly tier: Tier;
  readonly test: PlaceTest;
}

const inCountries = (countries: readonly CountryCode[]): Place => ({
  tier: { kind: 'country', countries },
  test: (host) => countries.includes(host.country),
});

const everywhere: Place = { tier: { kind: 'global' }, test: () => true };

const onContinents = (view: SnapshotView, countries: readonly CountryCode[]): Place | undefined => {
  const continents = [...new Set(countries.flatMap((country) => view.continent(country) ?? []))];
  if (continents.length === 0) return undefined;
  return {
    tier: { kind: 'continent', continents },
    test: (host) => {
      const continent = view.continent(host.country);
      return continent !== undefined && continents.includes(continent);
    },
  };
};

const present = (places: readonly (Place | undefined)[]): Place[] => places.filter((place) => place !== undefined);

/** Tiers that hosts chose themselves: netblock levels, then the network. */
const ownTiers = (
  view: SnapshotView,
  client: Client,
): { readonly tiers: Tier[]; readonly ranks: ReadonlyMap<number, number> } => {
  const tiers: Tier[] = [];
  const ranks = new Map<number, number>();
  const add = (tier: Tier, hosts: ArrayLike<number>): void => {
    if (hosts.length === 0) return;
    for (let i = 0; i < hosts.length; i += 1) {
      const host = hosts[i] ?? 0;
      if (!ranks.has(host)) ranks.set(host, tiers.length);
    }
    tiers.push(tier);
  };
  if (client.netblock !== undefined) {
    for (const level of view.netblockChain(client.netblock)) add({ kind: 'netblock', netblock: level.netblock }, level.hosts);
  }
  if (client.asn !== undefined) add({ kind: 'asn', asn: client.asn }, view.hostsOfAsn(client.asn));
  return { tiers, ranks };
};

const NO_OWN = { tiers: [], ranks: new Map<number, number>() };

const planOf = (
  own: { readonly tiers: readonly Tier[]; readonly ranks: ReadonlyMap<number, number> },
  places: readonly Place[],
  lastIsFallback: boolean,
): TierPlan => ({
  tiers: [...own.tiers, ...places.map((place) => place.tier)],
  lastIsFallback,
  tierOf: (hostIndex, host) => {
    const rank = own.ranks.size === 0 ? undefined : own.ranks.get(hostIndex);
    if (rank !== undefined) return rank;
    if (host.private) return undefined;
    for (let i = 0; i < places.length; i += 1) {
      if (places[i]?.test(host) === true) return own.tiers.length + i;
    }
    return undefined;
  },
});

const placesOfClient = (view: SnapshotView, client: Client): Place[] =>
  client.country === undefined
    ? [everywhere]
    : present([inCountries([client.country]), onContinents(view, [client.country]), everywhere]);

/** In the order to try; the first that gives a current host is the one. Never empty. */
export const tierPlans = (
  view: SnapshotView,
  client: Client,
  asked: { readonly countries: readonly CountryCode[]; readonly netblock: boolean },
): TierPlan[] => {
  if (asked.countries.length === 0) {
    return [planOf(asked.netblock ? ownTiers(view, client) : NO_OWN, placesOfClient(view, client), true)];
  }
  const named = asked.countries.filter((country) => country !== EVERYWHERE);
  const global = asked.countries.includes(EVERYWHERE) ? everywhere : undefined;
  const continent = onContinents(view, named);
  return [
    planOf(NO_OWN, present([named.length > 0 ? inCountries(named) : undefined, global]), false),
    ...(continent === undefined ? [] : [planOf(NO_OWN, [continent], false)]),
    planOf(NO_OWN, placesOfClient(view, client), true),
  ];
};
