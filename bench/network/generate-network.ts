/**
 * A network at the scale of Fedora's, as published and measured for MirrorManager's cache: 750 hosts, 2,400 URLs, 190,000
 * directories, 3,150 repository and architecture pairs, 4,000 netblocks. Countries, bandwidths and private hosts follow what is
 * known of the real one; names are invented. The same seed gives the same document.
 */
import { createHash } from 'node:crypto';
import type { Head } from '#domain/master/manifest.ts';
import type {
  CarrierState,
  SnapshotCarrier,
  SnapshotCategory,
  SnapshotDirectory,
  SnapshotDocument,
  SnapshotHost,
  SnapshotRepository,
  SnapshotUrl,
  Standings,
} from '#domain/snapshot/document.ts';
import { type Random, seededRandom } from './random.ts';

export interface NetworkScale {
  readonly hosts: number;
  readonly urls: number;
  readonly directories: number;
  readonly repositories: number;
  readonly netblocks: number;
  readonly standingsPerCategory: number;
  readonly maximumHosts: number;
}

export const FEDORA_SCALE: NetworkScale = {
  hosts: 750,
  urls: 2_400,
  directories: 190_000,
  repositories: 3_150,
  netblocks: 4_000,
  standingsPerCategory: 40,
  maximumHosts: 92,
};

const NOW_MS = Date.UTC(2026, 10, 21);

/** Country, continent, share of the public hosts. */
const COUNTRIES: readonly (readonly [string, string, number])[] = [
  ['US', 'NA', 17],
  ['DE', 'EU', 11],
  ['FR', 'EU', 5],
  ['GB', 'EU', 4],
  ['NL', 'EU', 4],
  ['CZ', 'EU', 3],
  ['SE', 'EU', 3],
  ['CH', 'EU', 2],
  ['PL', 'EU', 3],
  ['IT', 'EU', 2],
  ['ES', 'EU', 2],
  ['AT', 'EU', 2],
  ['DK', 'EU', 2],
  ['FI', 'EU', 1],
  ['NO', 'EU', 1],
  ['PT', 'EU', 1],
  ['GR', 'EU', 1],
  ['HU', 'EU', 1],
  ['RO', 'EU', 2],
  ['BG', 'EU', 2],
  ['UA', 'EU', 2],
  ['RU', 'EU', 3],
  ['CA', 'NA', 3],
  ['MX', 'NA', 1],
  ['CR', 'NA', 1],
  ['BR', 'SA', 3],
  ['AR', 'SA', 1],
  ['CL', 'SA', 1],
  ['EC', 'SA', 1],
  ['JP', 'AS', 4],
  ['CN', 'AS', 5],
  ['TW', 'AS', 3],
  ['KR', 'AS', 2],
  ['IN', 'AS', 2],
  ['SG', 'AS', 2],
  ['TH', 'AS', 1],
  ['ID', 'AS', 2],
  ['VN', 'AS', 1],
  ['IR', 'AS', 1],
  ['KZ', 'AS', 1],
  ['TR', 'AS', 1],
  ['AU', 'OC', 3],
  ['NZ', 'OC', 2],
  ['NC', 'OC', 1],
  ['ZA', 'AF', 2],
  ['KE', 'AF', 1],
  ['MU', 'AF', 1],
];
const COUNTRY_POOL = COUNTRIES.flatMap(([country, , share]) => new Array<string>(share).fill(country));

/** Name, top directory, share of hosts that carry it, share of the repositories. */
const CATEGORIES: readonly (readonly [string, string, number, number])[] = [
  ['linux', 'pub/fedora/linux', 0.62, 0.35],
  ['epel', 'pub/epel', 0.55, 0.2],
  ['secondary', 'pub/fedora-secondary', 0.14, 0.2],
  ['archive', 'pub/archive', 0.1, 0.19],
  ['other', 'pub/alt', 0.08, 0.03],
  ['codecs', 'pub/codecs', 0.04, 0.01],
  ['eln', 'pub/eln', 0.04, 0.01],
  ['stream', 'pub/stream', 0.1, 0.01],
];
const ARCHES = ['x86_64', 'aarch64', 'ppc64le', 's390x', 'i386', 'armhfp', 'source', 'riscv64'];
const WEIGHTS = [100, 100, 200, 500, 1_000, 1_000, 1_000, 2_000, 5_000, 10_000, 10_000, 20_000, 40_000, 100_000];

const PRIVATE_SHARE = 0.4;
const LETTERS = [...'0123456789abcdefghijklmnopqrstuvwxyz'];

const netblocksOf = (random: Random, count: number): string[] =>
  Array.from({ length: count }, () =>
    random.chance(0.15)
      ? `2001:${random.below(0xffff).toString(16)}:${random.below(0xffff).toString(16)}::/48`
      : `${11 + random.below(180)}.${random.below(256)}.${random.below(64) * 4}.0/${random.pick([19, 20, 21, 22])}`,
  );

const makeHosts = (random: Random, scale: NetworkScale): SnapshotHost[] => {
  const owners = Math.round(scale.hosts * 0.25);
  const share = (owner: number): number => Math.floor((owner * scale.netblocks) / owners);
  return Array.from(
    { length: scale.hosts },
    (_, index): SnapshotHost => ({
      id: `mirror-${index}.example`,
      site: `site-${Math.floor(index / 1.3)}`,
      country: random.pick(COUNTRY_POOL),
      weight: random.pick(WEIGHTS),
      private: random.chance(PRIVATE_SHARE),
      countriesAllowed: random.chance(0.02) ? [random.pick(COUNTRY_POOL)] : [],
      asns: random.chance(0.45) ? [1_000 + random.below(60_000)] : [],
      netblocks: index < owners ? netblocksOf(random, share(index + 1) - share(index)) : [],
    }),
  );
};

const stateOf = (random: Random): CarrierState => {
  if (random.chance(0.88)) return 'serving';
  return random.pick(['down', 'down', 'facts-too-old', 'switched-off-by-owner', 'switched-off-by-admin', 'never-verified']);
};

const urlsOf = (random: Random, host: number, top: string): SnapshotUrl[] => {
  const protocols = random.chance(0.12)
    ? (['http'] as const)
    : random.chance(0.75)
      ? (['https', 'http'] as const)
      : (['https', 'http', 'rsync'] as const);
  return protocols.map((protocol) => ({
    protocol,
    url: `${protocol}://mirror-${host}.university-${host % 97}.example/${top.replace('pub', 'mirrors')}`,
  }));
};

const makeCarriers = (random: Random, scale: NetworkScale): SnapshotCarrier[] => {
  const carriers: SnapshotCarrier[] = [];
  let urls = 0;
  for (let host = 0; host < scale.hosts; host += 1) {
    CATEGORIES.forEach(([, top, share], category) => {
      if (urls >= scale.urls || !random.chance(share)) return;
      const own = urlsOf(random, host, top);
      urls += own.length;
      const evidence = { atMs: NOW_MS - random.below(3_600_000), url: `${own[0]?.url}/`, text: 'HTTP 200' };
      carriers.push({ host, category, state: stateOf(random), urls: own, evidence });
    });
  }
  return carriers;
};

const makeStandings = (random: Random, carriers: readonly SnapshotCarrier[], category: number): Standings => {
  const lists = {
    current: [] as number[],
    alternate: [] as number[],
    stale: [] as number[],
    absent: [] as number[],
    unproven: [] as number[],
  };
  carriers.forEach((carrier, index) => {
    if (carrier.category !== category || carrier.state !== 'serving') return;
    const draw = random.next();
    if (draw < 0.84) lists.current.push(index);
    else if (draw < 0.9) lists.alternate.push(index);
    else if (draw < 0.94) lists.stale.push(index);
    else if (draw < 0.97) lists.absent.push(index);
    else lists.unproven.push(index);
  });
  return lists;
};

const makeHead = (name: string, age: number): Head => {
  const digest = (algorithm: string): string => createHash(algorithm).update(name).digest('hex');
  return {
    sizeBytes: 3_000 + (name.length % 700),
    timestampSeconds: NOW_MS / 1000 - age,
    hashes: { md5: digest('md5'), sha1: digest('sha1'), sha256: digest('sha256'), sha512: digest('sha512') },
    firstSeenMs: NOW_MS - age * 1000,
  };
};

interface Places {
  readonly repositories: SnapshotRepository[];
  readonly directories: SnapshotDirectory[];
}

const makePlaces = (random: Random, scale: NetworkScale): Places => {
  const repositories: SnapshotRepository[] = [];
  const directories = new Map<string, SnapshotDirectory>();
  const perRepository = Math.floor(scale.directories / scale.repositories) - 3;
  CATEGORIES.forEach(([id, top, , share], category) => {
    const standings = (): number =>
      category * scale.standingsPerCategory + Math.floor(random.next() ** 2 * scale.standingsPerCategory);
    const add = (path: string): void => {
      directories.set(path, { path, category, standings: standings() });
    };
    add(top);
    for (let n = 0; n < Math.round(scale.repositories * share); n += 1) {
      const arch = ARCHES[n % ARCHES.length] ?? 'x86_64';
      const version = 43 - Math.floor(n / ARCHES.length);
      const repo = `${id === 'linux' ? 'fedora' : id}-${version < 1 ? `r${1 - version}` : version}`;
      const directory = `${top}/releases/${repo}/Everything/${arch}/os`;
      const heads = [0, 1].slice(0, random.chance(0.6) ? 2 : 1).map((k) => makeHead(`${repo}/${arch}/${k}`, 86_400 * (k + 1)));
      const headPath = `${directory}/repodata/repomd.xml`;
      repositories.push({
        repo,
        arch,
        type: 'rpm',
        category,
        disabled: false,
        directory,
        headPath,
        heads,
        standings: standings(),
      });
      for (const path of [`${top}/releases/${repo}`, directory, `${directory}/repodata`, `${directory}/Packages`]) add(path);
      for (let k = 0; k < perRepository; k += 1) {
        const letter = LETTERS[k % LETTERS.length] ?? '0';
        add(`${directory}/Packages/${letter}${k < LETTERS.length ? '' : `/${Math.floor(k / LETTERS.length)}`}`);
      }
    }
  });
  let filler = 0;
  while (directories.size < scale.directories) {
    const path = `pub/alt/stage/compose-${Math.floor(filler / 40)}/tree-${filler % 40}`;
    directories.set(path, { path, category: 4, standings: 4 * scale.standingsPerCategory });
    filler += 1;
  }
  const byPath = (a: SnapshotDirectory, b: SnapshotDirectory): number => (a.path < b.path ? -1 : 1);
  const byName = (a: SnapshotRepository, b: SnapshotRepository): number =>
    a.repo < b.repo || (a.repo === b.repo && a.arch < b.arch) ? -1 : 1;
  return {
    repositories: repositories.sort(byName),
    directories: [...directories.values()].sort(byPath).slice(0, scale.directories),
  };
};

export const generateNetwork = (scale: NetworkScale = FEDORA_SCALE, seed = 41): SnapshotDocument => {
  const random = seededRandom(seed);
  const carriers = makeCarriers(random, scale);
  const categories: SnapshotCategory[] = CATEGORIES.map(([id, topDirectory]) => ({ id, topDirectory }));
  return {
    settings: { network: 'generated', minimumHosts: 5, maximumHosts: scale.maximumHosts, embargoedCountries: ['KP'] },
    categories,
    hosts: makeHosts(random, scale),
    carriers,
    standings: categories.flatMap((_, category) =>
      Array.from({ length: scale.standingsPerCategory }, () => makeStandings(random, carriers, category)),
    ),
    ...makePlaces(random, scale),
    aliases: [{ from: 'rawhide', to: 'fedora-43' }],
    countryOverrides: [],
    continents: COUNTRIES.map(([country, continent]) => ({ country, continent })),
  };
};
