import { expect, test } from 'vitest';
import { adminSetup, bodyOf, inventoryOf, NETWORK, told } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';

const emulators = useEmulators();

const manyHosts = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const id = `h${String(at).padStart(5, '0')}.example.org`;
    return {
      id,
      site: at % 2 === 0 ? 'alpha' : 'beta',
      country: 'DE',
      bandwidth: 1 + (at % 1000),
      netblocks: [`10.${at % 250}.0.0/16`],
      private: true,
      carries: ['linux', 'extras'].map((category) => ({
        category,
        urls: ['https', 'rsync'].map((scheme) => `${scheme}://${id}/${category}`),
      })),
    };
  });

test('a whole network, entity by entity and some at once, becomes what the file says', { timeout: 120_000 }, async () => {
  const wanted = { ...NETWORK, hosts: [...NETWORK.hosts, ...manyHosts(150)] };
  const setup = await adminSetup(emulators);
  const instances = [setup, setup.another()];
  const begunMs = performance.now();
  const left = [...wanted.hosts];
  const work = async (at: number): Promise<void> => {
    for (let host = left.pop(); host !== undefined; host = left.pop()) {
      const reply = await instances[at]?.ask('wendy', 'PUT', `/api/v1/hosts/${host.id}`, { body: host });
      expect(instances[at]?.logged).toEqual([]);
      expect([200, 201]).toContain(reply?.statusCode);
    }
  };
  await Promise.all([work(0), work(1)]);
  const ms = performance.now() - begunMs;
  console.log(`${wanted.hosts.length} hosts, two at once: ${(ms / wanted.hosts.length).toFixed(1)} ms each`);
  expect(await setup.inventory()).toEqual(inventoryOf(wanted));
  const [first, second] = await Promise.all(instances.map((one) => one.deps.network.current()));
  expect(first?.inventory).toEqual(inventoryOf(wanted));
  expect(second).toEqual(first);
  const before = await setup.contents();
  for (const host of wanted.hosts.slice(0, 20)) {
    const reply = await setup.ask('wendy', 'PUT', `/api/v1/hosts/${host.id}`, { body: host });
    expect(reply.headers['mirrortide-revision']).toBe(String(first?.revision));
  }
  expect(await setup.contents()).toBe(before);
});

test('what an instance holds after its own changes is what the table has', async () => {
  const setup = await adminSetup(emulators);
  const steps: readonly (readonly [string, string, unknown?])[] = [
    ['PUT', '/api/v1/sites/aaa', { name: 'First' }],
    ['PUT', '/api/v1/categories/aaa', { master: '/srv/aaa' }],
    [
      'PUT',
      '/api/v1/hosts/aaa',
      { ...NETWORK.hosts[0], id: 'aaa', carries: [{ category: 'aaa', urls: ['https://x.example.org'] }] },
    ],
    ['PATCH', '/api/v1/settings/policies', { answer: { minimumHosts: 2 } }],
    ['PUT', '/api/v1/settings/continentOverrides', { TR: 'EU', CY: 'AS' }],
    ['PUT', '/api/v1/settings/countryOverrides', { '192.0.2.0/24': 'DE', '10': 'DE' }],
    ['PUT', '/api/v1/settings/aliases', { b: 'x', a: 'y', 9: 'z' }],
    ['PUT', '/api/v1/settings/locks', { locks: [{ name: 'update' }] }],
    ['PUT', '/api/v1/settings/content', { volumes: [{ id: 'tools', type: 'files', quota: '2048 MiB' }] }],
    ['PATCH', '/api/v1/settings/content', { domain: 'Example.org' }],
    ['DELETE', '/api/v1/hosts/b.example.org'],
    ['DELETE', '/api/v1/sites/beta'],
    ['DELETE', '/api/v1/settings/aliases'],
    ['DELETE', '/api/v1/settings/content'],
  ];
  for (const [method, path, body] of steps) {
    const reply = await setup.ask('wendy', method, path, body === undefined ? {} : { body });
    const held = await setup.deps.network.current();
    const read = await setup.another().deps.network.current();
    expect([path, held]).toEqual([path, read]);
    if (reply.statusCode < 300 && method !== 'DELETE') {
      expect(told(await setup.another().ask('wendy', 'GET', path))).toEqual([200, bodyOf(reply)]);
    }
  }
});

test('a page ends before a reply becomes too large, and goes on where it ended', { timeout: 60_000 }, async () => {
  const urls = (id: string, at: number) => Array.from({ length: 10 }, (_, n) => `https://${id}/${'x'.repeat(900)}${at}-${n}`);
  const categories = Array.from({ length: 15 }, (_, at) => ({ id: `c${at}`, master: `/srv/${at}` }));
  const hosts = Array.from({ length: 30 }, (_, at) => {
    const id = `h${at + 10}.example.org`;
    return {
      id,
      site: 'alpha',
      country: 'DE',
      carries: categories.map(({ id: category }, n) => ({ category, urls: urls(id, n) })),
    };
  });
  const { ask } = await adminSetup(emulators, { ...NETWORK, categories, hosts });
  const ids: string[] = [];
  for (let after = '', pages = 1; ; pages += 1) {
    const reply = await ask('wendy', 'GET', '/api/v1/hosts', { query: `limit=500&after=${after}` });
    expect(reply.body.length).toBeLessThan(2_000_000);
    const { items, next } = bodyOf(reply) as { items: { id: string }[]; next?: string };
    ids.push(...items.map(({ id }) => id));
    if (next === undefined) {
      expect(pages).toBeGreaterThan(1);
      break;
    }
    after = next;
  }
  expect(ids).toEqual(hosts.map(({ id }) => id));
});

test('what is wrong a thousand times over is told a hundred times', async () => {
  const { ask } = await adminSetup(emulators);
  const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`key${at}`, at]));
  const reply = await ask('wendy', 'PUT', '/api/v1/sites/x', { body });
  expect([reply.statusCode, (bodyOf(reply) as { problems: unknown[] }).problems.length]).toEqual([422, 100]);
});

test('what no item of the table could hold is refused, alone or together with what is there', async () => {
  const { ask, logged } = await adminSetup(emulators);
  const long = (at: number, length: number) => `${at}${'x'.repeat(length)}`;
  const many = <Value>(count: number, make: (at: number) => Value) => Array.from({ length: count }, (_, at) => make(at));
  const put = (section: string, body: unknown) => ask('wendy', 'PUT', `/api/v1/settings/${section}`, { body });
  const aliases = (count: number) => Object.fromEntries(many(count, (at) => [`a${long(at, 180)}`, `b${long(at, 180)}`]));
  expect((await put('aliases', aliases(2_000))).statusCode).toBe(422);
  expect((await put('aliases', aliases(450))).statusCode).toBe(200);
  expect(
    (
      await put(
        'disabled',
        many(850, (at) => ({ repo: long(at, 190) })),
      )
    ).statusCode,
  ).toBe(200);
  const overrides = Object.fromEntries(many(2_000, (at) => [`2001:db8:${at.toString(16)}::/48`, 'DE']));
  expect(told(await put('countryOverrides', overrides))).toMatchObject([422, { problems: [{ path: '' }] }]);
  expect(logged).toEqual([]);
});
