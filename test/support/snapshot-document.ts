import fc from 'fast-check';
import type { Head } from '#domain/master/manifest.ts';
import type {
  CarrierState,
  SnapshotCarrier,
  SnapshotDocument,
  SnapshotHost,
  SnapshotPointer,
  SnapshotRepository,
  Standings,
} from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';

export const aHead = (salt = 'a', over: Partial<Head> = {}): Head => ({
  sizeBytes: 4_096,
  timestampSeconds: 1_795_000_000,
  hashes: { md5: `${salt}md5`, sha1: `${salt}sha1`, sha256: `${salt}sha256`, sha512: `${salt}sha512` },
  firstSeenMs: 1_795_000_100_000,
  ...over,
});

export const aPointer: SnapshotPointer = {
  name: 'ab'.repeat(32),
  sequence: 7,
  publishedMs: Date.UTC(2026, 10, 21, 1, 55, 42),
  sizeBytes: 1_000,
};

/** `id country option…` with options `w=WEIGHT private allow=CC,CC asn=N net=CIDR alternate stale absent unproven down http`. */
export interface NetworkSketch {
  readonly hosts: readonly string[];
  readonly minimumHosts?: number;
  readonly maximumHosts?: number;
  readonly embargoed?: readonly string[];
  readonly type?: SnapshotRepository['type'];
  readonly disabled?: boolean;
  readonly aliases?: SnapshotDocument['aliases'];
}

const CONTINENTS: Readonly<Record<string, string>> = {
  DE: 'EU',
  FR: 'EU',
  SE: 'EU',
  US: 'NA',
  CA: 'NA',
  JP: 'AS',
  KP: 'AS',
  BR: 'SA',
};
const STATES: readonly CarrierState[] = [
  'down',
  'never-verified',
  'facts-too-old',
  'switched-off-by-owner',
  'switched-off-by-admin',
  'pending',
  'drained',
];

const sketchHost = (line: string): { readonly host: SnapshotHost; readonly options: readonly string[] } => {
  const [id = '', country = '', ...options] = line.split(' ');
  const list = (key: string): string[] =>
    options.filter((option) => option.startsWith(`${key}=`)).flatMap((option) => option.slice(key.length + 1).split(','));
  const host = {
    id,
    site: `site-of-${id}`,
    country,
    weight: Number(list('w')[0] ?? 100),
    private: options.includes('private'),
    countriesAllowed: list('allow'),
    asns: list('asn').map(Number),
    netblocks: list('net'),
  };
  return { host, options };
};

/** One category `linux` at pub/linux with the repository `linux-41` `x86_64` and the same standings for everything. */
export const sketchNetwork = (sketch: NetworkSketch): SnapshotDocument => {
  const rows = sketch.hosts.map(sketchHost);
  const carriers = rows.map(({ host, options }, index): SnapshotCarrier => {
    const protocols = options.includes('http')
      ? (['http'] as const)
      : options.includes('rsync')
        ? (['rsync'] as const)
        : (['https', 'http'] as const);
    return {
      host: index,
      category: 0,
      state: STATES.find((state) => options.includes(state)) ?? 'serving',
      urls: protocols.map((protocol) => ({ protocol, url: `${protocol}://${host.id}.example/linux` })),
      evidence: { atMs: 1_795_000_000_000, url: `https://${host.id}.example/`, text: `evidence of ${host.id}` },
    };
  });
  const listed = (name: keyof Standings): number[] =>
    rows.flatMap(({ options }, index) => {
      if (STATES.some((state) => options.includes(state))) return [];
      const named = (['alternate', 'stale', 'absent', 'unproven'] as const).find((one) => options.includes(one)) ?? 'current';
      return named === name ? [index] : [];
    });
  const directories = ['pub/linux', 'pub/linux/41', 'pub/linux/41/x86_64', 'pub/linux/41/x86_64/repodata'];
  return {
    settings: {
      network: 'sketch',
      minimumHosts: sketch.minimumHosts ?? 2,
      maximumHosts: sketch.maximumHosts ?? 20,
      embargoedCountries: sketch.embargoed ?? [],
    },
    categories: [{ id: 'linux', topDirectory: 'pub/linux' }],
    hosts: rows.map(({ host }) => host),
    carriers,
    standings: [
      {
        current: listed('current'),
        alternate: listed('alternate'),
        stale: listed('stale'),
        absent: listed('absent'),
        unproven: listed('unproven'),
      },
    ],
    directories: directories.map((path) => ({ path, category: 0, standings: 0 })),
    repositories: [
      {
        repo: 'linux-41',
        arch: 'x86_64',
        type: sketch.type ?? 'rpm',
        category: 0,
        disabled: sketch.disabled ?? false,
        directory: 'pub/linux/41/x86_64',
        headPath: 'pub/linux/41/x86_64/repodata/repomd.xml',
        heads: [aHead('new'), aHead('old')],
        standings: 0,
      },
    ],
    aliases: sketch.aliases ?? [],
    countryOverrides: [],
    continents: Object.entries(CONTINENTS).map(([country, continent]) => ({ country, continent })),
  };
};

export const viewOf = (document: SnapshotDocument): SnapshotView => openSnapshot(printSnapshot(document));

const COUNTRIES = ['DE', 'FR', 'SE', 'US', 'JP', 'KP', 'BR', 'XX'];
const NETBLOCKS = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '192.0.2.0/24',
  '2001:db8::/32',
  '2001:db8:1::/48',
  '::/0',
  '0.0.0.0/0',
];
export const ASNS = [64_500, 64_501, 4_200_000_000];

const anyText = fc.oneof(
  fc.stringMatching(/^[a-z0-9.-]{1,12}$/),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()),
);

const anyHost = (id: string): fc.Arbitrary<SnapshotHost> =>
  fc.record({
    id: fc.constant(id),
    site: anyText,
    country: fc.constantFrom(...COUNTRIES),
    weight: fc.integer({ min: 1, max: 100_000 }),
    private: fc.boolean(),
    countriesAllowed: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.uniqueArray(fc.constantFrom(...COUNTRIES), { maxLength: 3 }),
    ),
    asns: fc.uniqueArray(fc.constantFrom(...ASNS), { maxLength: 2 }).map((asns) => asns.sort((a, b) => a - b)),
    netblocks: fc.uniqueArray(fc.constantFrom(...NETBLOCKS), { maxLength: 3 }),
  });

const anyUrls = fc
  .subarray(['https', 'http', 'rsync'] as const, { minLength: 0 })
  .chain((protocols) =>
    fc.tuple(...protocols.map((protocol) => anyText.map((text) => ({ protocol, url: `${protocol}://${text}.example/x` })))),
  );

const anyCarrier = (host: number, category: number): fc.Arbitrary<SnapshotCarrier> =>
  fc.record({
    host: fc.constant(host),
    category: fc.constant(category),
    state: fc.oneof({ weight: 4, arbitrary: fc.constant('serving' as const) }, fc.constantFrom(...STATES)),
    urls: anyUrls,
    evidence: fc.option(fc.record({ atMs: fc.nat(), url: anyText, text: anyText }), { nil: undefined }),
  });

const anyStandings = (members: readonly number[]): fc.Arbitrary<Standings> =>
  fc
    .array(fc.constantFrom('current', 'current', 'current', 'alternate', 'stale', 'absent', 'unproven', 'none'), {
      minLength: members.length,
      maxLength: members.length,
    })
    .map((places) => {
      const list = (name: string): number[] => members.filter((_, index) => places[index] === name);
      return {
        current: list('current'),
        alternate: list('alternate'),
        stale: list('stale'),
        absent: list('absent'),
        unproven: list('unproven'),
      };
    });

const anyHead = fc.record({
  sizeBytes: fc.nat(),
  timestampSeconds: fc.nat(),
  hashes: fc.record({ md5: anyText, sha1: anyText, sha256: anyText, sha512: anyText }),
  firstSeenMs: fc.nat(),
});

const pathBelow = (top: string): fc.Arbitrary<string> =>
  fc
    .array(
      anyText.map((text) => text.replaceAll('/', '') || 'x'),
      { minLength: 0, maxLength: 3 },
    )
    .map((segments) => [top, ...segments].filter((part) => part !== '').join('/'));

const TOPS = ['pub/a', 'pub/b/c', ''];

interface Skeleton {
  readonly hosts: readonly SnapshotHost[];
  readonly carriers: readonly SnapshotCarrier[];
}

/** Standings row `category * perCategory + n` is about that category. */
const anyPlaces = ({ hosts, carriers }: Skeleton, categories: number): fc.Arbitrary<SnapshotDocument> => {
  const members = (category: number): number[] =>
    carriers.flatMap((carrier, index) => (carrier.category === category ? [index] : []));
  const place = fc
    .nat(categories - 1)
    .chain((category) => fc.record({ path: pathBelow(TOPS[category] ?? ''), category: fc.constant(category) }));
  return fc.record({
    settings: fc.record({
      network: anyText,
      minimumHosts: fc.integer({ min: 0, max: 4 }),
      maximumHosts: fc.integer({ min: 1, max: 8 }),
      embargoedCountries: fc.subarray(['KP', 'XX']),
    }),
    categories: fc.constant(TOPS.slice(0, categories).map((topDirectory, index) => ({ id: `category-${index}`, topDirectory }))),
    hosts: fc.constant(hosts),
    carriers: fc.constant(carriers),
    standings: fc.tuple(...Array.from({ length: categories }, (_, category) => anyStandings(members(category)))),
    directories: fc
      .uniqueArray(place, { selector: ({ path }) => path, maxLength: 8 })
      .map((places) => places.map((one) => ({ ...one, standings: one.category }))),
    repositories: fc.uniqueArray(
      fc
        .record({
          name: anyText,
          arch: fc.oneof(fc.constantFrom('x86_64', 'source'), anyText),
          type: fc.constantFrom('rpm', 'apt', 'files'),
          disabled: fc.integer({ min: 0, max: 9 }),
          place,
          heads: fc.array(anyHead, { minLength: 1, maxLength: 3 }),
        })
        .map(
          ({ name, arch, type, disabled, place: { path, category }, heads }): SnapshotRepository => ({
            repo: name,
            arch,
            type: type as SnapshotRepository['type'],
            category,
            disabled: disabled === 0,
            directory: path,
            headPath: path === '' ? 'repodata/repomd.xml' : `${path}/repodata/repomd.xml`,
            heads,
            standings: category,
          }),
        ),
      { selector: ({ repo, arch }) => JSON.stringify([repo, arch]), maxLength: 5 },
    ),
    aliases: fc.uniqueArray(fc.record({ from: anyText, to: anyText }), { selector: ({ from }) => from, maxLength: 3 }),
    countryOverrides: fc.array(fc.record({ netblock: fc.constantFrom(...NETBLOCKS), country: fc.constantFrom(...COUNTRIES) }), {
      maxLength: 3,
    }),
    continents: fc.constant(Object.entries(CONTINENTS).map(([country, continent]) => ({ country, continent }))),
  });
};

/** Whole documents: odd names, private and limited hosts, every state and standing. */
export const anyDocument: fc.Arbitrary<SnapshotDocument> = fc
  .record({ hostCount: fc.nat(12), categories: fc.integer({ min: 1, max: 3 }) })
  .chain(({ hostCount, categories }) => {
    const pairs = Array.from({ length: hostCount * categories }, (_, n) => [Math.floor(n / categories), n % categories] as const);
    return fc
      .record({
        hosts: fc.tuple(...Array.from({ length: hostCount }, (_, n) => anyHost(`host-${n}`))),
        carriers: fc
          .subarray(pairs)
          .chain((carried) => fc.tuple(...carried.map(([host, category]) => anyCarrier(host, category)))),
      })
      .chain((skeleton) => anyPlaces(skeleton, categories));
  });

export const anyClient = fc.record({
  netblock: fc.option(fc.constantFrom(...NETBLOCKS, '10.1.2.0/25', '2001:db8:1:2::/64', '203.0.113.0/24'), { nil: undefined }),
  asn: fc.option(fc.constantFrom(...ASNS, 64_999), { nil: undefined }),
  country: fc.option(fc.constantFrom(...COUNTRIES), { nil: undefined }),
  variant: fc.nat(7),
});
