import { describe, expect, test } from 'vitest';
import { ConfigError, Fault } from '#domain/errors.ts';
import { parseVolumeReply } from '#wire/volume/volume-replies.ts';
import { useEmulators } from '../../support/emulators.ts';
import { prepare, publisher } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type Person, replyOf, VOLUMES, type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const FILES = { 'a/one': 'one', 'a/two': 'two' };

const get = async (setup: VolumesSetup, path: string, who: Person = 'carol') => replyOf(await setup.ask(who, 'GET', path));

const withTwo = async () => {
  const setup = await volumesSetup(emulators);
  const ann = publisher(setup, 'tools');
  const one = (await ann.publish(FILES)).root;
  await setup.ask('bob', 'POST', '/volumes/tools/release', { release: one });
  const two = (await ann.publish({ ...FILES, SHA256SUMS: `${hashOf('else')}  a/one\n` })).root;
  return { setup, one, two };
};

describe('volumes', () => {
  test('are listed with where they stand, as the network declares them', async () => {
    const { setup, one } = await withTwo();
    const check = { volume: 'copy', startedMs: 1, end: 'unchanged', failures: 0, checkedMs: 2, heads: [] } as const;
    await setup.upstreams.write(check, 1);
    const [status, body] = await get(setup, '/volumes');
    const { volumes } = parseVolumeReply('volumes', body);
    expect([status, volumes.map(({ volume }) => volume)]).toEqual([200, VOLUMES.map(({ id }) => id)]);
    expect(volumes[0]).toMatchObject({ mount: 'tools', type: 'files', current: one, currentRelease: { state: 'CURRENT' } });
    const update = { end: 'unchanged', startedMs: 1, checkedMs: 2, failures: 0 };
    expect((body as { volumes: unknown[] }).volumes[3]).toMatchObject({ upstream: 'https://up.example.org', update });
    expect((await get(setup, '/volumes/copy'))[1]).toMatchObject({ volume: 'copy', update });
  });

  test('are read one by one, with what the reader may do', async () => {
    const { setup, one } = await withTwo();
    const roles = async (who: Person) => ((await get(setup, '/volumes/tools', who))[1] as { roles: unknown }).roles;
    expect((await get(setup, '/volumes/tools'))[1]).toMatchObject({ volume: 'tools', version: 7, current: one });
    expect(await roles('robot')).toEqual({ publish: true, release: false, operate: false });
    expect(await roles('eve')).toEqual({ publish: false, release: false, operate: true });
    expect(await roles('wendy')).toEqual({ publish: true, release: true, operate: true });
    expect(await roles('carol')).toEqual({ publish: false, release: false, operate: false });
    expect(await get(setup, '/volumes/nowhere')).toEqual([
      404,
      { kind: 'unknown_volume', value: 'The network declares no volume "nowhere".' },
    ]);
  });
});

test('releases are found by root, by number, and by what they are', async () => {
  const { setup, one, two } = await withTwo();
  const named = async (name: string) => {
    const [status, body] = await get(setup, `/volumes/tools/releases/${name}`);
    return status === 200 ? (body as { release: string }).release : [status, (body as { kind: string }).kind];
  };
  expect([await named('1'), await named(one), await named('current')]).toEqual([one, one, one]);
  expect([await named('2'), await named(two)]).toEqual([two, two]);
  for (const name of ['previous', '3', '0', hashOf('x'), 'CURRENT', '%00', 'x'.repeat(2_000)])
    expect(await named(name)).toEqual([404, 'unknown-release']);
  expect((await get(setup, `/volumes/tools/releases/${two}`))[1]).toMatchObject({
    state: 'REJECTED',
    problems: [{ path: 'a/one', message: expect.stringContaining('SHA256SUMS') }],
  });
  const [, body] = await get(setup, '/volumes/tools/releases');
  const { releases } = body as { releases: readonly Readonly<Record<string, unknown>>[] };
  expect(releases.map(({ release, state, problems }) => [release, state, problems])).toEqual([
    [two, 'REJECTED', undefined],
    [one, 'CURRENT', undefined],
  ]);
});

test('the log comes newest first, page by page', async () => {
  const { setup, one } = await withTwo();
  const page = async (query: string) => {
    const [status, body] = await get(setup, `/volumes/tools/log${query}`);
    return status === 200
      ? parseVolumeReply('log', body).entries.map(({ version, operation }) => `${version} ${operation}`)
      : status;
  };
  expect(await page('')).toEqual(['7 reject', '6 seal', '5 stage', '4 commit', '3 validate', '2 seal', '1 stage']);
  expect(await page('?limit=2&before=5')).toEqual(['4 commit', '3 validate']);
  const [, body] = await get(setup, '/volumes/tools/log?limit=1&before=5');
  expect(body).toMatchObject({ entries: [{ version: 4, operation: 'commit', release: one, by: 'user:bob' }] });
  for (const query of ['?limit=0', '?limit=501', '?limit=x', '?before=0', '?before=-1', '?before=1e3', '?after=1'])
    expect(await page(query)).toBe(400);
});

describe('a document', () => {
  test('of a tree comes as it is stored, once', async () => {
    const { setup, one } = await withTwo();
    const { tree, objects } = prepare(FILES);
    for (const sha256 of [one, tree.root.shards[0]?.sha256 ?? '']) {
      const reply = await setup.ask('carol', 'GET', `/volumes/tools/documents/${sha256}`);
      expect(Buffer.from(reply.body)).toEqual(Buffer.from(objects.get(sha256) ?? ''));
      expect([reply.statusCode, reply.headers]).toEqual([
        200,
        {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': 'private, max-age=31536000, immutable',
          etag: `"${sha256}"`,
        },
      ]);
      const again = await setup.send({
        path: `/api/v1/volumes/tools/documents/${sha256}`,
        claims: { sub: 'carol' },
        headers: { 'if-none-match': `"${sha256}"` },
      });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
  });

  test('is not every object', async () => {
    const { setup } = await withTwo();
    for (const sha256 of [hashOf('one'), hashOf('nothing'), 'x', '..', 'A'.repeat(64)])
      expect((await get(setup, `/volumes/tools/documents/${sha256}`))[0]).toBe(404);
  });

  test('that a function cannot send is refused', async () => {
    const { setup, one } = await withTwo();
    Object.assign(setup.api, { objects: { ...setup.api.objects, sizeBytes: async () => 5_000_001 } });
    expect((await get(setup, `/volumes/tools/documents/${one}`))[0]).toBe(413);
  });
});

describe('a request', () => {
  test('of nobody, without a name, or to nowhere', async () => {
    const setup = await volumesSetup(emulators);
    const send = async (call: Parameters<typeof setup.send>[0]) => replyOf(await setup.send(call));
    const path = '/api/v1/volumes';
    expect(await send({ path })).toMatchObject([401, { kind: 'unauthenticated' }]);
    expect(await send({ path, claims: { groups: ['wranglers'] } })).toMatchObject([401, { kind: 'unauthenticated' }]);
    const claims = { sub: 'carol' };
    expect(await send({ path: '/api/v1/volumes/a/b', claims })).toMatchObject([404, { kind: 'not_found' }]);
    expect(await send({ path, method: 'DELETE', claims })).toMatchObject([405, { kind: 'method_not_allowed' }]);
    expect(await send({ path, query: 'limit=1', claims })).toMatchObject([400, { kind: 'invalid_request' }]);
    expect(await send({ path, method: 'HEAD', claims })).toEqual([200, undefined]);
    const long = { path: '/api/v1/volumes/tools/hold', method: 'POST', claims: { sub: 'eve' }, body: 'x'.repeat(16_385) };
    expect(await send(long)).toMatchObject([413, { kind: 'body_too_large' }]);
  });

  test.each([
    ['a table that does not answer', new Fault('down'), [503, 'backend_unavailable'], 'warn a request was not answered in time'],
    ['no network', new ConfigError('none'), [503, 'no_network'], 'error there is no network whose volumes these are'],
    ['a bug', new TypeError('bug'), [500, 'internal_error'], 'error a request failed'],
  ])('that meets %s says so', async (_, error, [status, kind], logged) => {
    const setup = await volumesSetup(emulators);
    Object.assign(setup.api, { content: { read: () => Promise.reject(error) } });
    const reply = await setup.ask('carol', 'GET', '/volumes');
    expect([reply.statusCode, (JSON.parse(reply.body) as { kind: string }).kind]).toEqual([status, kind]);
    expect(reply.headers['retry-after']).toBe(status === 503 ? '10' : undefined);
    expect(setup.logged).toEqual([expect.stringContaining(logged)]);
  });
});
