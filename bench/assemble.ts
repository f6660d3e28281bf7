// Assembling and packing the snapshot from generated measurements at Fedora's scale: 190,000 directories, 750 hosts, 3,150
// repositories, mirrors in sync, behind, lossy and new. Time is CPU time of one run each, after one to warm up.
import { parseArgs } from 'node:util';
import type { Facts, HeadSeen, Observation } from '#domain/crawl/observation.ts';
import { DEFAULT_DRAIN_POLICY } from '#domain/drain/drain-policy.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { Category, Host, Inventory } from '#domain/inventory/inventory.ts';
import type { Head, Manifest, ManifestDirectory, RepositoryRecord } from '#domain/master/manifest.ts';
import { assembleSnapshot } from '#domain/snapshot/assemble.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';
import { seededRandom } from './network/random.ts';

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const CATEGORIES = 7;
const REPOSITORIES = 450;
const DIRECTORIES_PER_REPOSITORY = 42;
const LOOSE = 8_200;
const HOSTS = 750;
const NOW = Date.UTC(2026, 0, 15);
const DAY = 86_400_000;
const random = seededRandom(7);
const hex = (seed: string): string => Buffer.from(seed.padEnd(32, '.')).toString('hex');

const head = (name: string, ageMs: number): Head => ({
  sizeBytes: 4_000,
  timestampSeconds: (NOW - ageMs) / 1000,
  hashes: { md5: hex(name).slice(0, 32), sha1: hex(name).slice(0, 40), sha256: hex(name), sha512: hex(name) + hex(name) },
  firstSeenMs: NOW - ageMs,
});

const manifestOf = (category: string): Manifest => {
  const directories: Omit<ManifestDirectory, 'id'>[] = [];
  const repositories: RepositoryRecord[] = [];
  const add = (path: string, changedIn: number): void => {
    directories.push({ path, modifiedSeconds: 1, fingerprint: hex(path), changedIn, readable: true, sample: [] });
  };
  for (let index = 0; index < REPOSITORIES; index += 1) {
    const directory = `releases/${Math.floor(index / 10)}/Everything/arch${index % 10}/os`;
    const changedIn = index % 20 === 0 ? 3 : 1;
    const name = `${category}${index}`;
    repositories.push({
      repo: `repo-${category}-${Math.floor(index / 10)}`,
      arch: `arch${index % 10}`,
      type: 'rpm',
      directory,
      headPath: `${directory}/repodata/repomd.xml`,
      heads: [head(`${name}b`, DAY / 2), head(`${name}a`, 9 * DAY)],
    });
    add(directory, 1);
    add(`${directory}/repodata`, changedIn);
    for (let part = 0; part < DIRECTORIES_PER_REPOSITORY - 2; part += 1) add(`${directory}/Packages/${part}`, changedIn);
  }
  for (let index = 0; index < LOOSE; index += 1) add(`images/${index}`, index % 50 === 0 ? 3 : 1);
  const sorted = directories
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map((directory, index) => ({ ...directory, id: index + 1 }));
  return { category, generation: 3, createdMs: NOW, nextDirectoryId: 10 ** 6, directories: sorted, repositories };
};

const factsOf = (manifest: Manifest, kind: number): Facts => {
  const heads = Object.fromEntries(
    manifest.repositories.map(({ headPath, heads: [newest, earlier] }, index): [string, HeadSeen] => {
      const behind = kind % 3 === 1 && index % 20 === 0 ? earlier : newest;
      return [headPath, { kind: 'digest', sha256: behind?.hashes.sha256 ?? '' }];
    }),
  );
  // Mirrors that are behind exclude what changed; lossy ones a share of everything; new ones thousands nobody proved.
  const share = [0.0, 0.02, 0.1][kind % 3] ?? 0;
  const excluded = manifest.directories.filter(({ changedIn }) => (kind % 3 === 1 && changedIn === 3) || random.next() < share);
  return { category: manifest.category, heads, excluded: excluded.map(({ id }) => id).toSorted((a, b) => a - b) };
};

const schedule = {
  scanMasterMs: 300_000,
  reachMs: 3_600_000,
  headsMs: 6 * 3_600_000,
  sampleMs: DAY,
  fullMs: 7 * DAY,
  probeAfterChangeMs: [],
};
const category = (id: string): Category => ({
  id,
  topDirectory: `pub/${id}`,
  master: { kind: 'directory', path: '/' },
  excludes: [],
  rules: [],
  alternates: { propagationMs: 3 * DAY, staleMs: 2 * DAY },
  schedule,
});

const ids = Array.from({ length: CATEGORIES }, (_, index) => `c${index}`);
const hosts = Array.from({ length: HOSTS }, (_, index): Host => {
  const id = `host${index}`;
  return {
    id,
    site: 's',
    country: 'DE',
    bandwidthMbps: 1_000,
    private: false,
    ownerActive: true,
    adminActive: true,
    asn: undefined,
    asnClients: false,
    peerAsns: [],
    netblocks: [],
    countriesAllowed: [],
    carries: ids.map((name) => ({ category: name, urls: [`https://${id}.example/pub/${name}`], alwaysCurrent: false })),
    region: undefined,
    provider: undefined,
    tier: undefined,
    comment: undefined,
    contacts: [],
    pending: false,
  };
});
const inventory: Inventory = {
  settings: {
    name: 'bench',
    answer: { minimumHosts: 5, maximumHosts: 200, embargoedCountries: [] },
    crawl: { contact: 'x@example.org', allowedAddresses: [], allowedPorts: [], requestsPerCheck: 100, connectionsPerHost: 1 },
    guard: { maximumShrinkShare: 0.2 },
    access: DEFAULT_ACCESS_POLICY,
    drain: DEFAULT_DRAIN_POLICY,
    aliases: [],
    disabled: [],
    countryOverrides: [],
    continentOverrides: [],
  },
  sites: [{ id: 's', name: 's', private: false, ownerActive: true, adminActive: true, url: undefined, contacts: [], admins: [] }],
  categories: ids.map(category),
  hosts,
};

/** Half of the hosts are in sync; the others hold one of a few dozen different facts per category. */
const KINDS = 30;
const manifests = ids.map(manifestOf);
const factsByName = new Map(
  manifests.flatMap((manifest) =>
    Array.from({ length: KINDS }, (_, kind) => [`${manifest.category}/${kind}`, factsOf(manifest, kind)] as const),
  ),
);
const observations = hosts.flatMap(({ id }, index) =>
  ids.map(
    (name): Observation => ({
      host: id,
      category: name,
      generation: 3,
      facts: `${name}/${index % 2 === 0 ? 0 : index % KINDS}`,
      health: [
        {
          protocol: 'https',
          state: 'ok',
          sinceMs: NOW,
          consecutiveFailures: 0,
          consecutiveSuccesses: 1,
          lastOkMs: NOW,
          evidence: { atMs: NOW, url: `https://${id}.example/pub/${name}`, text: 'HTTP 200' },
        },
      ],
      checkedMs: { reach: NOW, heads: NOW, sample: NOW },
      unproven: 0,
      behind: 0,
      notBeforeMs: 0,
      evidence: [],
    }),
  ),
);

const timed = <T>(work: () => T): { readonly result: T; readonly seconds: number } => {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (user + system) / 1e6 };
};
const assemble = () => assembleSnapshot(inventory, manifests, observations, factsByName, NOW);

const first = timed(assemble);
const second = timed(assemble);
const printed = timed(() => printSnapshot(second.result));
const figures = {
  directories: second.result.directories.length,
  carriers: second.result.carriers.length,
  repositories: second.result.repositories.length,
  standings: second.result.standings.length,
  firstAssembleSeconds: first.seconds,
  assembleSeconds: second.seconds,
  printSeconds: printed.seconds,
  snapshotBytes: printed.result.length,
  rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
};
if (flags.json) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(22)} ${value}`);
