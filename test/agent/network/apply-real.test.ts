import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { NetworkDocument } from '#wire/network-file/print-network-file.ts';
import { networkParts } from '../../../agent/network/network-parts.ts';
import { ADMIN_TOKEN, type ApiServer, realAdminApiServer } from '../../support/admin-api-server.ts';
import { type AdminSetup, adminSetup, inventoryOf, NETWORK } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import { anyNetworkDocument } from '../../support/network-document-arbitrary.ts';
import { typedAt } from './typed-at.ts';

const emulators = useEmulators();

let folder: string;
let setup: AdminSetup;
let server: ApiServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-apply-'));
  await writeFile(join(folder, 'token'), ADMIN_TOKEN);
  setup = await adminSetup(emulators);
  server = await realAdminApiServer(() => setup);
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const typed = (command: string, ...words: readonly string[]) =>
  typedAt({ server: server.url, tokenFile: join(folder, 'token') }, command, words);

const applyText = async (text: string, ...words: readonly string[]) => {
  await writeFile(join(folder, 'network.yaml'), text);
  return typed('apply', join(folder, 'network.yaml'), ...words);
};
const apply = (document: unknown, ...words: readonly string[]) => applyText(stringify(document), ...words);

const byId = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] =>
  all.toSorted((left, right) => (left.id < right.id ? -1 : 1));

/** In one order; no locks, and locks without a rule, come to the same, and so does content. */
const partsOf = ({ sites, categories, hosts, ...rest }: Inventory) =>
  networkParts({ ...rest, sites: byId(sites), categories: byId(categories), hosts: byId(hosts) }).filter(
    ({ name, value }) => !['settings/locks', 'settings/content'].includes(name) || Object.keys(Object(value)).length > 0,
  );

/** Under every generated network wendy is an administrator, and directories are where the file says. */
const anyAdministered = anyNetworkDocument.map((document): NetworkDocument => {
  const { userClaim: _user, groupsClaim: _groups, administratorGroups = [], ...access } = document.policies?.access ?? {};
  return {
    ...document,
    policies: { ...document.policies, access: { ...access, administratorGroups: [...administratorGroups, 'wranglers'] } },
    categories: (document.categories ?? []).map((category) => ({
      ...category,
      ...(!JSON.stringify(category.master).includes('://') && { master: '/srv/tree' }),
    })),
  };
});

describe('apply and export, with the function of the administration', () => {
  test('make a network equal to a file, and give the file back', async () => {
    const wanted = {
      ...NETWORK,
      policies: { ...NETWORK.policies, drain: { groups: [{ scope: 'region', categories: ['more'] }] } },
      categories: [...NETWORK.categories.slice(1), { id: 'more', master: '/srv/more' }],
      sites: NETWORK.sites.slice(0, 1),
      hosts: [
        { ...NETWORK.hosts[0], bandwidth: '10G', tier: 1 },
        { id: 'c', country: 'FR', carries: [{ category: 'more', urls: ['https://b.example.org/linux'] }] },
      ],
    };
    const first = await apply(wanted, '--prune');
    expect(first).toMatchObject({
      code: 0,
      out: `~ settings/policies
    drain.groups: (default) -> [{"scope":"region","categories":["more"]}]
+ site/c
+ category/more
~ host/a.example.org
    tier: (default) -> 1
    bandwidth: (default) -> 10000
+ host/c
- host/b.example.org
- category/extras
- site/beta
`,
    });
    expect(partsOf(await setup.inventory())).toEqual(partsOf(inventoryOf(wanted)));
    expect(await apply(wanted, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
    expect(await applyText((await typed('export')).out, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
    expect(setup.logged).toEqual([]);
  });

  test('every change is in the audit trail, once, although every answer is lost once', async () => {
    const lost = new Set<string>();
    server.fault = (method, path) => {
      const key = `${method} ${path}`;
      if (lost.has(key)) return undefined;
      lost.add(key);
      return 'lost-after';
    };
    const wanted = { ...NETWORK, network: { ...NETWORK.network, name: 'New' }, hosts: NETWORK.hosts.slice(1) };
    expect(await apply(wanted, '--prune')).toMatchObject({ code: 0, out: expect.stringContaining('- host/a.example.org') });
    const reply = await setup.ask('wendy', 'GET', '/api/v1/audit');
    const { items } = JSON.parse(reply.body) as { items: readonly { by: string; operation: string; entity: string }[] };
    expect(items.map(({ by, operation, entity }) => [by, operation, entity])).toEqual([
      ['user:wendy', 'delete', 'host/a.example.org'],
      ['user:wendy', 'change', 'settings/network'],
      ['apply', 'apply', 'network'],
    ]);
  });

  test('a host that the service refuses is shown at its place in the file', async () => {
    const [one, other] = NETWORK.hosts;
    const exchanged = {
      ...NETWORK,
      hosts: [
        { ...one, carries: other?.carries },
        { ...other, carries: one?.carries },
      ],
    };
    const { code, err } = await apply(exchanged);
    expect(code).toBe(3);
    expect(err).toMatch(
      /network\.yaml:\d+:\d+ {2}hosts\[0\]\.carries\[0\]\.urls\[0\]: this URL is already at hosts\/b\.example\.org/,
    );
  });

  test('a host that somebody changed meanwhile is left as they left it', async () => {
    const before = await setup.inventory();
    server.fault = (method) => {
      if (method !== 'GET') throw new Error('nothing is written');
      return undefined;
    };
    const wanted = { ...NETWORK, hosts: [{ ...NETWORK.hosts[0], country: 'IT' }, NETWORK.hosts[1]] };
    const real = setup;
    const theirs = await adminSetup(emulators, { ...NETWORK, hosts: [{ ...NETWORK.hosts[0], country: 'FR' }, NETWORK.hosts[1]] });
    setup = { ...real, send: (call) => (call.path === '/api/v1/network' ? real.send(call) : theirs.send(call)) };
    expect(await apply(wanted)).toMatchObject({ code: 4 });
    expect(await real.inventory()).toEqual(before);
  });

  test('what is exported makes the same network of any other, and nothing of itself', async () => {
    await fc.assert(
      fc.asyncProperty(anyAdministered, anyAdministered, async (one, other) => {
        setup = await adminSetup(emulators, one);
        const exported = (await typed('export')).out;
        expect(await applyText(exported, '--prune')).toMatchObject({ code: 0, out: 'nothing to change\n' });
        setup = await adminSetup(emulators, other);
        expect(await applyText(exported, '--prune')).toMatchObject({ code: 0 });
        expect(partsOf(await setup.inventory())).toEqual(partsOf(inventoryOf(one)));
      }),
      { numRuns: 20 },
    );
  }, 300_000);
});
