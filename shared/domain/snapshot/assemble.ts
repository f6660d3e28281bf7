/**
 * Builds the snapshot document from everything declared and everything measured. It is a pure function whose result does not
 * depend on the order of its inputs and holds no time of its own, so the same state of the network always prints the same bytes.
 * Every host is in it, offered or not. Every carrier that serves stands in each repository and directory of its category in
 * exactly one way; every other carrier stands in none, and its own state says why. When two categories claim one path, the one
 * with the deeper top directory has it.
 */
import { sitesById, switchState } from '../crawl/carriage.ts';
import type { Facts, FactsName, Observation } from '../crawl/observation.ts';
import type { SyncPair } from '../drain/drain-state.ts';
import { type Coverage, coverageOf } from '../freshness/coverage.ts';
import { differsEverywhere } from '../freshness/differs-everywhere.ts';
import { CONTINENTS, COUNTRIES } from '../inventory/countries.ts';
import type { Category, CategoryId, EpochMs, Host, Inventory, NetworkSettings, Site } from '../inventory/inventory.ts';
import type { Manifest, RepositoryRecord } from '../master/manifest.ts';
import { type AssessedCarrier, assessCarrier, type CarrierSubject, looseGeneration } from './carriers.ts';
import { type CategoryStandings, categoryStandings, type Profile } from './category-standings.ts';
import type { SnapshotCarrier, SnapshotDirectory, SnapshotDocument, SnapshotHost, SnapshotRepository } from './document.ts';
import { type DrainableCarrier, drainedCarriers } from './drained-carriers.ts';
import { type StandingsTable, standingsTable } from './standings-table.ts';

export type FactsByName = ReadonlyMap<FactsName, Facts>;

const MAXIMUM_WEIGHT = 100_000;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byId = (a: { readonly id: string }, b: { readonly id: string }): number => byText(a.id, b.id);
const ascending = (a: number, b: number): number => a - b;

const join = (top: string, path: string): string => (top === '' || path === '' ? top + path : `${top}/${path}`);

const snapshotHost = (host: Host, site: Site | undefined): SnapshotHost => ({
  id: host.id,
  site: host.site,
  country: host.country,
  weight: Math.min(MAXIMUM_WEIGHT, Math.max(1, Math.round(host.bandwidthMbps))),
  private: host.private || site?.private === true,
  countriesAllowed: [...new Set(host.countriesAllowed)].sort(byText),
  asns: [...new Set([...(host.asn !== undefined && host.asnClients ? [host.asn] : []), ...host.peerAsns])].sort(ascending),
  netblocks: [...new Set(host.netblocks)].sort(byText),
});

interface Assessed {
  readonly index: number;
  readonly subject: CarrierSubject;
  readonly carrier: AssessedCarrier;
}

/** Carriers with the same facts stand alike; the others of a category do not stand at all. */
const profilesOf = (assessed: readonly Assessed[], nowMs: EpochMs): readonly Profile[] => {
  const groups = new Map<string, Profile & { readonly carriers: number[] }>();
  for (const { index, subject, carrier } of assessed) {
    if (carrier.state !== 'serving') continue;
    const { alwaysCurrent } = subject.carriage;
    const compared = looseGeneration(subject, nowMs);
    const key = alwaysCurrent ? 'always' : `${subject.observation?.facts} ${compared}`;
    const group = groups.get(key);
    if (group === undefined)
      groups.set(key, { carriers: [index], alwaysCurrent, facts: subject.facts, looseGeneration: compared });
    else group.carriers.push(index);
  }
  return [...groups.values()];
};

const isDisabled = (settings: NetworkSettings, { repo, arch }: RepositoryRecord): boolean =>
  settings.disabled.some((rule) => rule.repo === repo && (rule.arch === undefined || rule.arch === arch));

interface CategoryInput {
  readonly category: Category;
  readonly index: number;
  readonly manifest: Manifest;
  readonly standings: CategoryStandings;
}

const snapshotDirectories = ({ category, index, manifest, standings }: CategoryInput): readonly SnapshotDirectory[] =>
  manifest.directories
    .filter(({ readable }) => readable)
    .map((directory) => ({
      path: join(category.topDirectory, directory.path),
      category: index,
      standings: standings.directory(directory),
    }));

const snapshotRepositories = (input: CategoryInput, settings: NetworkSettings): readonly SnapshotRepository[] =>
  input.manifest.repositories.flatMap((record) => {
    const standing = input.standings.repositories.get(record.headPath);
    if (standing === undefined) return [];
    return {
      repo: record.repo,
      arch: record.arch,
      type: record.type,
      category: input.index,
      disabled: isDisabled(settings, record),
      directory: join(input.category.topDirectory, record.directory),
      headPath: join(input.category.topDirectory, record.headPath),
      heads: standing.heads,
      standings: standing.standings,
    };
  });

/** Sorted, and of those with equal keys only the first. */
const sortedUnique = <T>(items: readonly T[], compare: (a: T, b: T) => number): readonly T[] => {
  const sorted = items.toSorted(compare);
  return sorted.filter((item, index) => {
    const before = sorted[index - 1];
    return before === undefined || compare(before, item) !== 0;
  });
};

const continentsOf = (settings: NetworkSettings): SnapshotDocument['continents'] => {
  const known: readonly string[] = CONTINENTS;
  const all = new Map<string, string>(COUNTRIES);
  for (const { country, continent } of settings.continentOverrides) if (known.includes(continent)) all.set(country, continent);
  return [...all].map(([country, continent]) => ({ country, continent })).sort((a, b) => byText(a.country, b.country));
};

const documentSettings = ({ name, answer }: NetworkSettings): SnapshotDocument['settings'] => ({
  network: name,
  minimumHosts: answer.minimumHosts,
  maximumHosts: answer.maximumHosts,
  embargoedCountries: [...new Set(answer.embargoedCountries)].sort(byText),
});

interface Assembly {
  readonly hosts: readonly Host[];
  readonly sites: ReadonlyMap<string, Site>;
  readonly observations: ReadonlyMap<string, Observation>;
  readonly factsByName: FactsByName;
  /** Keyed like observations. */
  readonly pairs: ReadonlyMap<string, SyncPair>;
  readonly settings: NetworkSettings;
  readonly carriers: SnapshotCarrier[];
  readonly table: StandingsTable;
  readonly nowMs: EpochMs;
}

const subjectsOf = (assembly: Assembly, category: Category): (readonly [number, CarrierSubject])[] =>
  assembly.hosts.flatMap((host, hostIndex) => {
    const carriage = host.carries.find((carried) => carried.category === category.id);
    if (carriage === undefined) return [];
    const observation = assembly.observations.get(`${host.id}/${category.id}`);
    const facts = observation?.facts === undefined ? undefined : assembly.factsByName.get(observation.facts);
    const site = assembly.sites.get(host.site);
    const switches = switchState(host, site);
    const known = { observation, facts, private: host.private || site?.private === true };
    return [[hostIndex, { carriage, schedule: category.schedule, switches, ...known }] as const];
  });

/** What was measured of a carrier, the whole category considered. */
const measured = (subject: CarrierSubject, coverage: Coverage, nowMs: EpochMs): AssessedCarrier => {
  const found = assessCarrier(subject, nowMs);
  const { facts, carriage } = subject;
  const compared = found.state === 'serving' && facts !== undefined && !carriage.alwaysCurrent;
  return compared && differsEverywhere(facts, coverage) ? { ...found, state: 'differs-everywhere' } : found;
};

/** Adds the category's carriers, and works out how they stand. */
const assembleCategory = (assembly: Assembly, category: Category, index: number, manifest: Manifest): CategoryInput => {
  const coverage = coverageOf(manifest);
  const subjects = subjectsOf(assembly, category);
  const drainable = subjects.flatMap(([at, subject]): DrainableCarrier[] => {
    const host = assembly.hosts[at];
    if (host === undefined) return [];
    const carrier = measured(subject, coverage, assembly.nowMs);
    return [{ host, site: assembly.sites.get(host.site), carrier, pair: assembly.pairs.get(`${host.id}/${category.id}`) }];
  });
  const carriers = drainedCarriers(category.id, drainable, assembly.settings.drain);
  const assessed = subjects.flatMap(([host, subject], at): Assessed[] => {
    const carrier = carriers[at];
    if (carrier === undefined) return [];
    assembly.carriers.push({ host, category: index, ...carrier });
    return [{ index: assembly.carriers.length - 1, subject, carrier }];
  });
  const profiles = profilesOf(assessed, assembly.nowMs);
  const standings = categoryStandings(coverage, category.alternates, profiles, assembly.table, assembly.nowMs);
  return { category, index, manifest, standings };
};

const emptyManifest = (category: CategoryId): Manifest => ({
  category,
  generation: 0,
  createdMs: 0,
  nextDirectoryId: 0,
  directories: [],
  repositories: [],
});

export const assembleSnapshot = (
  inventory: Inventory,
  manifests: readonly Manifest[],
  observations: readonly Observation[],
  factsByName: FactsByName,
  nowMs: EpochMs,
  pairs: readonly SyncPair[] = [],
): SnapshotDocument => {
  const { settings } = inventory;
  const sites = sitesById(inventory);
  const hosts = inventory.hosts.toSorted(byId);
  const categories = inventory.categories.toSorted(byId);
  const manifestOf = new Map(manifests.map((manifest) => [manifest.category, manifest]));
  const assembly: Assembly = {
    hosts,
    sites,
    observations: new Map(observations.map((observation) => [`${observation.host}/${observation.category}`, observation])),
    factsByName,
    pairs: new Map(pairs.map((pair) => [`${pair.host}/${pair.category}`, pair])),
    settings,
    carriers: [],
    table: standingsTable(),
    nowMs,
  };
  const inputs = categories.map((category, index) =>
    assembleCategory(assembly, category, index, manifestOf.get(category.id) ?? emptyManifest(category.id)),
  );
  const deepestFirst = inputs.toSorted(
    (a, b) => b.category.topDirectory.length - a.category.topDirectory.length || a.index - b.index,
  );
  const directories = sortedUnique(deepestFirst.flatMap(snapshotDirectories), (a, b) => byText(a.path, b.path));
  const repositories = sortedUnique(
    inputs.flatMap((input) => snapshotRepositories(input, settings)),
    (a, b) => byText(a.repo, b.repo) || byText(a.arch, b.arch),
  );
  return {
    settings: documentSettings(settings),
    categories: categories.map(({ id, topDirectory }) => ({ id, topDirectory })),
    hosts: hosts.map((host) => snapshotHost(host, sites.get(host.site))),
    carriers: assembly.carriers,
    standings: assembly.table.entries,
    directories,
    repositories,
    aliases: settings.aliases.toSorted((a, b) => byText(a.from, b.from)),
    countryOverrides: settings.countryOverrides.toSorted((a, b) => byText(a.netblock, b.netblock)),
    continents: continentsOf(settings),
  };
};
