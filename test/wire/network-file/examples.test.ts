import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { placeOfHost } from '#domain/content/host-names.ts';
import { drainRulesOf } from '#domain/drain/drain-policy.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { compileRules, matchRepository } from '#domain/master/match-repository.ts';
import { loadNetworkFile } from '../../../agent/network/load-network-file.ts';

const example = async (name: string) => {
  const loaded = await loadNetworkFile(fileURLToPath(new URL(`../../../examples/${name}.yaml`, import.meta.url)));
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems, undefined, 1));
  return loaded;
};

const category = async (name: string, id: string) => {
  const found = (await example(name)).inventory.categories.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no category ${id}`);
  return found;
};

const matched = async (file: string, id: string, path: string): Promise<string> => {
  const found = matchRepository(compileRules((await category(file, id)).rules), path);
  return found.kind === 'repository' ? `${found.repo} ${found.arch}` : found.kind;
};

describe('the Fedora example', () => {
  test.each([
    ['releases/41/Everything/x86_64/os', 'fedora-41 x86_64'],
    ['releases/41/Everything/aarch64/debug/tree', 'fedora-debug-41 aarch64'],
    ['releases/41/Everything/source/tree', 'fedora-source-41 source'],
    ['development/42/Everything/x86_64/os', 'fedora-42 x86_64'],
    ['development/42/Everything/source/tree', 'fedora-source-42 source'],
    ['development/rawhide/Everything/x86_64/os', 'rawhide x86_64'],
    ['development/rawhide/Everything/x86_64/debug/tree', 'rawhide-debug x86_64'],
    ['development/rawhide/Everything/source/tree', 'rawhide-source source'],
    ['updates/41/Everything/x86_64', 'updates-released-f41 x86_64'],
    ['updates/41/Everything/x86_64/debug', 'updates-released-debug-f41 x86_64'],
    ['updates/41/Everything/source/tree', 'updates-released-source-f41 source'],
    ['updates/testing/41/Everything/x86_64', 'updates-testing-f41 x86_64'],
    ['updates/testing/41/Everything/aarch64/debug', 'updates-testing-debug-f41 aarch64'],
    ['updates/testing/41/Everything/source/tree', 'updates-testing-source-f41 source'],
    ['releases/test/42_Beta/Everything/x86_64/os', 'ignored'],
    ['releases/41/Server/x86_64/os', 'ignored'],
    ['releases/41/Workstation/x86_64/os', 'ignored'],
    ['updates/41/Everything/x86_64/drpms', 'ignored'],
    ['releases/41/Everything/x86_64/iso', 'unmatched'],
    ['updates/41/Modular/x86_64', 'unmatched'],
  ])('%s is %s', async (path, expected) => {
    expect(await matched('fedora', 'fedora-linux', path)).toBe(expected);
  });

  test.each([
    ['9/Everything/x86_64', 'epel-9 x86_64'],
    ['9/Everything/x86_64/debug', 'epel-debug-9 x86_64'],
    ['9/Everything/source/tree', 'epel-source-9 source'],
    ['10.1/Everything/ppc64le', 'epel-10.1 ppc64le'],
    ['7/x86_64', 'epel-7 x86_64'],
    ['7/x86_64/debug', 'epel-debug-7 x86_64'],
    ['7/SRPMS', 'epel-source-7 source'],
    ['next/9/Everything/aarch64', 'epel-next-9 aarch64'],
    ['testing/9/Everything/s390x', 'testing-epel9 s390x'],
    ['testing/9/Everything/s390x/debug', 'testing-debug-epel9 s390x'],
    ['testing/9/Everything/source/tree', 'testing-source-epel9 source'],
    ['testing/7/SRPMS', 'testing-source-epel7 source'],
    ['testing/next/9/Everything/x86_64', 'epel-testing-next-9 x86_64'],
  ])('EPEL: %s is %s', async (path, expected) => {
    expect(await matched('fedora', 'epel', path)).toBe(expected);
  });

  test.each([
    ['fedora-secondary', 'releases/41/Everything/s390x/os', 'fedora-41 s390x'],
    ['fedora-archive', 'fedora/linux/releases/20/Everything/x86_64/os', 'fedora-20 x86_64'],
    ['fedora-archive', 'fedora/linux/updates/20/x86_64', 'updates-released-f20 x86_64'],
    ['fedora-archive', 'epel/6/x86_64', 'epel-6 x86_64'],
    ['fedora-archive', 'fedora/linux/core/6/x86_64/os', 'ignored'],
  ])('%s: %s is %s', async (id, path, expected) => {
    expect(await matched('fedora', id, path)).toBe(expected);
  });

  test('reads the file list of the whole master and the heads of the category', async () => {
    expect((await category('fedora', 'fedora-linux')).master).toEqual({
      kind: 'fullfiletimelist',
      listUrl: 'https://dl.fedoraproject.org/pub/fedora/fullfiletimelist-fedora',
      stripPrefix: 'linux',
      headsUrl: 'https://dl.fedoraproject.org/pub/fedora/linux',
    });
    expect((await category('fedora', 'epel')).master).toEqual({
      kind: 'fullfiletimelist',
      listUrl: 'https://dl.fedoraproject.org/pub/epel/fullfiletimelist-epel',
      stripPrefix: '',
      headsUrl: 'https://dl.fedoraproject.org/pub/epel',
    });
  });

  test('a host is in the domain exactly what its comments say', async () => {
    const { inventory } = await example('fedora');
    expect(inventory.hosts.find((host) => host.id === 'mirror.example.edu')).toEqual({
      id: 'mirror.example.edu',
      site: 'example-university',
      country: 'DE',
      bandwidthMbps: 10_000,
      private: false,
      ownerActive: true,
      adminActive: true,
      asn: 64496,
      asnClients: true,
      peerAsns: [64497, 64498],
      netblocks: ['192.0.2.0/24', '2001:db8:1000::/36'],
      countriesAllowed: [],
      carries: [
        {
          category: 'fedora-linux',
          urls: [
            'https://mirror.example.edu/fedora/linux',
            'http://mirror.example.edu/fedora/linux',
            'rsync://mirror.example.edu/fedora/linux',
          ],
          alwaysCurrent: false,
        },
        { category: 'epel', urls: ['https://mirror.example.edu/epel', 'rsync://mirror.example.edu/epel'], alwaysCurrent: false },
      ],
      region: 'eu-central',
      provider: 'example-nren',
      tier: 1,
      comment: undefined,
      contacts: [],
      pending: false,
    });
  });
});

describe('the Fedora example, for those who run it', () => {
  test('names who may change a site, and how many hosts of which groups may synchronise at one time', async () => {
    const { sites, settings } = (await example('fedora')).inventory;
    expect(sites.find((site) => site.id === 'example-university')).toEqual({
      id: 'example-university',
      name: 'Example University',
      private: false,
      ownerActive: true,
      adminActive: true,
      url: 'https://mirror.example.edu/',
      contacts: ['mirror@example.edu'],
      admins: ['ada', 'grace'],
    });
    expect(settings.access).toEqual({
      ...DEFAULT_ACCESS_POLICY,
      administratorGroups: ['mirror-admins'],
      userClaim: 'preferred_username',
    });
    expect(drainRulesOf(settings.drain, 'epel').map(({ scope, maxDraining }) => [scope, maxDraining])).toEqual([
      ['global', 2],
      ['country', 1],
    ]);
    expect(drainRulesOf(settings.drain, 'fedora-other').map(({ scope, minInService }) => [scope, minInService])).toEqual([
      ['global', 1],
    ]);
  });
});

describe('the Debian example', () => {
  test.each([
    ['debian', 'dists/bookworm', { repo: 'debian-bookworm', directory: '' }],
    ['debian', 'dists/bookworm-updates', { repo: 'debian-bookworm-updates', directory: '' }],
    ['debian-security', 'dists/bookworm-security', { repo: 'debian-security-bookworm-security', directory: '' }],
  ])('%s: %s is an apt repository for every architecture', async (id, path, expected) => {
    const found = matchRepository(compileRules((await category('debian', id)).rules), path);
    expect(found).toEqual({ kind: 'repository', arch: '', type: 'apt', ...expected });
  });

  test.each([
    ['dists/stable', 'ignored'],
    ['dists/stable-updates', 'ignored'],
    ['dists/bookworm/main', 'unmatched'],
    ['pool/main', 'unmatched'],
  ])('%s is %s', async (path, expected) => {
    expect(await matched('debian', 'debian', path)).toBe(expected);
  });

  test('hosts without a site are sites of their own', async () => {
    const { inventory } = await example('debian');
    expect(inventory.sites.map((site) => site.id)).toEqual(['ftp.de.example.org', 'ftp.jp.example.org']);
  });
});

describe('the PyPI example', () => {
  test('has one master of each kind that such a network uses, the directory resolved against the file', async () => {
    const { inventory, localClient } = await example('pypi');
    expect(inventory.categories.map((one) => one.master)).toEqual([
      { kind: 'rsync', url: 'rsync://mirror-update.example.org/pypi/web', headsUrl: 'https://mirror-update.example.org/pypi' },
      { kind: 'directory', path: fileURLToPath(new URL('../../../examples/wheel-tree', import.meta.url)) },
      { kind: 'heads-only', url: 'https://packages.example.org/el9', repositories: ['x86_64', 'aarch64'] },
    ]);
    expect(localClient).toEqual({ country: 'NL', asn: 64500, address: undefined });
  });

  test('names the repositories of the unlistable master', async () => {
    expect(await matched('pypi', 'tools', 'aarch64')).toBe('tools-el9 aarch64');
  });
});

describe('the unified mirror', () => {
  test('serves everything itself, by path, under names of places', async () => {
    const { hosts, categories, content } = (await example('unified-mirror')).inventory;
    expect([hosts, categories]).toEqual([[], []]);
    expect(content?.volumes.map(({ mount, type, upstream }) => [mount, type, upstream?.kind])).toEqual([
      ['centos', 'rpm', 'rsync'],
      ['ubuntu', 'apt', 'http'],
      ['wheel/debian-12-x86_64', 'wheel', undefined],
      ['tools', 'files', undefined],
    ]);
    expect(content?.proxies.map(({ mount, type, fileHosts }) => [mount, type, fileHosts])).toEqual([
      ['pypi', 'pypi', ['https://files.pythonhosted.org']],
      ['deb-docker', 'files', []],
    ]);
    const names = content?.names ?? { domain: undefined, places: [] };
    expect(placeOfHost(names, 'mirror.dfw.rackspace.example.org')).toEqual({ region: 'dfw', provider: 'rackspace' });
  });
});
