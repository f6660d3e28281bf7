import { describe, expect, test } from 'vitest';
import { printNetworkFile } from '#wire/network-file/print-network-file.ts';
import { adminSetup, bodyOf, inventoryOf, NETWORK, NOW, told } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';

const emulators = useEmulators();
const HOST = {
  country: 'DE',
  site: 'alpha',
  carries: [{ category: 'linux', urls: ['https://c.example.org/linux'] }],
};
const [HOST_A] = NETWORK.hosts;

describe('an entity', () => {
  test('is declared, read, changed, replaced and removed, in the shape of the network file', async () => {
    const { ask, inventory } = await adminSetup(emulators);
    const created = await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', {
      body: { ...HOST, bandwidth: '10G', pending: false },
    });
    const wanted = {
      id: 'c.example.org',
      site: 'alpha',
      country: 'DE',
      bandwidth: 10_000,
      carries: [{ category: 'linux', urls: ['https://c.example.org/linux'] }],
    };
    expect(told(created)).toEqual([201, wanted]);
    expect(created.headers).toMatchObject({
      location: '/api/v1/hosts/c.example.org',
      etag: expect.stringMatching(/^"[0-9a-f]{16}"$/),
      'mirrortide-revision': '2',
    });
    const read = await ask('alice', 'GET', '/api/v1/hosts/c.example.org');
    expect(told(read)).toEqual([200, wanted]);
    expect(read.headers['etag']).toBe(created.headers['etag']);

    const patched = await ask('alice', 'PATCH', '/api/v1/hosts/c.example.org', {
      body: { bandwidth: null, comment: 'moved' },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    const { bandwidth: _, ...rest } = wanted;
    expect(told(patched)).toEqual([200, { ...rest, comment: 'moved' }]);
    expect(patched.headers['etag']).not.toBe(created.headers['etag']);

    expect(told(await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', { body: HOST }))).toEqual([200, rest]);
    expect((await inventory()).hosts.map(({ id }) => id)).toEqual(['a.example.org', 'b.example.org', 'c.example.org']);
    expect(told(await ask('alice', 'DELETE', '/api/v1/hosts/c.example.org'))).toEqual([204, undefined]);
    expect(told(await ask('alice', 'GET', '/api/v1/hosts/c.example.org'))).toMatchObject([404, { kind: 'not_found' }]);
    expect(await inventory()).toEqual(inventoryOf(NETWORK));
  });

  test('is answered as unchanged, and not written, when it is already so', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    const same = await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', { body: HOST_A });
    expect(told(same)).toMatchObject([200, { id: 'a.example.org' }]);
    expect(same.headers['mirrortide-revision']).toBe('1');
    expect(await contents()).toBe(before);
  });

  test('is not read again by whoever has it, and changed only by whoever saw it last', async () => {
    const { ask } = await adminSetup(emulators);
    const { headers } = await ask('alice', 'GET', '/api/v1/hosts/a.example.org');
    const etag = headers['etag'] ?? '';
    expect(await ask('alice', 'GET', '/api/v1/hosts/a.example.org', { headers: { 'if-none-match': etag } })).toMatchObject({
      statusCode: 304,
      body: '',
    });
    const patch = (comment: string, header: Record<string, string>) =>
      ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body: { comment }, headers: header });
    expect((await patch('one', { 'if-match': `"0000000000000000", ${etag}` })).statusCode).toBe(200);
    expect(told(await patch('two', { 'if-match': etag }))).toMatchObject([412, { kind: 'precondition_failed' }]);
    expect((await patch('three', { 'if-match': '*' })).statusCode).toBe(200);
    const once = { headers: { 'if-none-match': '*' }, body: HOST };
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', once)).statusCode).toBe(412);
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', once)).statusCode).toBe(201);
    const absent = { headers: { 'if-match': '*' }, body: HOST };
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/d.example.org', absent)).statusCode).toBe(412);
    expect((await ask('wendy', 'DELETE', '/api/v1/hosts/c.example.org', { headers: { 'if-match': '"x"' } })).statusCode).toBe(
      412,
    );
  });

  test('is told field by field what is wrong with it', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    const wrong = {
      id: 'other',
      site: 'gamma',
      country: 'XX',
      bandwith: 5,
      netblocks: ['10.0.0.0/8'],
      carries: [
        { category: 'linus', urls: ['ftp://c.example.org/linux', 'https://user:secret@c.example.org/linux'] },
        { category: 'extras', urls: ['https://b.example.org/linux', 'http://127.0.0.1/x'] },
      ],
    };
    expect(told(await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', { body: wrong }))).toEqual([
      422,
      {
        kind: 'invalid',
        value: expect.any(String),
        problems: expect.arrayContaining([
          { path: 'id', message: 'is not the id in the path' },
          { path: 'site', message: 'there is no site "gamma"' },
          { path: 'country', message: expect.stringContaining('"XX" is not a country') },
          { path: 'bandwith', message: 'unknown key `bandwith`, did you mean `bandwidth`?' },
          { path: 'netblocks[0]', message: expect.stringContaining('is a private range') },
          { path: 'carries[0].category', message: 'there is no category "linus", did you mean `linux`?' },
          { path: 'carries[0].urls[0]', message: expect.stringContaining('FTP is not supported') },
          { path: 'carries[0].urls[1]', message: expect.stringContaining('must not hold a user name or a password') },
          { path: 'carries[1].urls[0]', message: 'this URL is already at hosts/b.example.org.carries[0].urls[0]' },
          { path: 'carries[1].urls[1]', message: expect.stringContaining('127.0.0.1 is not a public address') },
        ]),
      },
    ]);
    expect(await contents()).toBe(before);
  });

  test('is refused when others need it as it is', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    expect(told(await ask('wendy', 'DELETE', '/api/v1/categories/linux'))).toEqual([
      409,
      {
        kind: 'conflict',
        value: expect.any(String),
        problems: ['a', 'b'].map((host) => ({
          path: `hosts/${host}.example.org.carries[0].category`,
          message: expect.stringContaining('there is no category "linux"'),
        })),
      },
    ]);
    expect(told(await ask('alice', 'DELETE', '/api/v1/sites/alpha'))).toMatchObject([
      409,
      { problems: [{ path: 'hosts/a.example.org.site' }] },
    ]);
    const relative = { master: 'master' };
    expect(told(await ask('wendy', 'PUT', '/api/v1/categories/new', { body: relative }))).toMatchObject([
      422,
      { problems: [{ path: 'master' }] },
    ]);
    expect(await contents()).toBe(before);
  });

  test('is only looked at by a dry run, which tells what would change', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    const dry = { query: 'dryRun=true' };
    expect(told(await ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { ...dry, body: { bandwidth: '1G' } }))).toEqual([
      200,
      { dryRun: true, operation: 'change', before: HOST_A, after: { ...HOST_A, bandwidth: 1000 } },
    ]);
    expect(told(await ask('wendy', 'PUT', '/api/v1/sites/gamma', { ...dry, body: {} }))).toMatchObject([
      200,
      { operation: 'create', before: null, after: { id: 'gamma' } },
    ]);
    expect(told(await ask('wendy', 'DELETE', '/api/v1/hosts/b.example.org', dry))).toMatchObject([
      200,
      { operation: 'delete', after: null },
    ]);
    expect(told(await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', { ...dry, body: HOST_A }))).toMatchObject([
      200,
      { operation: 'none' },
    ]);
    expect((await ask('alice', 'PUT', '/api/v1/hosts/b.example.org', { ...dry, body: HOST })).statusCode).toBe(403);
    expect((await ask('alice', 'DELETE', '/api/v1/hosts/a.example.org', { query: 'dry-run=true' })).statusCode).toBe(400);
    expect((await ask('alice', 'DELETE', '/api/v1/hosts/a.example.org', { query: 'dryRun=yes' })).statusCode).toBe(400);
    expect(await contents()).toBe(before);
  });
});

describe('a list', () => {
  test('comes in pages, each entry once, and shows what its reader may read', async () => {
    const { ask } = await adminSetup(emulators);
    for (let at = 0; at < 7; at += 1) {
      const id = `n${at}.example.org`;
      const body = { ...HOST, carries: [{ category: 'extras', urls: [`https://${id}/extras`] }] };
      expect((await ask('wendy', 'PUT', `/api/v1/hosts/${id}`, { body })).statusCode).toBe(201);
    }
    const ids: string[] = [];
    for (let query = 'limit=4', pages = 0; pages < 9; pages += 1) {
      const { items, next } = bodyOf(await ask('wendy', 'GET', '/api/v1/hosts', { query })) as {
        items: { id: string }[];
        next?: string;
      };
      ids.push(...items.map(({ id }) => id));
      if (next === undefined) break;
      query = `limit=4&after=${next}`;
    }
    const all = ['a', 'b', ...Array.from({ length: 7 }, (_, at) => `n${at}`)].map((name) => `${name}.example.org`);
    expect(ids).toEqual(all);
    const idsFor = async (who: 'alice' | 'bob' | 'carol', query = '') =>
      (bodyOf(await ask(who, 'GET', '/api/v1/hosts', { query })) as { items: { id: string }[] }).items.map(({ id }) => id);
    expect(await idsFor('alice')).toEqual(all.filter((id) => id !== 'b.example.org'));
    expect(await idsFor('bob')).toEqual(['b.example.org']);
    expect(await idsFor('carol')).toEqual([]);
    expect(await idsFor('alice', 'site=beta')).toEqual([]);
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'limit=1&limit=2', 'sites=beta']) {
      expect((await ask('wendy', 'GET', '/api/v1/hosts', { query })).statusCode).toBe(400);
    }
  });
});

describe('the settings', () => {
  test('are read and changed section by section, by administrators', async () => {
    const { ask, inventory } = await adminSetup(emulators);
    const patch = { body: { answer: { maximumHosts: 7 }, drain: { lease: '5m' } } };
    expect(told(await ask('wendy', 'PATCH', '/api/v1/settings/policies', patch))).toEqual([
      200,
      { access: { administratorGroups: ['wranglers'] }, answer: { maximumHosts: 7 }, drain: { lease: '5m' } },
    ]);
    expect((await inventory()).settings).toMatchObject({ answer: { maximumHosts: 7 }, drain: { leaseMs: 300_000 } });
    expect(told(await ask('wendy', 'PUT', '/api/v1/settings/aliases', { body: { old: 'new' } }))).toEqual([200, { old: 'new' }]);
    expect(told(await ask('wendy', 'PUT', '/api/v1/settings/disabled', { body: [{ repo: 'x' }] }))).toEqual([
      200,
      [{ repo: 'x' }],
    ]);
    expect(told(await ask('wendy', 'GET', '/api/v1/settings/locks'))).toMatchObject([404, { kind: 'not_found' }]);
    const locks = { body: { locks: [{ name: 'update', slots: 2 }] } };
    expect(told(await ask('wendy', 'PUT', '/api/v1/settings/locks', locks))).toMatchObject([
      201,
      { locks: [{ name: 'update' }] },
    ]);
    expect((await inventory()).locks?.locks.map(({ name }) => name)).toEqual(['update']);
    expect((await ask('wendy', 'DELETE', '/api/v1/settings/locks')).statusCode).toBe(204);
    expect((await ask('wendy', 'DELETE', '/api/v1/settings/aliases')).statusCode).toBe(204);
    expect((await inventory()).locks).toBeUndefined();
    expect(told(await ask('wendy', 'GET', '/api/v1/settings/aliases'))).toEqual([200, {}]);
    expect(told(await ask('wendy', 'DELETE', '/api/v1/settings/network'))).toMatchObject([409, { kind: 'conflict' }]);
    expect((await ask('wendy', 'GET', '/api/v1/settings/hosts')).statusCode).toBe(404);
    expect(
      told(await ask('wendy', 'PATCH', '/api/v1/settings/policies', { body: { answer: { maximumHosts: 0 } } })),
    ).toMatchObject([422, { problems: [{ path: 'answer.maximumHosts' }] }]);
  });

  test('say what the network serves itself, which is kept apart', async () => {
    const { ask, inventory } = await adminSetup(emulators);
    const section = '/api/v1/settings/content';
    expect(told(await ask('wendy', 'GET', section))).toMatchObject([404, { kind: 'not_found' }]);
    const tools = { id: 'tools', type: 'files', roles: { publishers: ['alice'] } };
    const body = { volumes: [tools, { id: 'centos', mount: '/centos/', type: 'rpm', quota: 204_800_000 }] };
    const printed = { volumes: [tools, { id: 'centos', type: 'rpm', quota: '200000 KiB' }] };
    expect(told(await ask('alice', 'PUT', section, { body }))).toMatchObject([403, { kind: 'forbidden' }]);
    expect(told(await ask('wendy', 'PUT', section, { body }))).toEqual([201, printed]);
    expect(told(await ask('wendy', 'GET', section))).toEqual([200, printed]);
    expect(told(await ask('alice', 'GET', section))).toMatchObject([403, { kind: 'forbidden' }]);
    expect((await inventory()).content?.volumes.map(({ id, mount, quotaBytes }) => [id, mount, quotaBytes])).toEqual([
      ['tools', 'tools', undefined],
      ['centos', 'centos', 204_800_000],
    ]);
    const same = { body: { proxies: [{ id: 'x', mount: 'tools/x', type: 'files', upstream: 'https://x.example.org' }] } };
    expect(told(await ask('wendy', 'PATCH', section, same))).toMatchObject([
      422,
      { problems: [{ path: 'proxies[0].mount', message: 'is at or below the mount of tools' }] },
    ]);
    expect((await ask('wendy', 'DELETE', section)).statusCode).toBe(204);
    expect((await inventory()).content).toBeUndefined();
    expect(told(await ask('wendy', 'GET', '/api/v1/audit', { query: 'limit=1' }))).toMatchObject([
      200,
      { items: [{ by: 'user:wendy', operation: 'delete', entity: 'settings/content', before: printed, after: null }] },
    ]);
  });

  test('keep addresses allowed that content still leads to', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const allowed = { body: { crawl: { allowedAddresses: ['10.0.0.0/8'] } } };
    const proxy = { id: 'inner', type: 'files', upstream: 'http://10.1.2.3/pub' };
    const section = '/api/v1/settings/content';
    expect(told(await ask('wendy', 'PUT', section, { body: { proxies: [proxy] } }))).toMatchObject([
      422,
      { problems: [{ path: 'proxies[0].upstream' }] },
    ]);
    expect((await ask('wendy', 'PATCH', '/api/v1/settings/policies', allowed)).statusCode).toBe(200);
    expect((await ask('wendy', 'PUT', section, { body: { proxies: [proxy] } })).statusCode).toBe(201);
    const before = await contents();
    const none = { body: { crawl: null } };
    expect(told(await ask('wendy', 'PATCH', '/api/v1/settings/policies', none))).toMatchObject([
      409,
      { problems: [{ path: 'content.proxies[0].upstream' }] },
    ]);
    expect(await contents()).toBe(before);
  });

  test('never lock out who changes them', async () => {
    const { ask, contents } = await adminSetup(emulators);
    const before = await contents();
    const away = { body: { access: { administratorGroups: ['others'] } } };
    expect(told(await ask('wendy', 'PATCH', '/api/v1/settings/policies', away))).toMatchObject([409, { kind: 'conflict' }]);
    expect((await ask('wendy', 'DELETE', '/api/v1/settings/policies')).statusCode).toBe(409);
    expect(await contents()).toBe(before);
  });

  test('and all entities are the network file, for administrators', async () => {
    const { ask } = await adminSetup(emulators);
    expect(told(await ask('wendy', 'GET', '/api/v1/network'))).toEqual([200, printNetworkFile(inventoryOf(NETWORK))]);
  });
});

describe('a request that comes again', () => {
  test("is done once and answered twice, under a key that is the user's own", async () => {
    const { ask, inventory, contents, clock } = await adminSetup(emulators);
    const create = { body: HOST, headers: { 'idempotency-key': 'k-1' } };
    const first = await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', create);
    const removal = { headers: { 'idempotency-key': 'k-2' } };
    const gone = await ask('wendy', 'DELETE', '/api/v1/hosts/c.example.org', removal);
    const after = await contents();
    const again = await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', create);
    expect(again).toEqual({ ...first, headers: { ...first.headers, 'idempotency-replayed': 'true' } });
    expect((await ask('wendy', 'DELETE', '/api/v1/hosts/c.example.org', removal)).statusCode).toBe(gone.statusCode);
    expect(await contents()).toBe(after);
    const other = { ...create, body: { ...HOST, country: 'FR' } };
    expect(told(await ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', other))).toMatchObject([
      422,
      { kind: 'idempotency_key_reused' },
    ]);
    expect((await ask('alice', 'PUT', '/api/v1/hosts/c.example.org', create)).statusCode).toBe(201);
    expect((await inventory()).hosts.map(({ id }) => id)).toContain('c.example.org');
    expect(
      (await ask('alice', 'PUT', '/api/v1/hosts/c.example.org', { body: HOST, headers: { 'idempotency-key': '' } })).statusCode,
    ).toBe(400);
    clock.nowMs += 25 * 3_600_000;
    expect((await ask('wendy', 'DELETE', '/api/v1/hosts/c.example.org', removal)).statusCode).toBe(204);
    expect((await inventory()).hosts.map(({ id }) => id)).not.toContain('c.example.org');
  });

  test('is remembered too when it changed nothing, since somebody else may undo it in between', async () => {
    const { ask, inventory } = await adminSetup(emulators);
    const keyed = { body: HOST_A, headers: { 'idempotency-key': 'same' } };
    await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', keyed);
    await ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body: { comment: 'later' } });
    await ask('wendy', 'PUT', '/api/v1/hosts/a.example.org', keyed);
    expect((await inventory()).hosts[0]?.comment).toBe('later');
  });

  test('at the same moment is done once', async () => {
    const one = await adminSetup(emulators);
    const create = { body: HOST, headers: { 'idempotency-key': 'k' } };
    const replies = await Promise.all(
      [one, one.another(), one.another(), one].map((setup) => setup.ask('wendy', 'PUT', '/api/v1/hosts/c.example.org', create)),
    );
    expect(new Set(replies.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    const { items } = bodyOf(await one.ask('wendy', 'GET', '/api/v1/hosts/c.example.org/audit')) as { items: unknown[] };
    expect(items).toHaveLength(1);
  });
});

describe('changes at the same time', () => {
  test('of one version are won by exactly one', async () => {
    const one = await adminSetup(emulators);
    const { headers } = await one.ask('alice', 'GET', '/api/v1/hosts/a.example.org');
    const setups = [one, one.another(), one.another()];
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        setups[at % 3]!.ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', {
          body: { comment: `writer ${at}` },
          headers: { 'if-match': headers['etag'] ?? '' },
        }),
      ),
    );
    const codes = replies.map(({ statusCode }) => statusCode);
    expect(codes.toSorted()).toEqual([200, ...Array.from({ length: 11 }, () => 412)]);
    const winner = codes.indexOf(200);
    expect((await one.inventory()).hosts[0]?.comment).toBe(`writer ${winner}`);
  });

  test('of different fields are all made, and no two hosts get one URL', async () => {
    const one = await adminSetup(emulators);
    const setups = [one, one.another(), one.another(), one.another()];
    const fields = [{ comment: 'x' }, { bandwidth: 500 }, { region: 'eu' }, { provider: 'p' }];
    const patches = await Promise.all(
      fields.map((body, at) => setups[at]!.ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body })),
    );
    expect(patches.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    expect((await one.inventory()).hosts[0]).toMatchObject({ comment: 'x', bandwidthMbps: 500, region: 'eu', provider: 'p' });
    const puts = await Promise.all(
      setups.map((setup, at) => setup.ask('wendy', 'PUT', `/api/v1/hosts/same${at}`, { body: HOST })),
    );
    expect(puts.map(({ statusCode }) => statusCode).toSorted()).toEqual([201, 422, 422, 422]);
    const { items } = bodyOf(await one.ask('wendy', 'GET', '/api/v1/audit')) as { items: { revision: number }[] };
    expect(items.map(({ revision }) => revision)).toEqual([6, 5, 4, 3, 2, 1]);
  });
});

describe('the trail', () => {
  test('tells who changed what, when, from what to what, per host, per site and whole', async () => {
    const { ask } = await adminSetup(emulators);
    await ask('alice', 'PATCH', '/api/v1/hosts/a.example.org', { body: { bandwidth: 500 } });
    await ask('bob', 'PATCH', '/api/v1/sites/beta', { body: { url: 'https://beta.example.org/' } });
    await ask('wendy', 'PUT', '/api/v1/settings/aliases', { body: { old: 'new' } });
    const entry = (revision: number, by: string, entity: string, before: unknown, after: unknown) => ({
      revision,
      atMs: NOW,
      by: `user:${by}`,
      operation: 'change',
      entity,
      before,
      after,
      requestId: expect.any(String),
    });
    const ofHost = entry(2, 'alice', 'host/a.example.org', HOST_A, { ...HOST_A, bandwidth: 500 });
    const beta = { id: 'beta', admins: ['bob'] };
    const ofSite = entry(3, 'bob', 'site/beta', beta, { ...beta, url: 'https://beta.example.org' });
    const ofSettings = entry(4, 'wendy', 'settings/aliases', {}, { old: 'new' });
    expect(bodyOf(await ask('alice', 'GET', '/api/v1/hosts/a.example.org/audit'))).toMatchObject({ items: [ofHost] });
    expect(bodyOf(await ask('alice', 'GET', '/api/v1/sites/alpha/audit'))).toMatchObject({ items: [ofHost] });
    expect(bodyOf(await ask('bob', 'GET', '/api/v1/sites/beta/audit'))).toMatchObject({ items: [{ entity: 'site/beta' }] });
    const all = bodyOf(await ask('wendy', 'GET', '/api/v1/audit', { query: 'limit=2' })) as { items: unknown[]; next: string };
    expect(all).toMatchObject({ items: [ofSettings, { revision: ofSite.revision, by: ofSite.by }], next: '3' });
    expect(bodyOf(await ask('wendy', 'GET', '/api/v1/audit', { query: `after=${all.next}` }))).toMatchObject({
      items: [ofHost, { revision: 1, by: 'apply', operation: 'apply' }],
    });
  });

  test('of a host begins for its owner when the host came into being, and goes on for administrators', async () => {
    const { ask } = await adminSetup(emulators);
    const path = '/api/v1/hosts/c.example.org';
    await ask('wendy', 'PUT', path, { body: { ...HOST, comment: 'of the first owner' } });
    await ask('wendy', 'DELETE', path);
    expect((await ask('alice', 'GET', `${path}/audit`)).statusCode).toBe(404);
    expect((bodyOf(await ask('wendy', 'GET', `${path}/audit`)) as { items: unknown[] }).items).toHaveLength(2);
    await ask('bob', 'PUT', path, { body: { ...HOST, site: 'beta' } });
    await ask('bob', 'PATCH', path, { body: { bandwidth: 7 } });
    const operations = async (who: 'bob' | 'wendy') =>
      (bodyOf(await ask(who, 'GET', `${path}/audit`)) as { items: { operation: string }[] }).items.map(
        ({ operation }) => operation,
      );
    expect(await operations('bob')).toEqual(['change', 'create']);
    expect(await operations('wendy')).toEqual(['change', 'create', 'delete', 'create']);
    const page = bodyOf(await ask('bob', 'GET', `${path}/audit`, { query: 'limit=1' })) as { next: string };
    expect(bodyOf(await ask('bob', 'GET', `${path}/audit`, { query: `limit=1&after=${page.next}` }))).toMatchObject({
      items: [{ operation: 'create' }],
    });
  });
});

describe('HTTP', () => {
  test('methods and media types that are not there are named with those that are', async () => {
    const { ask, send, deps } = await adminSetup(emulators);
    const wrong = await ask('wendy', 'POST', '/api/v1/hosts/a.example.org');
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'GET, PUT, PATCH, DELETE, HEAD, OPTIONS']);
    expect(await send({ method: 'OPTIONS', path: '/api/v1/sites' })).toMatchObject({
      statusCode: 204,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
    const head = await ask('wendy', 'HEAD', '/api/v1/hosts/a.example.org');
    expect([head.statusCode, head.body, head.headers['etag']]).toEqual([200, '', expect.any(String)]);
    const form = { body: HOST, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/x', form)).statusCode).toBe(415);
    const patchType = { body: HOST, headers: { 'content-type': 'application/merge-patch+json' } };
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/x', patchType)).statusCode).toBe(415);
    const huge = { body: { ...HOST, comment: 'x'.repeat(1_100_000) } };
    expect((await ask('wendy', 'PUT', '/api/v1/hosts/x', huge)).statusCode).toBe(413);
    expect((await ask('wendy', 'GET', '/api/v1/nothing')).statusCode).toBe(404);
    expect((await ask('wendy', 'GET', '/api/v1/hosts/NOT-AN-ID')).statusCode).toBe(400);
    expect((await ask('wendy', 'GET', '/api/v1/hosts/%ff')).statusCode).toBe(400);
    expect(
      told(await send({ method: 'PUT', path: '/api/v1/hosts/x', claims: { sub: 'wendy', groups: '[a wranglers]' }, body: '{' })),
    ).toMatchObject([400, { kind: 'invalid_json' }]);
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    expect(
      (await send({ method: 'PATCH', path: '/api/v1/hosts/a.example.org', claims: { sub: 'alice' }, body: deep })).statusCode,
    ).toBe(400);
    expect(deps.log).toBeDefined();
  });

  test('without a token, or with one that names nobody, is refused', async () => {
    const { send, ask } = await adminSetup(emulators);
    const refused = await send({ path: '/api/v1/me', headers: { authorization: 'Bearer mth~a.example.org~x~y' } });
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    for (const claims of [{}, { sub: 7 }, { sub: '' }, { sub: 'a\nb' }, { sub: 'x'.repeat(201) }]) {
      expect((await send({ path: '/api/v1/me', claims })).statusCode).toBe(401);
    }
    expect(told(await ask('wendy', 'GET', '/api/v1/me'))).toEqual([
      200,
      { user: 'wendy', role: 'administrator', sites: [], mayCreateSites: true },
    ]);
    expect(told(await ask('alice', 'GET', '/api/v1/me'))).toEqual([
      200,
      { user: 'alice', role: 'site-admin', sites: ['alpha'], mayCreateSites: true },
    ]);
  });
});
