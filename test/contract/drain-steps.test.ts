import { describe, expect, test } from 'vitest';
import { publishMemory, publishSnapshot } from '../../functions/publish-snapshot/publish-snapshot.ts';
import { groupNow } from '../support/a-drain.ts';
import { aChangedManifest, aHost, HOUR, MINUTE } from '../support/a-network.ts';
import { type DrainNetworkOptions, drainNetwork, threeHosts } from '../support/drain-network.ts';
import { useEmulators } from '../support/emulators.ts';
import { drainStores } from './drain-store.suite.ts';

const emulators = useEmulators();
const SECOND = 1_000;

const network = async (options: Partial<DrainNetworkOptions> = {}) => {
  const place = await drainStores(emulators)();
  const it = await drainNetwork({ drains: place.open(), hosts: threeHosts(), ...options });
  await it.start();
  return it;
};

describe('a synchronisation', () => {
  test('goes all the way: out of the snapshot, past the caches, verified, and back', async () => {
    const it = await network();
    expect(await it.listed()).toEqual(['a', 'b', 'c']);
    const began = await it.begin('a', 'run', { expectedDurationMs: 5 });
    expect([began.status, began.body.state, began.body.syncId, began.body.fence]).toEqual([201, 'DRAINING', 'a~linux~1', 1]);
    expect(it.publishes).toEqual(['a host goes away to synchronise']);
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'DRAINING', cancel: false });
    expect(await it.listed()).toEqual(['a', 'b', 'c']);

    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
    const published = it.clock.now();
    expect((await it.get('a')).body).toMatchObject({
      state: 'DRAINING',
      safeAfterMs: published + MINUTE,
      retryAfterMs: 15 * SECOND,
    });
    it.clock.advance(MINUTE - 1);
    expect((await it.heartbeat('a')).body.state).toBe('DRAINING');
    it.clock.advance(1);
    expect((await it.get('a')).body.state).toBe('DRAINED');
    expect((await it.heartbeat('a')).body.state).toBe('SYNCING');

    it.wipe('a');
    expect(await it.crawl('a')).toBe('synchronising');
    for (const [path, text] of it.mirror('b').files) it.mirror('a').files.set(path, text);
    expect((await it.end('a')).body.state).toBe('VERIFYING');
    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
    it.clock.advance(SECOND);
    expect(await it.crawlAsked()).toEqual(['crawled']);
    expect(await it.state('a')).toBe('IN_SERVICE');
    expect(it.publishes.at(-1)).toBe('a host returns to service');
    expect(await groupNow(it.drains)).toEqual({ inService: ['b', 'c'], draining: [] });
    await it.publish();
    expect(await it.listed()).toEqual(['a', 'b', 'c']);
    expect(await groupNow(it.drains)).toEqual({ inService: ['a', 'b', 'c'], draining: [] });
    expect((await it.drains.history({ host: 'a', category: 'linux' }, 10)).map(({ transition }) => transition)).toEqual([
      'return',
      'end',
      'start',
      'drain',
    ]);
  });

  test('that begins twice with one key is one, and with another key is refused', async () => {
    const it = await network();
    const first = await it.begin('a', 'one');
    expect((await it.begin('a', 'one')).body).toEqual(first.body);
    const second = await it.begin('a', 'two');
    expect([second.status, second.body.kind, second.body.syncId]).toEqual([409, 'sync_active', 'a~linux~1']);
    expect((await it.drains.pair({ host: 'a', category: 'linux' }))?.version).toBe(1);
  });

  test('waits where one must stay and one is all there is', async () => {
    const it = await network({ hosts: [aHost('a')] });
    const { status, body, headers } = await it.begin('a');
    expect([status, body.state, body.position, body.retryAfterMs, headers['retry-after']]).toEqual([
      202,
      'WAITING',
      1,
      15_000,
      '15',
    ]);
    expect(body.reason).toBe('global:*: 1 in service, and at least 1 must stay');
    await it.publish();
    expect(await it.listed()).toEqual(['a']);
  });

  test('is granted to exactly one of two hosts that begin together where one must stay', async () => {
    const it = await network({ hosts: [aHost('a'), aHost('b')] });
    const began = await Promise.all([it.begin('a'), it.begin('b')]);
    expect(began.map(({ status }) => status).toSorted()).toEqual([201, 202]);
    expect(await groupNow(it.drains)).toMatchObject({ inService: [expect.any(String)], draining: [expect.any(String)] });
  });

  test('is granted in the order of arrival, and passes over whoever no longer asks', async () => {
    const it = await network({ hosts: ['a', 'b', 'c', 'd'].map((id) => aHost(id)) });
    await it.begin('a');
    for (const host of ['b', 'c', 'd']) {
      it.clock.advance(SECOND);
      await it.begin(host);
    }
    expect((await it.get('d')).body).toMatchObject({ state: 'WAITING', position: 3 });
    await it.end('a', 1, 'aborted');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    await it.publish();
    expect((await it.heartbeat('d')).body).toMatchObject({ state: 'WAITING', position: 3, reason: 'b came first' });
    expect((await it.heartbeat('c')).body).toMatchObject({ state: 'WAITING', position: 2 });
    // b sleeps: its turn goes to c.
    it.clock.advance(3 * MINUTE);
    expect((await it.heartbeat('c')).body.state).toBe('DRAINING');
    expect((await it.heartbeat('d')).body).toMatchObject({
      state: 'WAITING',
      position: 1,
      reason: 'global:*: 1 of 1 slots are taken',
    });
    it.clock.advance(31 * MINUTE);
    expect((await it.sweep()).changed).toBe(3);
    expect([await it.state('b'), await it.state('d')]).toEqual(['IN_SERVICE', 'IN_SERVICE']);
  });

  test('that ends before it was drained is verified like any other', async () => {
    const it = await network();
    await it.begin('a');
    expect((await it.end('a', 1, 'aborted')).body).toMatchObject({ state: 'VERIFYING', reason: 'the synchronisation aborted' });
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('IN_SERVICE');
  });

  test('may end twice, and is over the first time', async () => {
    const it = await network();
    await it.begin('a');
    await it.end('a');
    const pair = await it.drains.pair({ host: 'a', category: 'linux' });
    expect((await it.end('a', 1, 'failed')).body.state).toBe('VERIFYING');
    expect(await it.drains.pair({ host: 'a', category: 'linux' })).toEqual(pair);
  });

  test('with an older fence is lost, whatever it calls', async () => {
    const it = await network();
    await it.begin('a');
    await it.end('a');
    expect((await it.begin('a', 'next')).body).toMatchObject({ fence: 2, state: 'DRAINING' });
    for (const reply of [await it.heartbeat('a', 1), await it.end('a', 1), await it.get('a', 1)]) {
      expect([reply.status, reply.body.kind]).toEqual([409, 'lost']);
    }
    expect(await it.state('a')).toBe('DRAINING');
  });

  test('is nobody else’s', async () => {
    const it = await network();
    await it.begin('a');
    expect(
      (await it.call('POST', '/api/v1/syncs/a~linux~1/end', { host: 'b', body: { fence: 1, outcome: 'success' } })).status,
    ).toBe(404);
    expect((await it.call('POST', '/api/v1/hosts/a/categories/linux/syncs', { host: 'b' })).status).toBe(403);
    expect((await it.call('POST', '/api/v1/hosts/a/categories/linux/syncs', {})).status).toBe(401);
    expect((await it.call('POST', '/api/v1/hosts/a/categories/nothing/syncs', { host: 'a' })).status).toBe(404);
    expect((await it.call('GET', '/api/v1/hosts/a/syncs', { host: 'b' })).status).toBe(403);
    expect((await it.call('POST', '/api/v1/hosts/a/categories/linux/hold', { host: 'a', body: { reason: 'x' } })).status).toBe(
      401,
    );
  });

  test('cannot end unverified: bad content is held, and good content later returns by itself', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    const files = new Map(it.mirror('a').files);
    it.mirror('a').files.delete('alpha/os/repodata/repomd.xml');
    await it.end('a');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    const held = await it.drains.pair({ host: 'a', category: 'linux' });
    expect([held?.state, held?.reason, held?.groups]).toEqual(['HELD', 'alpha/os/repodata/repomd.xml is gone', ['global:*']]);
    expect((await it.sweep()).held).toBe(1);
    // hold-slot: nobody else may go meanwhile.
    expect((await it.begin('b')).body.state).toBe('WAITING');
    await it.publish();
    expect((await it.carrierOf('a'))?.state).toBe('drained');
    expect((await it.carrierOf('a'))?.evidence?.text).toBe('held: alpha/os/repodata/repomd.xml is gone');
    it.mirror('a').files = files;
    it.clock.advance(15 * MINUTE);
    expect((await it.sweep()).checks).toBe(1);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('IN_SERVICE');
    expect((await it.heartbeat('b')).body.state).toBe('DRAINING');
  });

  test('that failed frees its slot where the policy says so, and the host stays out', async () => {
    const it = await network({ policy: { onFailure: 'free-slot' } });
    await it.begin('a');
    await it.drainAndStart('a');
    it.wipe('a');
    await it.end('a', 1, 'failed');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('HELD');
    expect(await groupNow(it.drains)).toEqual({ inService: ['b', 'c'], draining: [] });
    expect((await it.begin('b')).body.state).toBe('DRAINING');
  });

  test('that lost a directory is held, and one that the master changed meanwhile is not', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    it.mirror('a').files.delete('iso/file-7');
    await it.end('a');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect((await it.drains.pair({ host: 'a', category: 'linux' }))?.reason).toBe('iso no longer holds what it held');
    // b synchronises just before the master changes: it is behind, and was equal, and returns.
    const other = await network();
    await other.begin('b');
    await other.drainAndStart('b');
    await other.manifests.publish(aChangedManifest(), 1, other.clock.now());
    await other.end('b');
    other.clock.advance(SECOND);
    await other.crawlAsked();
    expect(await other.state('b')).toBe('IN_SERVICE');
  });
});

describe('a host that dies while it synchronises', () => {
  test('lapses, and returns when its content is good', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    it.clock.advance(10 * MINUTE);
    expect(await it.sweep()).toMatchObject({ changed: 0, away: 1 });
    it.clock.advance(1);
    expect(await it.sweep()).toMatchObject({ changed: 1, checks: 1, away: 1, unverifiedTooLong: 0 });
    expect(await it.state('a')).toBe('LAPSED');
    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('IN_SERVICE');
    expect([(await it.heartbeat('a')).status, (await it.end('a')).body.state]).toEqual([409, 'IN_SERVICE']);
  });

  test.each(['gone', 'out of reach'])('lapses, and is held when its content is %s', async (harm) => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    if (harm === 'gone') it.wipe('a');
    else it.mirror('a').fault = 'down';
    it.clock.advance(11 * MINUTE);
    await it.sweep();
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('HELD');
    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
  });

  test('goes on with its old synchronisation when it was only cut off, as long as nobody judged it', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    it.clock.advance(11 * MINUTE);
    await it.sweep();
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'SYNCING', fence: 1 });
    it.clock.advance(SECOND);
    expect(await it.crawlAsked()).toEqual(['synchronising']);
    expect(await groupNow(it.drains)).toEqual({ inService: ['b', 'c'], draining: ['a'] });
  });

  test('is an alarm when nobody could verify it for long', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    await it.end('a');
    it.clock.advance(HOUR + 1);
    expect(await it.sweep()).toMatchObject({ unverifiedTooLong: 1, held: 0 });
    expect(it.log.lines.map(({ message }) => message)).toContain('a host was not verified for too long');
  });

  test('is cancelled at the longest time a synchronisation may take, and lapses', async () => {
    const it = await network({ policy: { maximumMs: 15 * MINUTE } });
    await it.begin('a');
    await it.drainAndStart('a');
    it.clock.advance(9 * MINUTE);
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'SYNCING', cancel: false });
    it.clock.advance(5 * MINUTE);
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'SYNCING', cancel: true });
    it.clock.advance(1);
    await it.sweep();
    expect(await it.state('a')).toBe('LAPSED');
    expect((await it.heartbeat('a')).status).toBe(409);
  });
});

describe('a new host', () => {
  test('needs no slot while others drain, and enters service only when it is verified', async () => {
    // Nobody ever saw it hold anything.
    const place = await drainStores(emulators)();
    const fresh = await drainNetwork({ drains: place.open(), hosts: [...threeHosts(), aHost('new')] });
    fresh.wipe('new');
    await fresh.start();
    expect(await fresh.listed()).toEqual(['a', 'b', 'c']);
    await fresh.begin('a');
    expect((await fresh.call('GET', '/api/v1/hosts/new/syncs', { host: 'new' })).body.syncs).toEqual([
      { host: 'new', category: 'linux', state: 'PROVISIONING' },
    ]);
    expect((await fresh.begin('new')).body.state).toBe('SYNCING');
    await fresh.end('new');
    fresh.clock.advance(SECOND);
    await fresh.crawlAsked();
    expect(await fresh.state('new')).toBe('HELD');
    expect((await fresh.begin('new', 'again')).body.state).toBe('DRAINING');
    await fresh.drainAndStart('new', 2);
    fresh.mirror('new').files = new Map(fresh.mirror('b').files);
    await fresh.end('new', 2);
    // It failed before, so it is left alone for a while.
    fresh.clock.advance(3 * MINUTE);
    await fresh.sweep();
    fresh.clock.advance(SECOND);
    await fresh.crawlAsked();
    await fresh.publish();
    expect(await fresh.listed()).toEqual(['b', 'c', 'new']);
    expect(await groupNow(fresh.drains)).toEqual({ inService: ['b', 'c', 'new'], draining: ['a'] });
  });
});

describe('an additive synchronisation', () => {
  test('stays in service until its second phase asks for the slot', async () => {
    const it = await network();
    expect((await it.begin('a', 'run', { mode: 'additive' })).body).toMatchObject({ state: 'SYNCING', mode: 'additive' });
    await it.publish();
    expect(await it.listed()).toEqual(['a', 'b', 'c']);
    expect((await it.begin('b')).body.state).toBe('DRAINING');
    expect((await it.heartbeat('a')).body.state).toBe('SYNCING');
    expect((await it.heartbeat('a', 1, { phase: 'destructive' })).body.state).toBe('WAITING');
    await it.end('b', 1, 'aborted');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    await it.publish();
    expect((await it.heartbeat('a', 1, { phase: 'destructive' })).body.state).toBe('DRAINING');
    await it.drainAndStart('a');
    expect(await it.state('a')).toBe('SYNCING');
    expect(await it.listed()).toEqual(['b', 'c']);
  });

  test('that ends, or dies, before its second phase never left', async () => {
    const it = await network();
    await it.begin('a', 'run', { mode: 'additive' });
    expect((await it.end('a')).body.state).toBe('IN_SERVICE');
    await it.begin('b', 'run', { mode: 'additive' });
    it.clock.advance(11 * MINUTE);
    await it.sweep();
    expect(await it.state('b')).toBe('IN_SERVICE');
  });
});

describe('an operator', () => {
  const held = async () => {
    const it = await network();
    await it.change((inventory) => ({
      ...inventory,
      settings: { ...inventory.settings, access: { ...inventory.settings.access, administratorGroups: ['admins'] } },
    }));
    return it;
  };

  test('holds a host out whatever a crawl says, and releases it to be verified', async () => {
    const it = await held();
    expect((await it.operate('hold', 'a')).body).toMatchObject({ state: 'HELD', hold: { by: 'root', reason: 'disk' } });
    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
    it.clock.advance(SECOND);
    await it.crawl('a');
    expect(await it.state('a')).toBe('HELD');
    expect((await it.begin('a')).status).toBe(409);
    it.clock.advance(SECOND);
    expect((await it.operate('release', 'a', 'mended')).body.state).toBe('VERIFYING');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    await it.publish();
    expect(await it.listed()).toEqual(['a', 'b', 'c']);
    const told = (await it.drains.history({ host: 'a', category: 'linux' }, 9)).map(({ by, transition, reason }) => [
      by,
      transition,
      reason,
    ]);
    expect(told).toEqual([
      ['crawl', 'return', undefined],
      ['operator:root', 'release', 'mended'],
      ['operator:root', 'hold', 'disk'],
    ]);
  });

  test('who holds a host that synchronises cancels it, and keeps it out after it is verified', async () => {
    const it = await held();
    await it.begin('a');
    await it.drainAndStart('a');
    await it.operate('hold', 'a', 'wait');
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'SYNCING', cancel: true });
    await it.end('a', 1, 'aborted');
    it.clock.advance(SECOND);
    await it.crawlAsked();
    expect(await it.state('a')).toBe('HELD');
    expect((await groupNow(it.drains)).draining).toEqual([]);
  });
});

describe('a host that is switched off, or removed', () => {
  test('while it synchronises is told to cancel, frees its slot, and returns by verification when it is on again', async () => {
    const it = await network();
    await it.begin('a');
    await it.drainAndStart('a');
    const switched = (adminActive: boolean) =>
      it.change((inventory) => ({
        ...inventory,
        hosts: inventory.hosts.map((host) => (host.id === 'a' ? { ...host, adminActive } : host)),
      }));
    await switched(false);
    await it.sweep();
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'DISABLED', cancel: true });
    expect((await groupNow(it.drains)).draining).toEqual([]);
    expect((await it.end('a', 1, 'aborted')).body.state).toBe('DISABLED');
    await switched(true);
    expect(await it.sweep()).toMatchObject({ changed: 1, checks: 1 });
    await it.publish();
    expect(await it.listed()).toEqual(['b', 'c']);
    it.clock.advance(SECOND);
    await it.crawlAsked();
    await it.publish();
    expect(await it.listed()).toEqual(['a', 'b', 'c']);
  });

  test('frees its slot when the network no longer has it', async () => {
    const it = await network();
    await it.begin('a');
    await it.change((inventory) => ({ ...inventory, hosts: inventory.hosts.filter(({ id }) => id !== 'a') }));
    await it.sweep();
    await it.publish();
    expect(await groupNow(it.drains)).toEqual({ inService: ['b', 'c'], draining: [] });
    expect((await it.begin('b')).body.state).toBe('DRAINING');
  });
});

describe('the publisher', () => {
  test('lists a host that is away, marked, rather than nobody, and tells it to wait', async () => {
    const it = await network({ hosts: [aHost('a'), aHost('b')] });
    await it.begin('a');
    await it.publish();
    expect(await it.listed()).toEqual(['b']);
    it.mirror('b').fault = 'down';
    it.clock.advance(HOUR / 2);
    await it.heartbeat('a');
    for (let look = 0; look < 2; look += 1) {
      await it.crawl('b');
      it.clock.advance(5 * MINUTE);
    }
    // b died, and a is drained: it would be the end of the list.
    await it.publish();
    expect(await it.listed()).toEqual(['a']);
    expect(it.publishDeps.memory.kept).toBe(1);
    expect((await it.carrierOf('a'))?.evidence?.text).toBe('kept although it synchronises: nobody else of global:* serves');
  });

  test('lists nobody whom no check ever let in, whatever that leaves', async () => {
    const place = await drainStores(emulators)();
    const it = await drainNetwork({
      drains: place.open(),
      hosts: [aHost('a'), aHost('b'), aHost('new', { region: 'eu' })],
      policy: { groups: [{ scope: 'region', categories: [], minInService: 1, maxDraining: 1 }] },
    });
    it.wipe('new');
    await it.start();
    // It looks good to the usual rounds, and begins before any snapshot lists it.
    it.mirror('new').files = new Map(it.mirror('a').files);
    it.clock.advance(3 * MINUTE);
    await it.crawl('new');
    expect((await it.begin('new')).body.state).toBe('SYNCING');
    await it.publish();
    expect([await it.listed(), (await it.drains.pair({ host: 'new', category: 'linux' }))?.served]).toEqual([['a', 'b'], false]);
  });

  test('takes back that a host is drained, before it lists it', async () => {
    const it = await network({ hosts: [aHost('a'), aHost('b')] });
    await it.begin('a');
    await it.publish();
    it.clock.advance(MINUTE);
    expect((await it.get('a')).body.state).toBe('DRAINED');
    it.mirror('b').fault = 'down';
    await it.crawl('b');
    it.clock.advance(3 * MINUTE);
    await it.crawl('b');
    await it.publish();
    expect(await it.listed()).toEqual(['a']);
    expect((await it.heartbeat('a')).body).toMatchObject({ state: 'DRAINING' });
    // b is back: a may go now, after the caches.
    it.mirror('b').fault = undefined;
    it.clock.advance(5 * MINUTE);
    await it.crawl('b');
    await it.publish();
    expect(await it.listed()).toEqual(['b']);
    expect((await it.get('a')).body.safeAfterMs).toBe(it.clock.now() + MINUTE);
  });

  test('that was late neither lists a host that went away nor says that it may rely on it', async () => {
    const it = await network();
    await it.begin('a');
    const cold = publishMemory();
    // Publishes between the late one's reading and its writing.
    const late = {
      ...it.publishDeps,
      memory: publishMemory(),
      manifests: {
        ...it.publishDeps.manifests,
        read: async (pointer: Parameters<typeof it.publishDeps.manifests.read>[0]) => {
          if (cold.state === undefined) await it.publish(cold);
          return it.publishDeps.manifests.read(pointer);
        },
      },
    };
    const { kind } = await publishSnapshot(late, { force: undefined });
    expect(['lost', 'overtaken', 'unchanged']).toContain(kind);
    expect(await it.listed()).toEqual(['b', 'c']);
  });
});
