import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { networkParts } from '../../../agent/network/network-parts.ts';
import { ADMIN_TOKEN, type AdminApiServer, adminApiServer, apiServer } from '../../support/admin-api-server.ts';
import { anyNetworkDocument } from '../../support/network-document-arbitrary.ts';
import { typedAt } from './typed-at.ts';

const FILE = `network: { name: Small, contact: admin@example.org }
categories:
  - { id: linux, master: /srv/linux }
hosts:
  - id: a.example.org
    country: DE
    carries:
      - { category: linux, urls: [https://a.example.org/linux] }
  - id: b.example.org
    country: FR
    carries:
      - { category: linux, urls: [https://b.example.org/linux] }
`;

const inventoryOf = (file: string): Inventory => {
  const parsed = parseNetworkFile(parse(file), (path) => path);
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.problems));
  return parsed.inventory;
};

let folder: string;
let server: AdminApiServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-apply-'));
  await writeFile(join(folder, 'token'), `${ADMIN_TOKEN}\n`);
  server = await adminApiServer(inventoryOf(FILE));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const typed = (command: string, ...words: readonly string[]) =>
  typedAt({ server: server.url, tokenFile: join(folder, 'token') }, command, words);

const apply = async (file: string, ...words: readonly string[]) => {
  const path = join(folder, 'network.yaml');
  await writeFile(path, file);
  const result = await typed('apply', path, ...words);
  return { ...result, err: result.err.replaceAll(folder, '') };
};

const writes = (): readonly string[] => server.asked.filter((one) => !one.startsWith('GET'));
const byId = (inventory: Inventory): Inventory => ({
  ...inventory,
  sites: inventory.sites.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  categories: inventory.categories.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  hosts: inventory.hosts.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
});

/** No locks, and locks without a rule, come to the same, and so does content. */
const partsOf = (inventory: Inventory) =>
  networkParts(byId(inventory)).filter(
    ({ name, value }) => !['settings/locks', 'settings/content'].includes(name) || Object.keys(Object(value)).length > 0,
  );

describe('mirrortide apply', () => {
  test('says that there is nothing to change, and changes nothing', async () => {
    expect(await apply(FILE)).toMatchObject({ code: 0, out: 'nothing to change\n', err: '' });
    expect(writes()).toEqual([]);
  });

  const CHANGED = FILE.replace('country: FR', 'country: FR\n    bandwidth: 10G\n    contacts: [x@example.org]')
    .replace('name: Small', 'name: Large')
    .replace('hosts:\n', 'policies: { answer: { minimumHosts: 2 } }\nhosts:\n')
    .replace(/ {2}- id: a[\s\S]*(?= {2}- id: b)/, '')
    .concat('  - { id: c, country: NZ, carries: [{ category: linux, urls: [https://c.example.org/linux] }] }\n');
  const SHOWN = `~ settings/network
    name: "Small" -> "Large"
~ settings/policies
    answer.minimumHosts: (default) -> 2
+ site/c
~ host/b.example.org
    bandwidth: (default) -> 10000
    contacts: +"x@example.org"
+ host/c
`;

  test('shows what would change, key by key', async () => {
    expect(await apply(CHANGED, '--dry-run')).toMatchObject({
      code: 0,
      out: `${SHOWN}not in the file, and kept without --prune: host/a.example.org, site/a.example.org\n`,
    });
    expect(writes()).toEqual([]);
  });

  test('changes it in an order in which it can be done, removes with --prune, and has nothing to do the second time', async () => {
    const first = await apply(CHANGED, '--prune');
    expect(first).toMatchObject({ code: 0, out: `${SHOWN}- host/a.example.org\n- site/a.example.org\n` });
    expect(first.err).toBe(
      [
        '[1/7] settings/network',
        '[2/7] settings/policies',
        '[3/7] site/c',
        '[4/7] host/b.example.org',
        '[5/7] host/c',
        '[6/7] host/a.example.org',
        '[7/7] site/a.example.org',
        '',
      ].join('\n'),
    );
    expect(byId(server.inventory())).toEqual(byId(inventoryOf(CHANGED)));
    expect(await apply(CHANGED, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
  });

  test('is one object for programs with --json', async () => {
    const wanted = FILE.replace('country: FR', 'country: NL');
    const { code, out, err } = await apply(wanted, '--json');
    expect({ code, err, said: JSON.parse(out) }).toEqual({
      code: 0,
      err: '',
      said: {
        outcome: 'done',
        changes: [{ operation: 'change', entity: 'host/b.example.org', keys: [{ path: 'country', before: 'FR', after: 'NL' }] }],
        kept: [],
      },
    });
  });

  test('lets a URL move, and a host be renamed', async () => {
    const moved = FILE.replaceAll('a.example.org', 'x').replace('https://x/', 'https://a.example.org/');
    expect(await apply(moved, '--prune')).toMatchObject({ code: 0 });
    expect(byId(server.inventory())).toEqual(byId(inventoryOf(moved)));
  });

  test('keeps locks that the file does not have, and leaves none with --prune', async () => {
    server.replace(inventoryOf(`${FILE}locks: { createOnFirstUse: ['*'] }\n`));
    expect(await apply(FILE)).toMatchObject({
      code: 0,
      out: 'not in the file, and kept without --prune: settings/locks\nnothing to change\n',
    });
    expect(await apply(FILE, '--prune')).toMatchObject({ code: 0, out: '- settings/locks\n' });
    expect(await apply(FILE)).toMatchObject({ code: 0, out: 'nothing to change\n' });
    expect(await apply(`${FILE}locks: { locks: [{ name: update }] }\n`)).toMatchObject({ code: 0 });
    expect(server.inventory().locks?.locks.map(({ name }) => name)).toEqual(['update']);
  });

  test('changes content key by key, and takes none away without --prune', async () => {
    const content = (more: string): string => `${FILE}content: { volumes: [{ id: tools, type: files${more} }] }\n`;
    expect(await apply(content(''))).toMatchObject({ code: 0, out: '+ settings/content\n' });
    expect(await apply(content(', quota: 2 GiB, grace: 48h'))).toMatchObject({
      code: 0,
      out: '~ settings/content\n    volumes[0].quota: (default) -> "2 GiB"\n',
    });
    expect((await typed('export')).out).toContain('quota: 2 GiB');
    expect(await apply(FILE)).toMatchObject({
      code: 0,
      out: 'not in the file, and kept without --prune: settings/content\nnothing to change\n',
    });
    expect(await apply(FILE, '--prune')).toMatchObject({ code: 0, out: '- settings/content\n' });
    expect(await apply(FILE, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
    expect(server.inventory().content?.volumes).toEqual([]);
  });

  test('allows addresses before they are used, forbids them once they are not, and hands over the administration last', async () => {
    const before = FILE.replace(
      'hosts:\n',
      `policies:
  crawl: { allowedAddresses: [10.0.0.0/8], allowedPorts: [8080] }
  access: { administratorGroups: [old] }
hosts:
  - { id: i, country: DE, carries: [{ category: linux, urls: ['http://10.0.0.1:8080/linux'] }] }
`,
    );
    const after = before
      .replaceAll('10.0.0', '192.168.7')
      .replaceAll('192.168.7.0/8', '192.168.7.0/24')
      .replaceAll('8080', '8081')
      .replace('[old]', '[new]')
      .replace('hosts:', '  drain: { groups: [{ scope: region, categories: [more] }] }\nhosts:')
      .replace('categories:\n', 'categories:\n  - { id: more, master: /srv/more }\n');
    server.replace(inventoryOf(before));
    expect(await apply(after)).toMatchObject({ code: 0 });
    expect(writes()).toEqual([
      'PUT /api/v1/settings/policies',
      'PUT /api/v1/categories/more',
      'PUT /api/v1/hosts/i',
      'PUT /api/v1/settings/policies',
    ]);
    expect(byId(server.inventory())).toEqual(byId(inventoryOf(after)));
  });
});

describe('mirrortide apply, when something is wrong', () => {
  test('says where a file is wrong, and asks nothing', async () => {
    const { code, err } = await apply(FILE.replace('country: FR', 'country: FX'));
    expect(code).toBe(2);
    expect(err).toContain('/network.yaml:10:14  hosts[1].country: "FX" is not a country');
    expect(server.asked).toEqual([]);
  });

  test.each([
    [['a', 'b'], 'needs one network file'],
    [[], 'needs one network file'],
    [['x.yaml', '--server', 'https://user@x'], 'must be an http or https URL'],
    [['x.yaml', '--token-file', '/nowhere'], '/nowhere: cannot be read'],
    [['x.yaml', '--token-file', tmpdir()], 'holds no token'],
    [['x.yaml', '--token-file', fileURLToPath(import.meta.url)], 'holds no token'],
  ])('refuses the command line %j', async (words, said) => {
    const { code, err } = await typed('apply', ...words);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });

  test('ends with 3 when the service does not know who asks', async () => {
    await writeFile(join(folder, 'token'), 'nobody');
    const { code, err } = await apply(FILE);
    expect({ code, err }).toEqual({ code: 3, err: 'mirrortide: the service: 401 unauthenticated: Who?\n' });
  });

  test('says that it is the token when the gateway says no more than that', async () => {
    const gateway = await apiServer(() => ({ status: 401, body: { message: 'Unauthorized' } }));
    const { code, err } = await typedAt({ server: gateway.url, tokenFile: join(folder, 'token') }, 'export', []);
    await gateway.close();
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('401 the token is not accepted: it has expired') });
  });

  test('says how to begin when the service has no network yet', async () => {
    const empty = await apiServer(() => ({
      status: 503,
      body: { kind: 'no_network', value: 'None.' },
      headers: { 'retry-after': '9' },
    }));
    const ended = await typedAt({ server: empty.url, tokenFile: join(folder, 'token') }, 'export', []);
    await empty.close();
    expect(ended).toMatchObject({
      code: 3,
      err: 'mirrortide: the service: it has no network yet, or no such API; npm run apply makes the first network\n',
      slept: [],
    });
  });

  test('shows the problem that the service has with a host at its place in the file', async () => {
    // Two hosts that exchange their URLs cannot do so one by one.
    const exchanged = FILE.replace('//a.example.org', '//z')
      .replace('//b.example.org', '//a.example.org')
      .replace('//z', '//b.example.org');
    const { code, err } = await apply(exchanged);
    expect(code).toBe(3);
    expect(err).toContain('mirrortide: host/a.example.org was refused: 422 invalid: no\n');
    expect(err).toContain(
      '/network.yaml:8:35  hosts[0].carries[0].urls[0]: this URL is already at hosts[0].carries[0].urls[0]\n          - { category: linux, urls: [https://b.example.org/linux] }\n',
    );
  });

  test('ends with 4 when somebody else changed the same host meanwhile, and leaves it as they left it', async () => {
    const theirs = inventoryOf(FILE.replace('country: FR', 'country: IT'));
    server.fault = (method, path) => {
      if (method === 'GET' && path.endsWith('/hosts/b.example.org')) server.replace(theirs);
      return undefined;
    };
    const { code, err } = await apply(FILE.replace('country: FR', 'country: NL'));
    expect({ code, err }).toEqual({
      code: 4,
      err: 'mirrortide: host/b.example.org: somebody else changed it since it was read; run it again\n',
    });
    expect(server.inventory()).toEqual(theirs);
  });

  test('ends with 4 when it changes between reading and writing', async () => {
    const theirs = inventoryOf(FILE.replace('country: FR', 'country: IT'));
    server.fault = (method) => {
      if (method === 'PUT') server.replace(theirs);
      return undefined;
    };
    expect(await apply(FILE.replace('country: FR', 'country: NL'))).toMatchObject({ code: 4 });
    expect(server.inventory()).toEqual(theirs);
  });

  test('does every change once although every answer is lost once', async () => {
    const lost = new Set<string>();
    server.fault = (method, path) => {
      const key = `${method} ${path}`;
      if (lost.has(key)) return undefined;
      lost.add(key);
      return 'lost-after';
    };
    const wanted = FILE.replace('country: FR', 'country: NL').replaceAll('a.example.org', 'x');
    expect(await apply(wanted, '--prune')).toMatchObject({ code: 0 });
    expect(byId(server.inventory())).toEqual(byId(inventoryOf(wanted)));
  });

  test('waits as long as the service says, and longer with every attempt', async () => {
    let busy = 3;
    server.fault = () => {
      busy -= 1;
      return busy >= 0 ? 'busy' : undefined;
    };
    expect(await apply(FILE)).toMatchObject({ code: 0, slept: [1250, 1500, 2000] });
  });

  test('gives up when its token is taken away', async () => {
    server.fault = (method) => {
      if (method === 'GET') rmSync(join(folder, 'token'), { force: true });
      return undefined;
    };
    const { code, err } = await apply(FILE.replace('country: FR', 'country: NL'));
    expect(code).toBe(1);
    expect(err).toContain('ENOENT');
  });

  test('ends with 1 when the service stays away, and finishes when it is back', async () => {
    const wanted = FILE.replace('country: FR', 'country: NL').replace('country: DE', 'country: AT');
    server.fault = (method, path) => (method === 'PUT' && path.endsWith('b.example.org') ? 'lost-before' : undefined);
    const { code, err } = await apply(wanted);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^\[1\/2\] host\/a\.example\.org\nmirrortide: host\/b\.example\.org: .*; what was done is done, run it again\n$/,
    );
    server.fault = () => undefined;
    expect(await apply(wanted)).toMatchObject({ code: 0, err: '[1/1] host/b.example.org\n' });
  });
});

describe('a killed apply', () => {
  const wanted = FILE.replace('country: FR', 'country: NL')
    .replaceAll('a.example.org', 'x')
    .replace('hosts:\n', 'policies: { crawl: { allowedPorts: [8080] }, access: { administratorGroups: [g] } }\nhosts:\n');

  /** Runs the program; resolves to its exit code, or to the signal that ended it. */
  const program = async (path: string, killAt: number, after: boolean): Promise<number | string> => {
    const service = ['--server', server.url, '--token-file', join(folder, 'token')];
    const main = fileURLToPath(new URL('../../../agent/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'apply', path, '--prune', ...service], { stdio: 'ignore' });
    let seen = 0;
    server.fault = (method) => {
      if (method === 'GET') return undefined;
      seen += 1;
      if (seen !== killAt) return undefined;
      child.kill('SIGKILL');
      return after ? 'lost-after' : 'lost-before';
    };
    const [code, signal] = await once(child, 'exit');
    return (signal ?? code) as number | string;
  };

  test('leaves a valid network at every write, and the next one finishes', async () => {
    const path = join(folder, 'network.yaml');
    await writeFile(path, wanted);
    let kills = 0;
    for (;;) {
      server.replace(inventoryOf(FILE));
      const ended = await program(path, kills + 1, kills % 2 === 0);
      server.fault = () => undefined;
      if (ended === 0) break;
      expect(ended).toBe('SIGKILL');
      kills += 1;
      expect(await apply(wanted, '--prune')).toMatchObject({ code: 0 });
      expect(partsOf(server.inventory())).toEqual(partsOf(inventoryOf(wanted)));
    }
    // Two of the policies, two sites, two hosts that come or go, one that changes.
    expect(kills).toBe(7);
  }, 120_000);
});

describe('mirrortide export', () => {
  test('gives the file back, without what goes without saying', async () => {
    expect(await typed('export')).toMatchObject({
      code: 0,
      out: `network:
  name: Small
  contact: admin@example.org
categories:
  - id: linux
    master: /srv/linux
hosts:
  - id: a.example.org
    country: DE
    carries:
      - category: linux
        urls:
          - https://a.example.org/linux
  - id: b.example.org
    country: FR
    carries:
      - category: linux
        urls:
          - https://b.example.org/linux
`,
    });
  });

  test('gives a file that apply has nothing to do with, and that makes the same network of any other', async () => {
    const networks = anyNetworkDocument.map((document) => {
      const parsed = parseNetworkFile(document, (path) => `/srv/${path}`);
      if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.problems));
      return parsed.inventory;
    });
    await fc.assert(
      fc.asyncProperty(networks, networks, async (one, other) => {
        server.replace(one);
        const exported = (await typed('export')).out;
        expect(await apply(exported, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
        server.replace(other);
        expect(await apply(exported, '--prune')).toMatchObject({ code: 0 });
        expect(partsOf(server.inventory())).toEqual(partsOf(one));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  test('ends with 3 when it may not be read, and with 1 when nobody answers', async () => {
    server.fault = () => 'lost-before';
    expect((await typed('export')).code).toBe(1);
    server.fault = () => undefined;
    await writeFile(join(folder, 'token'), 'nobody');
    expect((await typed('export')).code).toBe(3);
  });
});
