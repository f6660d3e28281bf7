// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import fc from 'fast-check';
import type { NetworkDocument } from '#wire/network-file/print-network-file.ts';
import { contentSection } from './content-document-arbitrary.ts';
import { few, oneOf, some, text, url, type Values } from './document-values.ts';

/**
 * Network documents that are valid, in every form the file allows: short and long masters, defaults left out and said, values in
 * spellings that are not canonical. Names are taken from small pools so that references hold.
 */
const duration = oneOf('60s', '90s', '1m', '15m', '60m', '24h', '2d', '3d');
const country = oneOf('DE', 'de', 'US', 'nz');
const netblock = oneOf('192.0.2.0/24', '192.0.2.77/24', '2001:DB8:0::1/33', '203.0.113.9', '8.0.0.0/5');
const contact = oneOf('ada@example.org', 'https://example.org/Contact', 'HTTP://Example.org');
const slug = oneOf('a', 'eu-central', '10.example_x');

const master: fc.Arbitrary<unknown> = fc.oneof(
  oneOf('./tree', '/srv/tree', 'tree', 'HTTPS://Master.example.org:443/x/fullfiletimelist-x/'),
  fc.record({ directory: oneOf('a/b', '/srv/../x', 'https:x') }),
  fc.record({ rsync: url('RSYNC', 'Master'), heads: url('https', 'heads') }),
  fc.record(
    {
      fullfiletimelist: oneOf(
        'https://master.example.org/x/fullfiletimelist-x',
        'https://master.example.org/list',
        'http://m.example.org',
      ),
      stripPrefix: oneOf('linux', '/a/b/', '/'),
      heads: oneOf('https://master.example.org/x', 'https://master.example.org/x/linux', 'https://heads.example.org'),
    },
    { requiredKeys: ['fullfiletimelist'] },
  ),
  fc.record({ url: url('http', 'master'), repositories: fc.array(oneOf('/', 'a', 'a/', 'b/c'), { minLength: 1, maxLength: 4 }) }),
);

const rule: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ ignore: oneOf('', 'x/.*') }),
  fc.record(
    {
      match: oneOf('(?<version>\\d+)/(?<arch>[^/]+)', '(?<arch>a|b)'),
      repo: oneOf('x', 'x-${arch}'),
      type: oneOf('rpm', 'apt', 'files'),
      arch: oneOf('${arch}', 'noarch', 'x86_64'),
      directory: oneOf('', '${arch}/os'),
    },
    { requiredKeys: ['match', 'repo'] },
  ),
  fc.record({ match: oneOf('dists/(?<suite>.+)', ''), type: oneOf('apt'), repo: oneOf('d'), arch: oneOf('', 'amd64') }),
  fc.record({ match: oneOf('iso'), type: oneOf('files'), repo: oneOf('iso'), arch: oneOf('noarch', 'x') }),
);

const category = (id: string): fc.Arbitrary<unknown> =>
  fc.record(
    {
      id: fc.constant(id),
      topDirectory: oneOf(id, `/pub/${id}/`),
      master,
      excludes: few(oneOf('x', '.*\\.tmp')),
      rules: few(rule),
      alternates: some({ propagation: oneOf('0s', '3d', '72h'), stale: duration }),
      schedule: some({
        scanMaster: duration,
        reach: duration,
        heads: duration,
        sample: duration,
        full: duration,
        probeAfterChange: few(duration),
      }),
    },
    { requiredKeys: ['id', 'master'] },
  );

const site = (id: string): fc.Arbitrary<unknown> =>
  fc.record(
    {
      id: fc.constant(id),
      name: fc.oneof(text, fc.constant(id)),
      private: fc.boolean(),
      ownerActive: fc.boolean(),
      adminActive: fc.boolean(),
      url: oneOf('https://example.org/About?x#y'),
      contacts: few(contact),
      admins: few(oneOf('ada', 'grace@example.org')),
    },
    { requiredKeys: ['id'] },
  );

const carriage = (host: string, category: string): fc.Arbitrary<unknown> =>
  fc.record(
    {
      category: fc.constant(category),
      urls: fc
        .uniqueArray(fc.constantFrom('http', 'https', 'RSYNC'), { minLength: 1 })
        .map((schemes) => schemes.map((scheme) => `${scheme}://${host}.Example.org/${category}/`)),
      alwaysCurrent: fc.boolean(),
    },
    { requiredKeys: ['category', 'urls'] },
  );

const host = (id: string, sites: readonly string[], categories: readonly string[]): fc.Arbitrary<unknown> =>
  fc.record(
    {
      id: fc.constant(id),
      ...(sites.length > 0 && { site: oneOf(...sites) }),
      country,
      bandwidth: oneOf(1, 100, '100M', '10G', 99_999),
      private: fc.boolean(),
      ownerActive: fc.boolean(),
      adminActive: fc.boolean(),
      pending: fc.boolean(),
      region: slug,
      provider: slug,
      tier: oneOf(1, 2, 3),
      comment: text,
      contacts: few(contact),
      asn: oneOf(1, 64_496),
      asnClients: fc.boolean(),
      peerAsns: few(oneOf(1, 2, 3)),
      netblocks: few(netblock),
      countriesAllowed: few(country),
      carries: fc
        .subarray([...categories], { minLength: 1 })
        .chain((carried) => fc.tuple(...carried.map((one) => carriage(id, one)))),
    },
    { requiredKeys: ['id', 'country', 'carries'] },
  );

const policies = (categories: readonly string[]): fc.Arbitrary<unknown> => {
  const group = fc.record(
    { categories: fc.constant(categories.slice(0, 1)), minInService: oneOf(1, 2), maxDraining: oneOf(1, 3) },
    { requiredKeys: [] },
  );
  const groups = fc
    .subarray(['global', 'region', 'provider', 'country'])
    .chain((scopes) => fc.tuple(...scopes.map((scope) => group.map((rest) => ({ scope, ...rest })))));
  return some({
    answer: some({ minimumHosts: oneOf(1, 5), maximumHosts: oneOf(50, 9), embargoedCountries: few(country) }),
    crawl: some({
      allowedAddresses: few(oneOf('10.0.0.1/8', '::1')),
      allowedPorts: oneOf('any', [], [8080, 8080]),
      requestsPerCheck: oneOf(500, 7),
      connectionsPerHost: oneOf(2, 3),
    }),
    guard: some({ maximumShrinkShare: oneOf(0, 0.2, 1) }),
    access: some({
      administratorGroups: few(text),
      userClaim: oneOf('sub', 'email'),
      groupsClaim: oneOf('groups', 'cognito:groups'),
      siteCreation: oneOf('anyone', 'administrators'),
      minimumPrefix: some({ ipv4: oneOf(16, 20), ipv6: oneOf(32, 48) }),
    }),
    drain: some({
      groups,
      lease: oneOf('10m', '30s', '24h'),
      maximum: oneOf('12h', '1440m'),
      ticket: duration,
      cacheBudget: oneOf('0s', '10m', '3600s'),
      onFailure: oneOf('hold-slot', 'free-slot'),
      lapsedAlarm: duration,
    }),
  });
};

const lockPolicy: Values = {
  slots: oneOf(1, 3),
  policy: oneOf('hold', 'lease'),
  lease: oneOf('10m', '600s', '1d'),
  offer: oneOf('2m', '30s'),
  queue: oneOf('fifo', 'none'),
  failureBudget: oneOf(1, 2),
  stale: oneOf('4h', '1d'),
  enabled: fc.boolean(),
  group: text,
  owner: text,
  comment: text,
};

const sha256 = (digit: string): string => digit.repeat(64);

const locks: fc.Arbitrary<unknown> = some({
  defaults: some(lockPolicy),
  locks: fc
    .subarray(['update', 'fl:default'])
    .chain((names) => fc.tuple(...names.map((name) => some(lockPolicy).map((rest) => ({ name, ...rest }))))),
  createOnFirstUse: few(oneOf('*', 'fl:*')),
  identities: some({
    tokens: oneOf(
      [],
      [{ host: 'a.example.org', sha256: sha256('A') }],
      [{ claims: '*.example.org', sha256: sha256('b'), locks: ['update'] }],
    ),
    plain: few(oneOf('native', 'fleetlock')),
    plainFrom: few(netblock),
  }),
  operators: oneOf([], [{ name: 'ada', sha256: sha256('C') }]),
  groups: oneOf({}, { default: 'update', 7: 'fl:7', 3: 'x' }),
});

const entries = <T>(ids: readonly string[], one: (id: string) => fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.tuple(...ids.map(one)) as fc.Arbitrary<readonly T[]>;

export const anyNetworkDocument: fc.Arbitrary<NetworkDocument> = fc
  .tuple(
    fc.subarray(['linux', 'epel', 'tools'], { minLength: 1 }),
    fc.subarray(['uni', 'corp', 'm1', 'm2']),
    fc.shuffledSubarray(['m1', 'm2', 'm3', 'a.b']),
  )
  .chain(([categories, sites, hosts]) =>
    fc.record(
      {
        version: fc.constant(1),
        network: fc.record({ name: text, contact: text }),
        categories: entries(categories, category),
        sites: entries(sites, site),
        hosts: entries(hosts, (id) => host(id, sites, categories)),
        aliases: oneOf({}, { old: 'new' }, { 41: 'f-41', b: 'a', 7: 'f-7' }),
        disabled: few(oneOf({ repo: 'x' }, { repo: 'x', arch: 'y' })),
        countryOverrides: oneOf({}, { '192.0.2.9/24': 'nz', '2001:DB8::/33': 'DE', '203.0.113.1': 'US' }),
        continentOverrides: oneOf({}, { sa: 'EU', TR: 'AS' }),
        policies: policies(categories),
        locks,
        content: contentSection,
        localClient: some({ country, asn: oneOf(1), address: oneOf('192.0.2.1') }),
      },
      { requiredKeys: ['network', 'categories', 'sites', 'hosts'] },
    ),
  ) as unknown as fc.Arbitrary<NetworkDocument>;
