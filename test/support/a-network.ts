import { createHash } from 'node:crypto';
import { DEFAULT_DRAIN_POLICY } from '#domain/drain/drain-policy.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { Carriage, Category, Host, Inventory, Site } from '#domain/inventory/inventory.ts';
import type { Head, Manifest, ManifestDirectory, RepositoryRecord, SampleFile } from '#domain/master/manifest.ts';

/** A small network for tests of stages and rules: everything valid, everything replaceable. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 15, 12);

const hash = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');

/** What a repomd.xml of this test says; its digest makes a head. */
export const headText = (state: string): string => `<?xml version="1.0"?>\n<repomd><revision>${state}</revision></repomd>\n`;

export const aHead = (state: string, firstSeenMs = START - DAY): Head => ({
  sizeBytes: headText(state).length,
  timestampSeconds: Math.floor(firstSeenMs / 1000),
  hashes: {
    md5: hash('md5', headText(state)),
    sha1: hash('sha1', headText(state)),
    sha256: hash('sha256', headText(state)),
    sha512: hash('sha512', headText(state)),
  },
  firstSeenMs,
});

export const aFile = (name: string, sizeBytes = 100): SampleFile => ({ name, sizeBytes, modifiedSeconds: 1_000 });

export const aDirectory = (id: number, path: string, changed: Partial<ManifestDirectory> = {}): ManifestDirectory => ({
  id,
  path,
  modifiedSeconds: 1_000,
  fingerprint: hash('sha256', `${path}${changed.changedIn ?? 1}`),
  changedIn: 1,
  readable: true,
  sample: [aFile(`file-${id}`)],
  ...changed,
});

export const aRepository = (name: string, heads: readonly Head[], changed: Partial<RepositoryRecord> = {}): RepositoryRecord => ({
  repo: name,
  arch: 'x86_64',
  type: 'rpm',
  directory: `${name}/os`,
  headPath: `${name}/os/repodata/repomd.xml`,
  heads,
  ...changed,
});

const byPath = (a: ManifestDirectory, b: ManifestDirectory): number => (a.path < b.path ? -1 : 1);

/** Two rpm repositories, `alpha` (ids 1 to 3) and `beta` (4 to 6), and loose directories `iso` (7) and `doc` (8). */
export const aManifest = (changed: Partial<Manifest> = {}): Manifest => ({
  category: 'linux',
  generation: 1,
  createdMs: START,
  nextDirectoryId: 100,
  directories: [
    aDirectory(1, 'alpha/os'),
    aDirectory(2, 'alpha/os/repodata', { sample: [{ ...aFile('repomd.xml', aHead('alpha-1').sizeBytes) }] }),
    aDirectory(3, 'alpha/os/Packages'),
    aDirectory(4, 'beta/os'),
    aDirectory(5, 'beta/os/repodata', { sample: [{ ...aFile('repomd.xml', aHead('beta-1').sizeBytes) }] }),
    aDirectory(6, 'beta/os/Packages'),
    aDirectory(7, 'iso'),
    aDirectory(8, 'doc'),
  ].sort(byPath),
  repositories: [aRepository('alpha', [aHead('alpha-1')]), aRepository('beta', [aHead('beta-1')])],
  ...changed,
});

/** The manifest after `alpha` got a new head: generation 2. */
export const aChangedManifest = (firstSeenMs = START): Manifest => {
  const before = aManifest();
  return {
    ...before,
    generation: 2,
    directories: before.directories.map((directory) => {
      if (directory.id === 2) return { ...directory, changedIn: 2, sample: [aFile('repomd.xml', aHead('alpha-2').sizeBytes)] };
      return directory.id === 3 ? { ...directory, changedIn: 2, sample: [aFile('file-3', 200)] } : directory;
    }),
    repositories: [
      aRepository('alpha', [aHead('alpha-2', firstSeenMs), aHead('alpha-1')]),
      aRepository('beta', [aHead('beta-1')]),
    ],
  };
};

/** What a mirror that holds exactly this manifest serves: path to content of the sampled length. */
export const filesOf = (manifest: Manifest, states: Readonly<Record<string, string>>): Map<string, string> => {
  const files = new Map<string, string>();
  for (const { path, sample } of manifest.directories) {
    for (const { name, sizeBytes } of sample) files.set(path === '' ? name : `${path}/${name}`, 'x'.repeat(sizeBytes));
  }
  for (const { repo, headPath } of manifest.repositories) files.set(headPath, headText(states[repo] ?? ''));
  return files;
};

export const aSite = (id = 'site', changed: Partial<Site> = {}): Site => ({
  id,
  name: id,
  private: false,
  ownerActive: true,
  adminActive: true,
  url: undefined,
  contacts: [],
  admins: [],
  ...changed,
});

export const aCarriage = (host: string, changed: Partial<Carriage> = {}): Carriage => ({
  category: 'linux',
  urls: [`http://${host}.example.org/pub`],
  alwaysCurrent: false,
  ...changed,
});

export const aHost = (id: string, changed: Partial<Host> = {}): Host => ({
  id,
  site: 'site',
  country: 'DE',
  bandwidthMbps: 1000,
  private: false,
  ownerActive: true,
  adminActive: true,
  asn: undefined,
  asnClients: false,
  peerAsns: [],
  netblocks: [],
  countriesAllowed: [],
  carries: [aCarriage(id)],
  region: undefined,
  provider: undefined,
  tier: undefined,
  comment: undefined,
  contacts: [],
  pending: false,
  ...changed,
});

export const aCategory = (changed: Partial<Category> = {}): Category => ({
  id: 'linux',
  topDirectory: 'pub/linux',
  master: { kind: 'directory', path: '/srv/master' },
  excludes: [],
  rules: [],
  alternates: { propagationMs: 3 * DAY, staleMs: 2 * DAY },
  schedule: {
    scanMasterMs: 5 * MINUTE,
    reachMs: HOUR,
    headsMs: 6 * HOUR,
    sampleMs: DAY,
    fullMs: 7 * DAY,
    probeAfterChangeMs: [5 * MINUTE, 15 * MINUTE, 45 * MINUTE],
  },
  ...changed,
});

export const anInventory = (hosts: readonly Host[], changed: Partial<Inventory> = {}): Inventory => ({
  settings: {
    name: 'test',
    answer: { minimumHosts: 2, maximumHosts: 20, embargoedCountries: [] },
    crawl: {
      contact: 'admin@example.org',
      allowedAddresses: [],
      allowedPorts: 'any',
      requestsPerCheck: 100,
      connectionsPerHost: 2,
    },
    guard: { maximumShrinkShare: 0.2 },
    access: DEFAULT_ACCESS_POLICY,
    drain: DEFAULT_DRAIN_POLICY,
    aliases: [],
    disabled: [],
    countryOverrides: [],
    continentOverrides: [],
  },
  sites: [aSite()],
  categories: [aCategory()],
  hosts,
  ...changed,
});
