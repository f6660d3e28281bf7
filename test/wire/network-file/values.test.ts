// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written

import { describe, expect, test } from 'vitest';
import { DEFAULT_DRAIN_POLICY } from '#domain/drain/drain-policy.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { inventoryAfter, MINIMAL, read, set } from './reading.ts';

describe('a minimal file', () => {
  test('gets these defaults', () => {
    expect(read(MINIMAL)).toEqual({
      problemAt: expect.any(Function),
      kind: 'ok',
      localClient: { country: undefined, asn: undefined, address: undefined },
      inventory: {
        settings: {
          name: 'Small',
          answer: { minimumHosts: 5, maximumHosts: 50, embargoedCountries: [] },
          crawl: {
            contact: 'admin@example.org',
            allowedAddresses: [],
            allowedPorts: [],
            requestsPerCheck: 500,
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
        sites: [
          {
            id: 'mirror.example.org',
            name: 'mirror.example.org',
            private: false,
            ownerActive: true,
            adminActive: true,
            url: undefined,
            contacts: [],
            admins: [],
          },
        ],
        categories: [
          {
            id: 'tools',
            topDirectory: 'tools',
            master: { kind: 'directory', path: '/srv/network/tree' },
            excludes: [],
            rules: [],
            alternates: { propagationMs: 3 * 86_400_000, staleMs: 4 * 86_400_000 },
            schedule: {
              scanMasterMs: 900_000,
              reachMs: 3_600_000,
              headsMs: 6 * 3_600_000,
              sampleMs: 86_400_000,
              fullMs: 7 * 86_400_000,
              probeAfterChangeMs: [300_000, 900_000, 2_700_000],
            },
          },
        ],
        hosts: [
          {
            id: 'mirror.example.org',
            site: 'mirror.example.org',
            country: 'DE',
            bandwidthMbps: 100,
            private: false,
            ownerActive: true,
            adminActive: true,
            asn: undefined,
            asnClients: true,
            peerAsns: [],
            netblocks: [],
            contacts: [],
            pending: false,
            countriesAllowed: [],
            carries: [{ category: 'tools', urls: ['https://mirror.example.org/tools'], alwaysCurrent: false }],
          },
        ],
      },
    });
  });
});

describe('values', () => {
  test.each([
    [100, 100],
    ['500M', 500],
    ['10G', 10_000],
    ['100G', 100_000],
  ])('bandwidth %s is %d Mbit/s', (bandwidth, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0], { bandwidth })).hosts[0]?.bandwidthMbps).toBe(expected);
  });

  test.each([
    ['11.1.2.3/8', '11.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8:0:0::1/33', '2001:db8::/33'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['198.51.100.255/25', '198.51.100.128/25'],
  ])('netblock %s is %s', (netblock, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0], { netblocks: [netblock] })).hosts[0]?.netblocks).toEqual([expected]);
  });

  test.each([
    ['HTTPS://Mirror.Example.org:443/a//', 'https://mirror.example.org/a'],
    ['rsync://MIRROR.example.org:873/module/', 'rsync://mirror.example.org/module'],
    ['http://[2001:db9::A]/x', 'http://[2001:db9::a]/x'],
    ['https://mirror.example.org', 'https://mirror.example.org'],
  ])('URL %s is %s', (url, expected) => {
    expect(inventoryAfter((file) => set(file['hosts']![0]!['carries']![0], { urls: [url] })).hosts[0]?.carries[0]?.urls).toEqual([
      expected,
    ]);
  });

  test.each([
    [{ directory: '/abs/tree' }, { kind: 'directory', path: '/abs/tree' }],
    ['../tree', { kind: 'directory', path: '/srv/tree' }],
    [
      'https://m.example.org/x/fullfiletimelist-x',
      {
        kind: 'fullfiletimelist',
        listUrl: 'https://m.example.org/x/fullfiletimelist-x',
        stripPrefix: '',
        headsUrl: 'https://m.example.org/x',
      },
    ],
    [
      { fullfiletimelist: 'https://m.example.org/list', stripPrefix: 'a/b/', heads: 'https://h.example.org/' },
      { kind: 'fullfiletimelist', listUrl: 'https://m.example.org/list', stripPrefix: 'a/b', headsUrl: 'https://h.example.org' },
    ],
    [
      { rsync: 'rsync://m.example.org/x', heads: 'http://m.example.org/x' },
      { kind: 'rsync', url: 'rsync://m.example.org/x', headsUrl: 'http://m.example.org/x' },
    ],
    [
      { url: 'https://m.example.org/x', repositories: ['/a/', 'a', ''] },
      { kind: 'heads-only', url: 'https://m.example.org/x', repositories: ['a', ''] },
    ],
  ])('master %j is %j', (master, expected) => {
    expect(inventoryAfter((file) => set(file['categories']![0], { master })).categories[0]?.master).toEqual(expected);
  });

  test.each([
    [
      { match: '(?<arch>a)', repo: 'r' },
      { type: 'rpm', arch: '${arch}' },
    ],
    [
      { match: 'a', repo: 'r', type: 'apt' },
      { type: 'apt', arch: '' },
    ],
    [
      { match: 'a', repo: 'r', type: 'files' },
      { type: 'files', arch: 'noarch' },
    ],
    [
      { match: 'a', repo: 'r', arch: 'x', directory: '' },
      { type: 'rpm', arch: 'x', directory: '' },
    ],
  ])('rule %j gets %j', (rule, expected) => {
    const { categories } = inventoryAfter((file) => set(file['categories']![0], { rules: [rule] }));
    expect(categories[0]?.rules).toEqual([
      { kind: 'repository', match: rule.match, repo: 'r', directory: undefined, ...expected },
    ]);
  });

  test('a private address is fine when the file allows it, and so is a port', () => {
    const { hosts } = inventoryAfter((file) => {
      set(file, { policies: { crawl: { allowedAddresses: ['127.0.0.0/8'], allowedPorts: [8081] } } });
      set(file['hosts']![0]!['carries']![0], { urls: ['http://127.0.0.1:8081/x', 'http://localhost/x'] });
    });
    expect(hosts[0]?.carries[0]?.urls).toEqual(['http://127.0.0.1:8081/x', 'http://localhost/x']);
  });

  test('anchors and merged mappings are read', () => {
    const text = MINIMAL.replace('hosts:', 'hosts:\n  - &first').replace('\n  - id: mirror', '\n    id: mirror');
    const loaded = read(
      `${text}  - { <<: *first, id: b.example.org, carries: [{ category: tools, urls: ["https://b.example.org"] }] }\n`,
    );
    expect(loaded.kind === 'ok' && loaded.inventory.hosts.map(({ id, country }) => [id, country])).toEqual([
      ['mirror.example.org', 'DE'],
      ['b.example.org', 'DE'],
    ]);
  });
});
