import { describe, expect, it } from 'vitest';
import type { Observation } from '#domain/crawl/observation.ts';
import { answerCheckIn } from '../../functions/hosts-api/answer-check-in.ts';
import { aCarriage, aChangedManifest, aHead, aSite, DAY, HOUR, MINUTE, START } from '../support/a-network.ts';
import { aCall, checkInWorld, tokenOf } from '../support/check-in-setup.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';

const PRIVATE = { host: { private: true } } as const;
const ALPHA = 'alpha/os/repodata/repomd.xml';
const BETA = 'beta/os/repodata/repomd.xml';
const digest = (state: string): string => aHead(state).hashes.sha256;
const CURRENT = { heads: { [ALPHA]: digest('alpha-1'), [BETA]: digest('beta-1') } };

const anObservation = (change: Partial<Observation> = {}): Observation => ({
  host: 'm1',
  category: 'linux',
  generation: 1,
  facts: undefined,
  health: [],
  checkedMs: {},
  unproven: 0,
  notBeforeMs: 0,
  evidence: [],
  ...change,
});

const healthy = (lastOkMs: number, state: 'ok' | 'down' = 'ok'): Observation['health'] => [
  {
    protocol: 'http',
    state,
    sinceMs: lastOkMs,
    consecutiveFailures: 0,
    consecutiveSuccesses: 1,
    lastOkMs,
    evidence: { atMs: lastOkMs, url: 'http://m1.example.org/pub/', text: 'HTTP 200' },
  },
];

const put = async (world: Awaited<ReturnType<typeof checkInWorld>>, observation: Observation): Promise<void> => {
  const lease = await world.deps.observations.acquire('m1', 'linux', world.clock.now(), world.clock.now() + 1);
  if (lease.kind === 'granted') await world.deps.observations.write(observation, lease.fence);
};

describe('a check-in of a public host', () => {
  it('is a hint: the host is crawled at once, and nothing is believed', async () => {
    const world = await checkInWorld();
    const manifestDigest = (await world.deps.manifests.pointer('linux'))?.name;
    expect(await world.say(CURRENT)).toEqual({ id: 'linux', result: 'probing', manifestDigest });
    expect(world.crawls.sent).toEqual([
      { host: 'm1', category: 'linux', check: 'heads', generation: 1, plannedMs: START, basedOnMs: START, publish: true },
    ]);
    expect([await world.seen(), world.publish.reasons]).toEqual([undefined, []]);
  });

  it('is heard once in half a minute, per category and host', async () => {
    const world = await checkInWorld();
    await world.say();
    world.clock.advance(10_000);
    expect(await world.say()).toMatchObject({ result: 'too_soon', retryAfterMs: 20_000 });
    expect(await world.say({}, 'm2')).toMatchObject({ result: 'probing' });
    world.clock.advance(20_000);
    expect(await world.say()).toMatchObject({ result: 'probing' });
    expect(world.crawls.sent.map(({ host }) => host)).toEqual(['m1', 'm2', 'm1']);
  });

  it.each([
    ['full', { urls: ['rsync://m1.example.org/pub'] }],
    ['reach', { alwaysCurrent: true }],
  ] as const)('asks for a %s check where heads prove nothing', async (check, change) => {
    const world = await checkInWorld({ host: { carries: [aCarriage('m1', change)] } });
    await world.say();
    expect(world.crawls.sent).toMatchObject([{ check }]);
  });

  it.each([
    ['unknown_category', { inventory: { categories: [] } }],
    ['not_carried', { host: { carries: [] } }],
    ['switched_off', { host: { ownerActive: false } }],
    ['switched_off', { inventory: { sites: [aSite('site', { adminActive: false })] } }],
    ['not_scanned', { scanned: false }],
  ] as const)('says %s, and nothing is crawled', async (result, setup) => {
    const world = await checkInWorld(setup);
    expect(await world.say()).toEqual({ id: 'linux', result });
    expect(world.crawls.sent).toEqual([]);
  });
});

describe('a check-in of a private host that no crawl reaches', () => {
  it('is its state: it is listed, and a publication is asked for', async () => {
    const world = await checkInWorld(PRIVATE);
    expect(await world.carrier()).toMatchObject({ state: 'never-verified', urls: [] });
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
    expect(await world.seen()).toMatchObject({
      generation: 1,
      health: [],
      behind: 0,
      checkIn: { sinceMs: START, lastMs: START },
    });
    expect(await world.facts()).toEqual({
      category: 'linux',
      heads: {
        [ALPHA]: { kind: 'digest', sha256: digest('alpha-1') },
        [BETA]: { kind: 'digest', sha256: digest('beta-1') },
      },
      // Heads prove their repositories; nothing was said of iso and doc.
      excluded: [7, 8],
    });
    expect(await world.carrier()).toMatchObject({
      state: 'serving',
      urls: [{ protocol: 'http', url: 'http://m1.example.org/pub' }],
      evidence: { atMs: START, text: 'the host checks in; no crawl reaches it' },
    });
    expect([world.publish.reasons.length, world.crawls.sent]).toEqual([1, []]);
  });

  it('may be private by its site', async () => {
    const world = await checkInWorld({ inventory: { sites: [aSite('site', { private: true })] } });
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
  });

  it('adds to what it said before, and publishes nothing when that is the same', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.say({ heads: { [ALPHA]: digest('alpha-1') } });
    world.clock.advance(MINUTE);
    await world.say({ heads: { [BETA]: digest('beta-1') } });
    expect((await world.facts())?.heads).toEqual({
      [ALPHA]: { kind: 'digest', sha256: digest('alpha-1') },
      [BETA]: { kind: 'digest', sha256: digest('beta-1') },
    });
    world.clock.advance(MINUTE);
    await world.say(CURRENT);
    expect((await world.seen())?.checkIn).toEqual({ sinceMs: START, lastMs: START + 2 * MINUTE });
    expect(world.publish.reasons).toHaveLength(2);
  });

  it('ages: after three days it is no longer offered, and the next word begins anew', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.say(CURRENT);
    world.clock.advance(3 * DAY);
    expect(await world.carrier()).toMatchObject({ state: 'serving' });
    world.clock.advance(1);
    expect(await world.carrier()).toMatchObject({ state: 'never-verified' });
    await world.say(CURRENT);
    expect((await world.seen())?.checkIn?.sinceMs).toBe(START + 3 * DAY + 1);
    expect(await world.carrier()).toMatchObject({ state: 'serving' });
    expect(world.publish.reasons).toHaveLength(2);
  });

  it('names a manifest that it holds all of, also one that is no longer the present one', async () => {
    const world = await checkInWorld(PRIVATE);
    const first = (await world.deps.manifests.pointer('linux'))?.name;
    const second = await world.publishManifest(aChangedManifest());
    expect(await world.say({ manifestDigest: first })).toEqual({ id: 'linux', result: 'recorded', manifestDigest: second });
    expect(await world.seen()).toMatchObject({ generation: 1 });
    expect(await world.facts()).toMatchObject({ excluded: [], heads: { [ALPHA]: { sha256: digest('alpha-1') } } });
    world.clock.advance(MINUTE);
    await world.say({ manifestDigest: second });
    expect(await world.facts()).toMatchObject({ excluded: [], heads: { [ALPHA]: { sha256: digest('alpha-2') } } });
    world.clock.advance(MINUTE);
    expect(await world.say({ manifestDigest: '0'.repeat(64) })).toEqual({
      id: 'linux',
      result: 'unknown_manifest',
      manifestDigest: second,
    });
    expect((await world.seen())?.checkIn?.lastMs).toBe(START + MINUTE);
  });

  it('stands by what it said in each directory, until the master changes it', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.say({ manifestDigest: (await world.deps.manifests.pointer('linux'))?.name });
    expect([await world.standing('iso'), await world.standing('alpha/os/Packages')]).toEqual([['current'], ['current']]);
    const changed = aChangedManifest();
    const directories = changed.directories.map((each) => (each.path === 'iso' ? { ...each, changedIn: 2 } : each));
    const after = { ...changed, directories };
    expect([await world.standing('iso', after), await world.standing('doc', after)]).toEqual([['unproven'], ['current']]);
    expect(await world.standing('alpha/os/Packages', aChangedManifest(START - DAY))).toEqual(['alternate']);
  });

  it('says nothing when no name in it is known, and leaves no lease behind', async () => {
    const world = await checkInWorld(PRIVATE);
    expect(await world.say({ heads: { 'other/repomd.xml': digest('x') } })).toMatchObject({ result: 'nothing_known' });
    expect(await world.seen()).toBeUndefined();
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
  });

  it('is heard once in half a minute', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.say(CURRENT);
    world.clock.advance(12_000);
    expect(await world.say({ heads: { [ALPHA]: digest('x') } })).toMatchObject({ result: 'too_soon', retryAfterMs: 18_000 });
    expect((await world.facts())?.heads[ALPHA]).toEqual({ kind: 'digest', sha256: digest('alpha-1') });
    world.clock.advance(18_000);
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
  });

  it('with neither heads nor manifest makes us look', async () => {
    const world = await checkInWorld(PRIVATE);
    expect(await world.say()).toMatchObject({ result: 'probing' });
    expect(world.crawls.sent).toHaveLength(1);
  });

  it('waits for a crawl that is under way, and says so when that takes too long', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.deps.observations.acquire('m1', 'linux', START, START + 3_000);
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
    world.clock.advance(MINUTE);
    await world.deps.observations.acquire('m1', 'linux', world.clock.now(), world.clock.now() + HOUR);
    expect(await world.say(CURRENT)).toMatchObject({ result: 'busy', retryAfterMs: HOUR - 19 * 500 });
  });

  it('is not counted when the host became public since', async () => {
    const world = await checkInWorld(PRIVATE);
    await world.say(CURRENT);
    const inventory = await world.inventories.load();
    world.inventories.set({ ...inventory, hosts: inventory.hosts.map((host) => ({ ...host, private: false })) });
    expect(await world.carrier()).toMatchObject({ state: 'never-verified' });
  });
});

describe('a check-in of a private host that a crawl reaches', () => {
  it('is a hint: what can be seen is not believed', async () => {
    const world = await checkInWorld(PRIVATE);
    await put(world, anObservation({ health: healthy(START - MINUTE) }));
    expect(await world.say(CURRENT)).toMatchObject({ result: 'probing' });
    expect([world.crawls.sent.length, (await world.seen())?.checkIn]).toEqual([1, undefined]);
    // The lease was given back.
    expect((await world.deps.observations.acquire('m1', 'linux', START, START + 1)).kind).toBe('granted');
  });

  it('is believed when that was too long ago, until a crawl reaches it again and finds it down', async () => {
    const world = await checkInWorld(PRIVATE);
    await put(world, anObservation({ health: healthy(START - 4 * HOUR, 'down') }));
    expect(await world.say(CURRENT)).toMatchObject({ result: 'recorded' });
    expect(await world.carrier()).toMatchObject({ state: 'serving' });
    const told = await world.seen();
    if (told === undefined) throw new Error('nothing was recorded');
    await put(world, { ...told, health: healthy(START + MINUTE) });
    world.clock.advance(2 * MINUTE);
    expect(await world.carrier()).toMatchObject({ state: 'serving', evidence: { text: 'HTTP 200' } });
    await put(world, { ...told, health: healthy(START + MINUTE, 'down') });
    expect(await world.carrier()).toMatchObject({ state: 'down' });
  });
});

describe('a request', () => {
  it('without the token of a known host is refused, whatever else is wrong with it', async () => {
    const { deps } = await checkInWorld();
    for (const authorization of [undefined, 'Bearer x', `Basic ${tokenOf('m1')}`, `Bearer ${tokenOf('gone')}`]) {
      const reply = await answerCheckIn(deps, aCall({ headers: { authorization }, body: '{' }));
      expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([401, 'Bearer realm="mirrortide"']);
    }
  });

  it('of another method is told which one', async () => {
    const { deps } = await checkInWorld();
    expect(await answerCheckIn(deps, aCall({ method: 'GET' }))).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
  });

  it('that does not fit is told where', async () => {
    const world = await checkInWorld();
    const reply = await world.send({ categories: [{ id: 'linux', heads: { a: 'B' } }, { id: '' }] });
    expect([reply.statusCode, JSON.parse(reply.body)]).toMatchObject([
      400,
      { kind: 'invalid_request', problems: [{ path: 'categories.0.heads.a' }, { path: 'categories.1.id' }] },
    ]);
  });

  it('finds a host that was declared a moment ago', async () => {
    const world = await checkInWorld({ host: { id: 'other' } });
    await world.say({}, 'm2');
    expect((await world.send({ categories: [{ id: 'linux' }] })).statusCode).toBe(401);
    const inventory = await world.inventories.load();
    world.inventories.set({ ...inventory, hosts: [...inventory.hosts, { ...inventory.hosts[0], id: 'm1' } as never] });
    expect(await world.say()).toMatchObject({ result: 'probing' });
  });
});

describe('killed at any call, and said again when the lease lapsed', () => {
  it.each([
    ['a private host is recorded, and published', true],
    ['a public host is crawled', false],
  ] as const)('%s', async (_, isPrivate) => {
    for (let at = 1; at < 20; at += 1) {
      for (const side of ['before', 'after'] as const) {
        const world = await checkInWorld({ host: { private: isPrivate } });
        const kill = killSwitch(at, side);
        const { observations, facts, crawls, publish, hints, manifests } = world.deps;
        const mortal = {
          ...world.deps,
          observations: kill.wrap(observations),
          facts: kill.wrap(facts),
          crawls: kill.wrap(crawls),
          publish: kill.wrap(publish),
          hints: kill.wrap(hints),
          manifests: kill.wrap(manifests),
        };
        const body = JSON.stringify({ categories: [{ id: 'linux', ...CURRENT }] });
        const call = aCall({ headers: { authorization: `Bearer ${tokenOf('m1')}` }, body });
        const ended = await answerCheckIn(mortal, call).catch((error: unknown) => error);
        world.clock.advance(35_000);
        await answerCheckIn(world.deps, call);
        if (isPrivate) expect(await world.carrier()).toMatchObject({ state: 'serving' });
        else expect(world.crawls.sent.length).toBeGreaterThan(0);
        if (!(ended instanceof Killed)) return;
      }
    }
    throw new Error('the check-in never came to its end');
  });
});
