import { describe, expect, test } from 'vitest';
import type { Role } from '#domain/access/actor.ts';
import { type Grant, OPERATIONS, type Operation, PERMISSIONS } from '#domain/access/permissions.ts';
import { ROUTES } from '../../../functions/admin-api/routes.ts';
import { type AdminSetup, type AskOptions, adminSetup, bodyOf, NETWORK, told, type Who } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';

const emulators = useEmulators();

type Whose = 'own' | 'other';

interface Probe {
  readonly operation: Operation;
  readonly method: string;
  /** As the routes write it. */
  readonly route: string;
  readonly path: string;
  readonly options?: AskOptions;
}

const SITES = { own: 'alpha', other: 'beta' } as const;
const HOSTS = { own: 'a.example.org', other: 'b.example.org' } as const;

/** Every endpoint, aimed at what is alice's or at what is bob's; `token` names a token of that host. */
const probesFor = (whose: Whose, token: string): readonly Probe[] => {
  const host = HOSTS[whose];
  const site = SITES[whose];
  const at = (operation: Operation, method: string, route: string, id: string, body?: unknown): Probe => ({
    operation,
    method,
    route,
    path: route.replace('{id}', id).replace('{section}', id).replace('{token}', token),
    options: body === undefined ? {} : { body },
  });
  const declared = NETWORK.hosts.find(({ id }) => id === host);
  const fresh = { country: 'DE', site, carries: [{ category: 'linux', urls: ['https://new.example.org/linux'] }] };
  return [
    at('me.read', 'GET', '/api/v1/me', ''),
    at('network.read', 'GET', '/api/v1/network', ''),
    at('network.audit', 'GET', '/api/v1/audit', ''),
    at('settings.read', 'GET', '/api/v1/settings/{section}', 'policies'),
    at('settings.change', 'PUT', '/api/v1/settings/{section}', 'aliases', { old: 'new' }),
    at('settings.change', 'PATCH', '/api/v1/settings/{section}', 'policies', { answer: { maximumHosts: 9 } }),
    at('settings.change', 'DELETE', '/api/v1/settings/{section}', 'disabled'),
    at('category.read', 'GET', '/api/v1/categories/{id}', 'linux'),
    at('category.create', 'PUT', '/api/v1/categories/{id}', 'new', { master: '/srv/new' }),
    at('category.change', 'PUT', '/api/v1/categories/{id}', 'extras', { master: '/srv/extras' }),
    at('category.change', 'PATCH', '/api/v1/categories/{id}', 'extras', { excludes: ['x'] }),
    at('category.delete', 'DELETE', '/api/v1/categories/{id}', 'extras'),
    at('site.read', 'GET', '/api/v1/sites/{id}', site),
    at('site.create', 'PUT', '/api/v1/sites/{id}', 'gamma', { name: 'New' }),
    at('site.change', 'PUT', '/api/v1/sites/{id}', site, { name: 'Changed', admins: ['alice', 'bob'] }),
    at('site.change', 'PATCH', '/api/v1/sites/{id}', site, { ownerActive: false }),
    at('site.delete', 'DELETE', '/api/v1/sites/{id}', `empty-${site}`),
    at('site.audit', 'GET', '/api/v1/sites/{id}/audit', site),
    at('host.read', 'GET', '/api/v1/hosts/{id}', host),
    at('host.create', 'PUT', '/api/v1/hosts/{id}', 'new.example.org', fresh),
    at('host.change', 'PUT', '/api/v1/hosts/{id}', host, { ...declared, comment: 'changed' }),
    at('host.change', 'PATCH', '/api/v1/hosts/{id}', host, { bandwidth: 1000 }),
    at('host.delete', 'DELETE', '/api/v1/hosts/{id}', host),
    at('host.audit', 'GET', '/api/v1/hosts/{id}/audit', host),
    at('token.read', 'GET', '/api/v1/hosts/{id}/tokens', host),
    at('token.issue', 'POST', '/api/v1/hosts/{id}/tokens', host, { label: 'x' }),
    at('token.revoke', 'DELETE', '/api/v1/hosts/{id}/tokens/{token}', host),
    at('proof.read', 'GET', '/api/v1/hosts/{id}/proof', host),
    at('proof.check', 'POST', '/api/v1/hosts/{id}/proof', host),
  ];
};

/** Endpoints of another function that ask the same table. */
const ELSEWHERE: readonly Operation[] = ['drain.hold', 'drain.release'];
/** They refuse nobody who is somebody: they show what their reader may read. */
const LISTS = ['GET /api/v1/sites', 'GET /api/v1/hosts', 'GET /api/v1/categories'];

const PEOPLE: Readonly<Record<Role, Who>> = {
  administrator: 'wendy',
  'site-admin': 'alice',
  user: 'carol',
  host: 'nobody',
  nobody: 'nobody',
};

const network = (siteCreation: 'anyone' | 'administrators') => ({
  ...NETWORK,
  policies: { access: { ...NETWORK.policies.access, siteCreation } },
  sites: [...NETWORK.sites, { id: 'empty-alpha', admins: ['alice'] }, { id: 'empty-beta', admins: ['bob'] }],
});

interface World {
  readonly setup: AdminSetup;
  readonly tokens: Readonly<Record<Whose, { readonly id: string; readonly token: string }>>;
}

const makeWorld = async (siteCreation: 'anyone' | 'administrators'): Promise<World> => {
  const setup = await adminSetup(emulators, network(siteCreation));
  const issue = async (whose: Whose) =>
    bodyOf(await setup.ask('wendy', 'POST', `/api/v1/hosts/${HOSTS[whose]}/tokens`, { body: { label: 'made' } })) as {
      id: string;
      token: string;
    };
  return { setup, tokens: { own: await issue('own'), other: await issue('other') } };
};

const isAllowed = (grant: Grant, whose: Whose, siteCreation: string): boolean =>
  grant === 'any' || (grant === 'own' && whose === 'own') || (grant === 'policy' && siteCreation === 'anyone');

const send = ({ setup, tokens }: World, role: Role, { method, path, options }: Probe) => {
  const headers: Record<string, string> = role === 'host' ? { authorization: `Bearer ${tokens.own.token}` } : {};
  return setup.ask(PEOPLE[role], method, path, { ...options, headers });
};

describe.each(['anyone', 'administrators'] as const)('where new sites are for %s', (siteCreation) => {
  const cells = (Object.keys(PEOPLE) as Role[]).flatMap((role) => (['own', 'other'] as const).map((whose) => ({ role, whose })));

  test.each(cells)(
    'a $role does to $whose rows what the table says, and nothing else',
    { timeout: 120_000 },
    async ({ role, whose }) => {
      let world = await makeWorld(siteCreation);
      let before = await world.setup.contents();
      const wrong: unknown[] = [];
      for (const at of probesFor(whose, '').keys()) {
        const probe = probesFor(whose, world.tokens[whose].id)[at];
        if (probe === undefined) continue;
        const { operation, method, path } = probe;
        const allowed = role !== 'nobody' && isAllowed(PERMISSIONS[operation][role], whose, siteCreation);
        const { statusCode } = await send(world, role, probe);
        const after = await world.setup.contents();
        const isRead = method === 'GET' || operation === 'proof.check';
        const refusal = role === 'host' || role === 'nobody' ? 401 : 403;
        const fine = allowed
          ? statusCode >= 200 && statusCode < 300 && isRead === (after === before)
          : statusCode === refusal && after === before;
        if (!fine) wrong.push({ operation, method, path, allowed, statusCode, wrote: after !== before });
        if (after === before) continue;
        world = await makeWorld(siteCreation);
        before = await world.setup.contents();
      }
      expect(wrong).toEqual([]);
    },
  );
});

describe('the table', () => {
  test('has a probe for each of its operations and for each endpoint', () => {
    const probes = probesFor('own', 'x');
    expect(new Set([...probes.map(({ operation }) => operation), ...ELSEWHERE])).toEqual(new Set(OPERATIONS));
    const endpoints = ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(new Set([...probes.map(({ method, route }) => `${method} ${route}`), ...LISTS])).toEqual(new Set(endpoints));
  });

  test('counts both sites of a host that moves, and the row itself and not only the path that names it', async () => {
    const { setup, tokens } = await makeWorld('anyone');
    const before = await setup.contents();
    const refused = [
      await setup.ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body: { site: 'beta' } }),
      await setup.ask('alice', 'PUT', '/api/v1/hosts/b.example.org', { body: { ...NETWORK.hosts[1], site: 'alpha' } }),
      await setup.ask('alice', 'PATCH', '/api/v1/hosts/b.example.org', { body: { site: 'alpha' } }),
      await setup.ask('alice', 'PUT', '/api/v1/hosts/new', { body: { country: 'DE', carries: [] } }),
      await setup.ask('alice', 'PUT', '/api/v1/hosts/new', { body: { site: 'nowhere', country: 'DE', carries: [] } }),
      await setup.ask('alice', 'PUT', '/api/v1/hosts/new', { body: { site: ['alpha'], country: 'DE', carries: [] } }),
    ];
    expect(refused.map(({ statusCode }) => statusCode)).toEqual([403, 403, 403, 403, 403, 403]);
    expect((await setup.ask('alice', 'DELETE', `/api/v1/hosts/a.example.org/tokens/${tokens.other.id}`)).statusCode).toBe(404);
    expect(await setup.contents()).toBe(before);
    await setup.ask('wendy', 'PATCH', '/api/v1/sites/beta', { body: { admins: ['bob', 'alice'] } });
    expect((await setup.ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body: { site: 'beta' } })).statusCode).toBe(200);
  });
});

describe('the switches and the fields of administrators', () => {
  const path = '/api/v1/hosts/a.example.org';

  test("are separate: the owner's is for site admins, the administrator's for administrators", async () => {
    const { ask, inventory, contents } = await adminSetup(emulators);
    expect((await ask('alice', 'PATCH', path, { body: { ownerActive: false } })).statusCode).toBe(200);
    expect((await ask('wendy', 'PATCH', path, { body: { adminActive: false } })).statusCode).toBe(200);
    expect((await inventory()).hosts[0]).toMatchObject({ ownerActive: false, adminActive: false });
    const before = await contents();
    const [host] = NETWORK.hosts;
    for (const reply of [
      await ask('alice', 'PUT', path, { body: host }),
      await ask('alice', 'PATCH', path, { body: { adminActive: true } }),
      await ask('alice', 'PATCH', path, { body: { adminActive: null, ownerActive: true } }),
    ]) {
      expect(told(reply)).toMatchObject([403, { kind: 'forbidden', problems: [{ path: 'adminActive' }] }]);
    }
    expect(told(await ask('alice', 'DELETE', path))).toMatchObject([403, { kind: 'forbidden' }]);
    expect(await contents()).toBe(before);
    expect((await ask('alice', 'PATCH', path, { body: { ownerActive: true } })).statusCode).toBe(200);
    for (const key of ['health', 'drain', 'healthy', 'drained']) {
      expect(told(await ask('wendy', 'PATCH', path, { body: { [key]: false } }))).toMatchObject([
        422,
        { problems: [{ path: key }] },
      ]);
    }
  });

  test.each([
    { key: 'adminActive', value: false, problem: 'adminActive', without: 403 },
    { key: 'pending', value: true, problem: 'pending', without: 200 },
    { key: 'tier', value: 1, problem: 'tier', without: 403 },
    { key: 'peerAsns', value: [64_500], problem: 'peerAsns', without: 403 },
    { key: 'netblocks', value: ['192.0.2.0/24', '198.0.0.0/15'], problem: 'netblocks[1]', without: 200 },
    { key: 'netblocks', value: ['2a00::/31'], problem: 'netblocks[0]', without: 200 },
    {
      key: 'carries',
      value: [{ category: 'linux', urls: ['https://a.example.org/linux'], alwaysCurrent: true }],
      problem: 'carries[0].alwaysCurrent',
      without: 422,
    },
  ])('$problem of a host is refused to its site admin, and kept when an administrator set it', async (field) => {
    const { key, value, problem, without } = field;
    const { ask, contents, inventory } = await adminSetup(emulators);
    const before = await contents();
    expect(told(await ask('alice', 'PATCH', path, { body: { [key]: value } }))).toMatchObject([
      403,
      { problems: [{ path: problem }] },
    ]);
    expect(await contents()).toBe(before);
    expect((await ask('wendy', 'PATCH', path, { body: { [key]: value } })).statusCode).toBe(200);
    const set = (await inventory()).hosts[0];
    expect((await ask('alice', 'PATCH', path, { body: { comment: 'mine' } })).statusCode).toBe(200);
    expect((await inventory()).hosts[0]).toEqual({ ...set, comment: 'mine' });
    expect((await ask('alice', 'PATCH', path, { body: { [key]: null } })).statusCode).toBe(without);
  });

  test('of a site: its last admin stays, it is made private by anybody of it and public by administrators', async () => {
    const { ask, inventory, contents } = await adminSetup(emulators);
    const site = '/api/v1/sites/alpha';
    const before = await contents();
    expect(told(await ask('alice', 'PATCH', site, { body: { admins: [] } }))).toMatchObject([
      403,
      { problems: [{ path: 'admins' }] },
    ]);
    expect(told(await ask('alice', 'PATCH', site, { body: { adminActive: false } }))).toMatchObject([
      403,
      { problems: [{ path: 'adminActive' }] },
    ]);
    expect(await contents()).toBe(before);
    expect((await ask('alice', 'PATCH', site, { body: { private: true, admins: ['alice', 'dora'] } })).statusCode).toBe(200);
    expect(told(await ask('alice', 'PATCH', site, { body: { private: false } }))).toMatchObject([
      403,
      { problems: [{ path: 'private' }] },
    ]);
    expect((await ask('alice', 'PATCH', site, { body: { admins: ['dora'] } })).statusCode).toBe(200);
    expect((await ask('alice', 'GET', site)).statusCode).toBe(403);
    expect((await ask('wendy', 'PATCH', site, { body: { private: null, admins: [] } })).statusCode).toBe(200);
    expect((await inventory()).sites[0]).toMatchObject({ private: false, admins: [] });
  });

  test('a new site belongs to whoever declares it, and one user has no end of them', async () => {
    const { ask } = await adminSetup(emulators);
    expect(told(await ask('carol', 'PUT', '/api/v1/sites/gamma', { body: { name: 'Gamma' } }))).toEqual([
      201,
      { id: 'gamma', name: 'Gamma', admins: ['carol'] },
    ]);
    expect(told(await ask('carol', 'PUT', '/api/v1/sites/delta', { body: { admins: ['dora'] } }))).toEqual([
      201,
      { id: 'delta', admins: ['carol', 'dora'] },
    ]);
    for (let at = 2; at < 20; at += 1) {
      expect((await ask('carol', 'PUT', `/api/v1/sites/s${at}`, { body: {} })).statusCode).toBe(201);
    }
    expect((await ask('carol', 'PUT', '/api/v1/sites/one-more', { body: {} })).statusCode).toBe(403);
    expect((await ask('wendy', 'PUT', '/api/v1/sites/one-more', { body: {} })).statusCode).toBe(201);
  });
});
