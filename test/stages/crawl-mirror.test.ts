import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CheckKind, Facts, Observation } from '#domain/crawl/observation.ts';
import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { CrawlRequest } from '#ports/crawl-queue.ts';
import { type CrawlMirrorDeps, crawlMirror } from '../../functions/crawl-mirror/crawl-mirror.ts';
import { warmReads } from '../../functions/crawl-mirror/warm-reads.ts';
import {
  aCarriage,
  aChangedManifest,
  aHead,
  aHost,
  aManifest,
  anInventory,
  aRepository,
  filesOf,
  HOUR,
  MINUTE,
  START,
} from '../support/a-network.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';
import { memoryDrainStore } from '../support/memory-drain-store.ts';
import { type MemoryMirror, memoryFileLister, memoryHttpPeer } from '../support/memory-mirrors.ts';
import {
  memoryFactsStore,
  memoryInventoryStore,
  memoryLog,
  memoryManifestStore,
  memoryObservationStore,
  memoryPublishRequests,
  testClock,
} from '../support/memory-stores.ts';

const BASE = 'http://m1.example.org/pub';
const RSYNC = 'rsync://m1.example.org/pub';
const TIMES = { checkMs: 4 * MINUTE, leaseMs: 6 * MINUTE };
const FIRST = { alpha: 'alpha-1', beta: 'beta-1' };

interface Setup {
  readonly mirror?: MemoryMirror;
  readonly host?: Host;
  readonly manifest?: Manifest;
  readonly inventory?: Partial<Inventory>;
  readonly requestsPerCheck?: number;
}

const world = async (setup: Setup = {}) => {
  const mirror = setup.mirror ?? { files: filesOf(aManifest(), FIRST) };
  const mirrors = new Map([
    [BASE, mirror],
    [RSYNC, mirror],
  ]);
  const inventory = anInventory([setup.host ?? aHost('m1')], setup.inventory);
  const crawl = { ...inventory.settings.crawl, requestsPerCheck: setup.requestsPerCheck ?? 100 };
  const clock = testClock(START);
  const manifests = memoryManifestStore();
  await manifests.publish(setup.manifest ?? aManifest(), undefined, START);
  const http = memoryHttpPeer(mirrors);
  const peers = { http, lister: memoryFileLister(mirrors) };
  const inventories = memoryInventoryStore({ ...inventory, settings: { ...inventory.settings, crawl } });
  const publish = memoryPublishRequests();
  const deps: CrawlMirrorDeps = {
    drains: memoryDrainStore(),
    newId: randomUUID,
    reads: warmReads(inventories as never, manifests, clock),
    manifests,
    observations: memoryObservationStore(),
    facts: memoryFactsStore(),
    publish,
    peers: () => peers,
    clock,
    log: memoryLog(),
    times: TIMES,
  };
  const stored = async (): Promise<Observation | undefined> => {
    const lease = await deps.observations.acquire('m1', 'linux', clock.now(), clock.now() + 1);
    if (lease.kind === 'held') throw new Error('the lease is held');
    if (lease.observation !== undefined) await deps.observations.write(lease.observation, lease.fence);
    return lease.observation;
  };
  const storedFacts = async (): Promise<Facts | undefined> => {
    const observation = await stored();
    return observation?.facts === undefined ? undefined : await deps.facts.get('linux', observation.facts);
  };
  const crawl1 = (check: CheckKind, using: CrawlMirrorDeps = deps) =>
    crawlMirror(using, { host: 'm1', category: 'linux', check, generation: 1, plannedMs: clock.now(), basedOnMs: 0 });
  return { deps, clock, publish, mirror, http, manifests, inventories, stored, storedFacts, crawl: crawl1 };
};

const health = (observation: Observation | undefined) => observation?.health.map(({ protocol, state }) => `${protocol} ${state}`);

describe('crawl-mirror', () => {
  it('proves a mirror that holds everything', async () => {
    const it = await world();
    expect((await it.crawl('sample')).kind).toBe('crawled');
    const observation = await it.stored();
    expect(health(observation)).toEqual(['http ok']);
    expect(observation).toMatchObject({ generation: 1, unproven: 0, behind: 0, notBeforeMs: 0, evidence: [] });
    expect(observation?.checkedMs).toEqual({ reach: START, heads: START, sample: START });
    expect(await it.storedFacts()).toEqual({
      category: 'linux',
      heads: {
        'alpha/os/repodata/repomd.xml': { kind: 'digest', sha256: aHead('alpha-1').hashes.sha256 },
        'beta/os/repodata/repomd.xml': { kind: 'digest', sha256: aHead('beta-1').hashes.sha256 },
      },
      excluded: [],
    });
  });

  it('catches a mirror that lies with the right size', async () => {
    const files = filesOf(aManifest(), { alpha: 'alpha-1', beta: 'beta-X' });
    const it = await world({ mirror: { files } });
    await it.crawl('heads');
    expect((await it.stored())?.behind).toBe(1);
    expect((await it.storedFacts())?.excluded).toEqual([4, 5, 6, 7, 8]);
  });

  it('finds missing and different files, and keeps what could not be read unknown', async () => {
    const files = filesOf(aManifest(), FIRST);
    files.delete('iso/file-7');
    files.set('doc/file-8', 'short');
    const it = await world({ mirror: { files } });
    await it.crawl('sample');
    expect((await it.storedFacts())?.excluded).toEqual([7, 8]);
    expect((await it.stored())?.evidence.map(({ url }) => url)).toEqual([`${BASE}/doc/file-8`, `${BASE}/iso/file-7`]);
  });

  it('treats a dead mirror as a successful crawl, down only at the second look, facts untouched', async () => {
    const it = await world();
    await it.crawl('sample');
    const before = await it.storedFacts();
    it.mirror.fault = 'down';
    it.clock.advance(HOUR);
    expect((await it.crawl('sample')).kind).toBe('crawled');
    expect(health(await it.stored())).toEqual(['http ok']);
    expect((await it.stored())?.notBeforeMs).toBe(START + HOUR + MINUTE);
    expect((await it.crawl('reach')).kind).toBe('too-early');
    it.clock.advance(MINUTE);
    await it.crawl('reach');
    const observation = await it.stored();
    expect(health(observation)).toEqual(['http down']);
    expect(observation?.checkedMs).toEqual({ reach: START, heads: START, sample: START });
    expect(await it.storedFacts()).toEqual(before);
  });

  it('comes back at one verified answer', async () => {
    const it = await world();
    it.mirror.fault = { status: 500 };
    await it.crawl('sample');
    it.clock.advance(5 * MINUTE);
    await it.crawl('sample');
    expect(health(await it.stored())).toEqual(['http down']);
    it.mirror.fault = undefined;
    it.clock.advance(5 * MINUTE);
    await it.crawl('sample');
    expect(health(await it.stored())).toEqual(['http ok']);
  });

  it('does not take a page with status 200 for a mirror', async () => {
    const it = await world();
    for (const path of it.mirror.files.keys()) it.mirror.files.set(path, '<html>For sale</html>');
    await it.crawl('heads');
    const observation = await it.stored();
    expect(health(observation)).toEqual(['http unknown']);
    expect(observation?.health[0]?.evidence.text).toBe('HTTP 200, but not a head file');
  });

  it('stops when asked to slow down, and stays away as long as asked', async () => {
    const it = await world();
    await it.crawl('sample');
    it.clock.advance(HOUR);
    it.mirror.fault = { status: 429, headers: { 'retry-after': '7200' } };
    const before = it.http.asked.length;
    await it.crawl('sample');
    expect(it.http.asked.length - before).toBe(1);
    expect((await it.stored())?.notBeforeMs).toBe(START + 3 * HOUR);
    expect(health(await it.stored())).toEqual(['http ok']);
  });

  it('sends no more requests than one check may', async () => {
    const it = await world({ requestsPerCheck: 3 });
    await it.crawl('sample');
    expect(it.http.asked).toHaveLength(3);
    expect((await it.stored())?.unproven).toBe(1);
    it.clock.advance(5 * MINUTE);
    await it.crawl('sample');
    expect((await it.stored())?.unproven).toBe(0);
    expect((await it.storedFacts())?.excluded).toEqual([]);
  });

  it('gets to the files of a category with more heads than a check has requests', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `repo${index}`);
    const states = Object.fromEntries(names.map((name) => [name, `${name}-1`]));
    const manifest = aManifest({ repositories: names.map((name) => aRepository(name, [aHead(`${name}-1`)])) });
    const it = await world({ manifest, mirror: { files: filesOf(manifest, states) }, requestsPerCheck: 8 });
    for (let check = 0; check < 10; check += 1) {
      await it.crawl('sample');
      it.clock.advance(5 * MINUTE);
    }
    expect(await it.stored()).toMatchObject({ unproven: 0, behind: 0 });
    expect((await it.storedFacts())?.excluded).toEqual([]);
  });

  it('follows the master: behind first, proved when the mirror caught up', async () => {
    const it = await world();
    await it.crawl('sample');
    await it.manifests.publish(aChangedManifest(), 1, START);
    it.clock.advance(HOUR);
    await it.crawl('heads');
    expect(await it.stored()).toMatchObject({ generation: 2, behind: 1 });
    expect((await it.storedFacts())?.excluded).toEqual([2, 3]);
    it.mirror.files = filesOf(aChangedManifest(), { alpha: 'alpha-2', beta: 'beta-1' });
    it.clock.advance(HOUR);
    await it.crawl('heads');
    expect(await it.stored()).toMatchObject({ generation: 2, behind: 0 });
    expect((await it.storedFacts())?.excluded).toEqual([]);
  });

  it('only reaches for a host that is declared always current', async () => {
    const it = await world({ host: aHost('m1', { carries: [aCarriage('m1', { alwaysCurrent: true })] }) });
    await it.crawl('reach');
    expect(await it.stored()).toMatchObject({ generation: 0, facts: undefined, health: [{ state: 'ok' }] });
    expect(it.http.asked).toHaveLength(1);
  });

  const both = aHost('m1', { carries: [aCarriage('m1', { urls: [BASE, RSYNC] })] });
  const rsyncOnly = aHost('m1', { carries: [aCarriage('m1', { urls: [RSYNC] })] });

  it('compares a whole listing where there is rsync', async () => {
    const files = filesOf(aManifest(), FIRST);
    files.delete('beta/os/Packages/file-6');
    const it = await world({ host: both, mirror: { files } });
    await it.crawl('full');
    expect(health(await it.stored())).toEqual(['http ok', 'rsync ok']);
    expect((await it.storedFacts())?.excluded).toEqual([6]);
    expect((await it.stored())?.unproven).toBe(0);
  });

  it('marks nothing different from a partial listing', async () => {
    const it = await world({ host: both });
    await it.crawl('sample');
    it.mirror.files.delete('beta/os/Packages/file-6');
    it.mirror.listing = { kind: 'partial', reason: 'some files could not be read', entries: 5, bytesReceived: 500 };
    it.clock.advance(HOUR);
    await it.crawl('full');
    expect((await it.storedFacts())?.excluded).toEqual([]);
  });

  it('lets rsync alone prove a host that has nothing else', async () => {
    const it = await world({ host: rsyncOnly });
    await it.crawl('full');
    expect(await it.stored()).toMatchObject({ behind: 0, unproven: 0, health: [{ protocol: 'rsync', state: 'ok' }] });
    expect((await it.storedFacts())?.excluded).toEqual([]);
  });

  it('does not count a daemon that is too busy against it', async () => {
    const listing = {
      kind: 'refused' as const,
      cause: 'too-many-connections' as const,
      reason: 'max connections',
      temporary: true,
    };
    const it = await world({ host: rsyncOnly, mirror: { files: new Map(), listing } });
    await it.crawl('full');
    expect(await it.stored()).toMatchObject({ health: [], notBeforeMs: START + 10 * MINUTE });
  });

  it('has nothing to do for what nobody wants', async () => {
    const gone = await world();
    const request = { category: 'linux', check: 'heads' as const, generation: 1, plannedMs: START, basedOnMs: 0 };
    expect(await crawlMirror(gone.deps, { ...request, host: 'other' })).toEqual({ kind: 'not-wanted', reason: 'not-carried' });
    const off = await world({ host: aHost('m1', { ownerActive: false }) });
    expect(await off.crawl('heads')).toEqual({ kind: 'not-wanted', reason: 'switched-off-by-owner' });
    const empty = { ...gone.deps, manifests: memoryManifestStore() };
    expect(await gone.crawl('heads', empty)).toEqual({ kind: 'no-manifest' });
  });

  it('crawls a host that was switched on since it last read the inventory, as soon as a plan asks for it', async () => {
    const it = await world({ host: aHost('m1', { ownerActive: false }) });
    expect(await it.crawl('heads')).toEqual({ kind: 'not-wanted', reason: 'switched-off-by-owner' });
    it.inventories.set(anInventory([aHost('m1')]));
    it.clock.advance(1);
    expect((await it.crawl('heads')).kind).toBe('crawled');
  });

  it('does a message once, however often it comes', async () => {
    const it = await world();
    expect((await it.crawl('sample')).kind).toBe('crawled');
    const asked = it.http.asked.length;
    expect(await it.crawl('sample')).toEqual({ kind: 'already-done' });
    expect(await it.crawl('heads')).toEqual({ kind: 'already-done' });
    expect(it.http.asked).toHaveLength(asked);
  });

  it('leaves a mirror alone while another crawl holds the lease', async () => {
    const it = await world();
    await it.deps.observations.acquire('m1', 'linux', START, START + HOUR);
    expect(await it.crawl('sample')).toEqual({ kind: 'held', untilMs: START + HOUR });
    expect(it.http.asked).toEqual([]);
  });

  it('drops what it saw when its lease lapsed meanwhile', async () => {
    const it = await world();
    const slow: CrawlMirrorDeps = {
      ...it.deps,
      facts: {
        ...it.deps.facts,
        put: async (facts) => {
          it.clock.advance(TIMES.leaseMs + 1);
          await it.deps.observations.acquire('m1', 'linux', it.clock.now(), it.clock.now() + 1);
          it.clock.advance(1);
          return await it.deps.facts.put(facts);
        },
      },
    };
    expect(await it.crawl('sample', slow)).toEqual({ kind: 'lost' });
    expect(await it.stored()).toBeUndefined();
  });

  it('leaves what the host said of itself alone, whether it reaches the host or not', async () => {
    const it = await world({ mirror: { files: filesOf(aManifest(), FIRST) } });
    const checkIn = { sinceMs: START - HOUR, lastMs: START - MINUTE };
    await it.crawl('sample');
    const seen = await it.stored();
    if (seen === undefined) throw new Error('nothing was observed');
    const lease = await it.deps.observations.acquire('m1', 'linux', it.clock.now(), it.clock.now() + 1);
    if (lease.kind === 'granted') await it.deps.observations.write({ ...seen, checkIn }, lease.fence);
    for (const files of [it.mirror.files, new Map<string, string>()]) {
      it.clock.advance(HOUR);
      await crawlMirror(
        {
          ...it.deps,
          peers: () => ({ http: memoryHttpPeer(new Map([[BASE, { files }]])), lister: memoryFileLister(new Map()) }),
        },
        { host: 'm1', category: 'linux', check: 'heads', generation: 1, plannedMs: it.clock.now(), basedOnMs: 0 },
      );
      expect((await it.stored())?.checkIn).toEqual(checkIn);
    }
  });

  describe('when somebody waits for what it finds', () => {
    const asked = async (it: Awaited<ReturnType<typeof world>>, change: Partial<CrawlRequest> = { publish: true }) => {
      const request = { host: 'm1', category: 'linux', check: 'heads', generation: 1, basedOnMs: 0 } as const;
      const { kind } = await crawlMirror(it.deps, { ...request, plannedMs: it.clock.now(), ...change });
      it.clock.advance(MINUTE);
      return [kind, it.publish.reasons.length];
    };

    it('asks for a publication for each change, and for none without a change', async () => {
      const it = await world({ mirror: { files: filesOf(aManifest(), FIRST) } });
      expect(await asked(it)).toEqual(['crawled', 1]);
      expect(await asked(it)).toEqual(['crawled', 1]);
      it.mirror.files.clear();
      expect(await asked(it)).toEqual(['crawled', 2]);
    });

    it('does not ask when nobody waits, nor when it wrote nothing', async () => {
      const it = await world();
      expect(await asked(it, {})).toEqual(['crawled', 0]);
      expect(await asked(it, { publish: true, plannedMs: START })).toEqual(['already-done', 0]);
    });
  });

  it('ends in the same state after it was killed at any call and the lease lapsed', async () => {
    const straight = await world({ host: both });
    await straight.crawl('full');
    const expected = await straight.storedFacts();
    for (let at = 1; at < 30; at += 1) {
      for (const side of ['before', 'after'] as const) {
        const it = await world({ host: both });
        const kill = killSwitch(at, side);
        const { observations, facts, manifests } = it.deps;
        const peers = it.deps.peers(anInventory([]).settings.crawl);
        const mortal: CrawlMirrorDeps = {
          ...it.deps,
          reads: warmReads(kill.wrap(it.inventories) as never, kill.wrap(it.manifests), it.clock),
          observations: kill.wrap(observations),
          facts: kill.wrap(facts),
          manifests: kill.wrap(manifests),
          peers: () => ({ http: kill.wrap(peers.http), lister: kill.wrap(peers.lister) }),
        };
        const result = await it.crawl('full', mortal).catch((error: unknown) => error);
        it.clock.advance(TIMES.leaseMs);
        const again = await it.crawl('full');
        expect(again.kind).toBe('crawled');
        expect(await it.storedFacts()).toEqual(expected);
        expect(health(await it.stored())).toEqual(['http ok', 'rsync ok']);
        if (!(result instanceof Killed)) {
          expect(result).toMatchObject({ kind: 'crawled' });
          // load, pointer, read, acquire, two heads, the listing, facts, observation: nine calls were each the last one.
          expect(at).toBe(10);
          return;
        }
      }
    }
    throw new Error('the crawl never came to its end');
  });
});
