import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Facts, Observation } from '#domain/crawl/observation.ts';
import type { Host } from '#domain/inventory/inventory.ts';
import type { SnapshotStore } from '#ports/snapshot-store.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import {
  type PublishSnapshotDeps,
  parsePublishOrder,
  publishMemory,
  publishSnapshot,
} from '../../functions/publish-snapshot/publish-snapshot.ts';
import { aChangedManifest, aHead, aHost, aManifest, anInventory, HOUR, MINUTE, START } from '../support/a-network.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';
import { memoryDrainStore } from '../support/memory-drain-store.ts';
import {
  memoryEdgeTable,
  memoryFactsStore,
  memoryInventoryStore,
  memoryLog,
  memoryManifestStore,
  memoryObservationStore,
  memorySnapshotStore,
  memoryStaticLists,
  testClock,
} from '../support/memory-stores.ts';

const PLAIN = { force: undefined };
const CURRENT: Facts = {
  category: 'linux',
  heads: {
    'alpha/os/repodata/repomd.xml': { kind: 'digest', sha256: aHead('alpha-1').hashes.sha256 },
    'beta/os/repodata/repomd.xml': { kind: 'digest', sha256: aHead('beta-1').hashes.sha256 },
  },
  excluded: [],
};

const observed = (host: string, facts: string, state: 'ok' | 'down', atMs: number): Observation => ({
  host,
  category: 'linux',
  generation: 1,
  facts,
  health: [
    {
      protocol: 'http',
      state,
      sinceMs: START,
      consecutiveFailures: state === 'ok' ? 0 : 2,
      consecutiveSuccesses: state === 'ok' ? 1 : 0,
      lastOkMs: atMs,
      evidence: { atMs: START, url: `http://${host}.example.org/pub/x`, text: state },
    },
  ],
  checkedMs: { reach: atMs, heads: atMs, sample: atMs },
  unproven: 0,
  behind: 0,
  notBeforeMs: 0,
  evidence: [],
});

const world = async (hosts: readonly Host[] = [aHost('m1', { netblocks: ['192.0.2.0/24'] }), aHost('m2'), aHost('m3')]) => {
  const clock = testClock(START);
  const observations = memoryObservationStore();
  const facts = memoryFactsStore();
  const manifests = memoryManifestStore();
  await manifests.publish(aManifest(), undefined, START);
  const deps = {
    inventory: memoryInventoryStore(anInventory(hosts)),
    manifests,
    observations,
    facts,
    snapshots: memorySnapshotStore(),
    edgeTable: memoryEdgeTable(),
    staticLists: memoryStaticLists(),
    drains: memoryDrainStore(),
    newId: randomUUID,
    clock,
    log: memoryLog(),
    memory: publishMemory(),
  };
  const see = async (host: string, state: 'ok' | 'down', seen: Facts = CURRENT): Promise<void> => {
    const lease = await observations.acquire(host, 'linux', clock.now(), clock.now() + MINUTE);
    if (lease.kind === 'held') throw new Error('the lease is held');
    await observations.write(observed(host, await facts.put(seen), state, clock.now()), lease.fence);
  };
  for (const { id } of hosts) await see(id, 'ok');
  return { deps, see, clock, manifests };
};

const published = async (snapshots: SnapshotStore) => {
  const present = await snapshots.readPointer();
  const bytes = present === undefined ? undefined : await snapshots.getSnapshot(present.pointer.name);
  return bytes === undefined ? undefined : openSnapshot(bytes);
};

const visible = async (deps: PublishSnapshotDeps & Awaited<ReturnType<typeof world>>['deps']) => ({
  name: (await deps.snapshots.readPointer())?.pointer.name,
  entries: [...deps.edgeTable.entries],
  lists: [...deps.staticLists.lists.keys()],
});

describe('publish-snapshot', () => {
  it('publishes what was declared and seen, and what follows from it', async () => {
    const { deps } = await world();
    expect(await publishSnapshot(deps, PLAIN)).toMatchObject({ kind: 'published', pointer: { sequence: 1, publishedMs: START } });
    const view = await published(deps.snapshots);
    expect(view?.counts).toMatchObject({ hosts: 3, carriers: 3, directories: 8, repositories: 2 });
    expect([...deps.edgeTable.entries.keys()]).toContain('lengths4');
    expect([...deps.staticLists.lists.keys()].toSorted()).toEqual([
      'metalink/alpha/x86_64',
      'metalink/beta/x86_64',
      'mirrorlist/alpha/x86_64',
      'mirrorlist/beta/x86_64',
    ]);
    expect(deps.staticLists.lists.get('metalink/alpha/x86_64')?.body).toContain(aHead('alpha-1').hashes.sha256);
  });

  it('does nothing while nothing changes, warm or cold', async () => {
    const { deps, see, clock } = await world();
    await publishSnapshot(deps, PLAIN);
    const pointer = await deps.snapshots.readPointer();
    clock.advance(MINUTE);
    expect(await publishSnapshot(deps, PLAIN)).toEqual({ kind: 'unchanged' });
    clock.advance(HOUR);
    for (const host of ['m1', 'm2', 'm3']) await see(host, 'ok');
    expect(await publishSnapshot({ ...deps, memory: publishMemory() }, PLAIN)).toEqual({ kind: 'unchanged' });
    expect(await deps.snapshots.readPointer()).toEqual(pointer);
  });

  it('has nothing to publish, and nothing to refuse, for a network that only serves content', async () => {
    const { deps } = await world([]);
    const inventory = memoryInventoryStore({ ...anInventory([]), categories: [] });
    expect(await publishSnapshot({ ...deps, inventory }, PLAIN)).toEqual({ kind: 'unchanged' });
    expect(await visible(deps)).toEqual({ name: undefined, entries: [], lists: [] });
  });

  it('refuses when a network that was published has no categories any more', async () => {
    const { deps } = await world();
    await publishSnapshot(deps, PLAIN);
    const before = await visible(deps);
    const inventory = memoryInventoryStore({ ...anInventory([]), categories: [] });
    expect(await publishSnapshot({ ...deps, inventory }, PLAIN)).toMatchObject({ kind: 'refused' });
    expect(await visible(deps)).toEqual(before);
  });

  it('takes a dead mirror out within one run', async () => {
    const { deps, see } = await world();
    await publishSnapshot(deps, PLAIN);
    await see('m2', 'down');
    expect(await publishSnapshot(deps, PLAIN)).toMatchObject({ kind: 'published', pointer: { sequence: 2 } });
    expect(deps.staticLists.lists.get('mirrorlist/alpha/x86_64')?.body).not.toContain('m2.example.org');
  });

  it('notices that facts grew too old although nothing was written', async () => {
    const { deps, see, clock } = await world();
    await publishSnapshot(deps, PLAIN);
    clock.advance(4 * HOUR);
    await see('m1', 'ok');
    expect(await publishSnapshot(deps, PLAIN)).toMatchObject({ kind: 'published' });
    expect((await published(deps.snapshots))?.carrier(1).state).toBe('facts-too-old');
  });

  it('refuses to list nobody, keeps the old snapshot and says why each time', async () => {
    const { deps, see } = await world();
    await publishSnapshot(deps, PLAIN);
    const pointer = await deps.snapshots.readPointer();
    for (const host of ['m1', 'm2', 'm3']) await see(host, 'down');
    for (let run = 0; run < 2; run += 1) {
      expect(await publishSnapshot(deps, PLAIN)).toMatchObject({
        kind: 'refused',
        reasons: expect.arrayContaining(['no host is listed']),
      });
    }
    expect(await deps.snapshots.readPointer()).toEqual(pointer);
    expect(deps.log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('publishes nothing before the first mirror was proved', async () => {
    const { deps, see } = await world([aHost('m1')]);
    await see('m1', 'down');
    expect((await publishSnapshot(deps, PLAIN)).kind).toBe('refused');
    expect(await deps.snapshots.readPointer()).toBeUndefined();
  });

  it('obeys an order that gives a reason, and logs it', async () => {
    const hosts = Array.from({ length: 10 }, (_, index) => aHost(`m${index}`));
    const { deps, see } = await world(hosts);
    await publishSnapshot(deps, PLAIN);
    for (const { id } of hosts.slice(1)) await see(id, 'down');
    expect((await publishSnapshot(deps, PLAIN)).kind).toBe('refused');
    expect((await publishSnapshot(deps, parsePublishOrder({ force: true }))).kind).toBe('refused');
    const order = parsePublishOrder({ force: true, reason: 'the data centre moved' });
    expect((await publishSnapshot(deps, order)).kind).toBe('published');
    expect(deps.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ reason: 'the data centre moved' }) }),
    );
  });

  it('takes what a queue delivers for a plain run, whatever the messages say', () => {
    const body = JSON.stringify({ force: true, reason: 'x' });
    expect(parsePublishOrder({ Records: [{ body }] })).toEqual(PLAIN);
  });

  it('gives way to another publisher that moved the pointer first, and follows it at the next run', async () => {
    const { deps, see } = await world();
    await publishSnapshot(deps, PLAIN);
    await see('m2', 'down');
    const overtaken: PublishSnapshotDeps = {
      ...deps,
      memory: publishMemory(),
      snapshots: {
        ...deps.snapshots,
        putSnapshot: async (name, bytes) => {
          await deps.snapshots.putSnapshot(name, bytes);
          const present = await deps.snapshots.readPointer();
          if (present !== undefined) await deps.snapshots.movePointer({ ...present.pointer, sequence: 2 }, present.version);
        },
      },
    };
    expect(await publishSnapshot(overtaken, PLAIN)).toEqual({ kind: 'lost' });
    expect(await publishSnapshot(deps, PLAIN)).toMatchObject({ kind: 'published', pointer: { sequence: 3 } });
  });

  it('ends in the same visible state after it was killed at any call', async () => {
    const prepare = async () => {
      const it = await world();
      await publishSnapshot(it.deps, PLAIN);
      await it.manifests.publish(aChangedManifest(), 1, START);
      await it.see('m2', 'down');
      return it;
    };
    const straight = await prepare();
    await publishSnapshot(straight.deps, PLAIN);
    const expected = await visible(straight.deps);
    let kills = 0;
    for (let at = 1; at < 60; at += 1) {
      for (const side of ['before', 'after'] as const) {
        const { deps } = await prepare();
        const kill = killSwitch(at, side);
        const mortal: PublishSnapshotDeps = {
          ...deps,
          inventory: kill.wrap(deps.inventory),
          manifests: kill.wrap(deps.manifests),
          observations: kill.wrap(deps.observations),
          facts: kill.wrap(deps.facts),
          snapshots: kill.wrap(deps.snapshots),
          edgeTable: kill.wrap(deps.edgeTable),
          staticLists: kill.wrap(deps.staticLists),
          memory: publishMemory(),
        };
        const result = await publishSnapshot(mortal, PLAIN).catch((error: unknown) => error);
        const dead = result instanceof Killed;
        // Whatever the moment, the pointer names a snapshot that is there and opens.
        expect(await published(deps.snapshots)).toBeDefined();
        await publishSnapshot({ ...deps, memory: publishMemory() }, PLAIN);
        expect(await visible(deps)).toEqual(expected);
        if (dead) kills += 1;
        else if (at > 5 && side === 'after') {
          expect(kills).toBe(2 * (at - 1));
          expect(kills).toBeGreaterThanOrEqual(20);
          return;
        }
      }
    }
    throw new Error('the run never came to its end');
  });

  it('finishes in the same process what a failing edge table or list left undone', async () => {
    const { deps } = await world();
    const broken: PublishSnapshotDeps = { ...deps, edgeTable: { replace: () => Promise.reject(new Error('throttled')) } };
    await expect(publishSnapshot(broken, PLAIN)).rejects.toThrow('throttled');
    expect((await deps.snapshots.readPointer())?.pointer.sequence).toBe(1);
    expect(deps.staticLists.lists.size).toBe(0);
    expect(await publishSnapshot(deps, PLAIN)).toEqual({ kind: 'unchanged' });
    expect(deps.staticLists.lists.size).toBe(4);
  });
});

describe('the order of a publishing run', () => {
  it('is plain for whatever is not an order with a reason', () => {
    fc.assert(
      fc.property(fc.anything(), (event) => {
        expect(parsePublishOrder(event)).toEqual(PLAIN);
      }),
    );
    expect(parsePublishOrder({ force: true, reason: '' })).toEqual(PLAIN);
    expect(parsePublishOrder({ force: true, reason: 'moved' })).toEqual({ force: 'moved' });
  });
});
