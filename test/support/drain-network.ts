import { randomUUID } from 'node:crypto';
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { HttpReply } from '#wire/api/http-call.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { crawlMirror } from '../../functions/crawl-mirror/crawl-mirror.ts';
import { warmReads } from '../../functions/crawl-mirror/warm-reads.ts';
import { hostsApi } from '../../functions/hosts-api/hosts-api.ts';
import type { HostsApiDeps } from '../../functions/hosts-api/hosts-deps.ts';
import { publishMemory, publishSnapshot } from '../../functions/publish-snapshot/publish-snapshot.ts';
import { sweepDrains } from '../../functions/sweep-drains/sweep-drains.ts';
import { DRAIN_POLICY } from './a-drain.ts';
import { aHost, aManifest, anInventory, filesOf, MINUTE, START } from './a-network.ts';
import { type MemoryMirror, memoryFileLister, memoryHttpPeer } from './memory-mirrors.ts';
import {
  memoryCrawlQueue,
  memoryEdgeTable,
  memoryFactsStore,
  memoryInventoryStore,
  memoryLog,
  memoryManifestStore,
  memoryObservationStore,
  memoryPublishRequests,
  memorySnapshotStore,
  memoryStaticLists,
  testClock,
} from './memory-stores.ts';

const STATES = { alpha: 'alpha-1', beta: 'beta-1' };
const baseOf = (host: string): string => `http://${host}.example.org/pub`;

export interface DrainNetworkOptions {
  readonly drains: DrainStore;
  readonly hosts: readonly Host[];
  readonly policy?: Partial<DrainPolicy>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: replies are JSON of several shapes, and tests name what they expect
  readonly body: any;
  readonly headers: HttpReply['headers'];
}

/** Every stage that knows of drains over one store of them, with the rest of the network in memory; time stands until it is moved. */
export const drainNetwork = async ({ drains, hosts, policy = {} }: DrainNetworkOptions) => {
  const inventory = anInventory(hosts);
  const settings = { ...inventory.settings, drain: { ...DRAIN_POLICY, ...policy } };
  const inventories = memoryInventoryStore({ ...inventory, settings });
  const clock = testClock(START);
  const manifests = memoryManifestStore();
  await manifests.publish(aManifest(), undefined, START);
  const mirrors = new Map<string, MemoryMirror>(hosts.map(({ id }) => [baseOf(id), { files: filesOf(aManifest(), STATES) }]));
  const peers = { http: memoryHttpPeer(mirrors), lister: memoryFileLister(mirrors) };
  const observations = memoryObservationStore();
  const facts = memoryFactsStore();
  const crawls = memoryCrawlQueue();
  const publish = memoryPublishRequests();
  const snapshots = memorySnapshotStore();
  const log = memoryLog();
  const common = { manifests, observations, facts, drains, publish, crawls, clock, newId: randomUUID, log };
  const apiDeps: HostsApiDeps = {
    ...common,
    tokens: {
      verify: async (token) =>
        token.startsWith('token-of-') ? { host: token.slice('token-of-'.length), tokenId: 't' } : undefined,
    },
    reads: {
      host: async (id) => {
        const now = await inventories.load();
        const host = now.hosts.find((declared) => declared.id === id);
        return host === undefined ? undefined : { inventory: now, host };
      },
      master: async () => undefined,
    },
    hints: { last: async () => undefined, note: async () => undefined },
    pause: async () => undefined,
  };
  const crawlDeps = () => ({
    ...common,
    // Cold: a change of the inventory is seen at once.
    reads: warmReads(inventories as never, manifests, clock),
    peers: () => peers,
    times: { checkMs: 4 * MINUTE, leaseMs: 6 * MINUTE },
  });
  const publishDeps = {
    ...common,
    inventory: inventories,
    snapshots,
    edgeTable: memoryEdgeTable(),
    staticLists: memoryStaticLists(),
    memory: publishMemory(),
  };

  const call = async (
    method: string,
    path: string,
    {
      host,
      body,
      headers = {},
      claims,
    }: { host?: string; body?: unknown; headers?: Record<string, string>; claims?: object } = {},
  ): Promise<Answer> => {
    const reply = await hostsApi(apiDeps, {
      method,
      path,
      query: '',
      headers: { ...(host === undefined ? {} : { authorization: `Bearer token-of-${host}` }), ...headers },
      body: body === undefined ? '' : JSON.stringify(body),
      arrivedMs: clock.now(),
      sourceIp: '192.0.2.1',
      certificateSubject: undefined,
      claims: claims as Readonly<Record<string, unknown>> | undefined,
    });
    return { status: reply.statusCode, body: JSON.parse(reply.body), headers: reply.headers };
  };
  const crawlNow = async (request: Parameters<typeof crawlMirror>[1]) => (await crawlMirror(crawlDeps(), request)).kind;
  const crawl = (host: string, check: 'sample' | 'heads' = 'sample') =>
    crawlNow({ host, category: 'linux', check, generation: 1, plannedMs: clock.now(), basedOnMs: clock.now() });

  const network = {
    clock,
    drains,
    crawls,
    publishes: publish.reasons,
    log,
    publishDeps,
    inventories,
    manifests,
    call,
    mirror: (host: string): MemoryMirror => {
      const mirror = mirrors.get(baseOf(host));
      if (mirror === undefined) throw new Error(`no mirror ${host}`);
      return mirror;
    },
    /** An empty disk. */
    wipe: (host: string): void => {
      network.mirror(host).files.clear();
    },
    begin: (host: string, key = `run-${host}`, body: object = {}) =>
      call('POST', `/api/v1/hosts/${host}/categories/linux/syncs`, { host, body, headers: { 'idempotency-key': key } }),
    get: (host: string, fence = 1) => call('GET', `/api/v1/syncs/${host}~linux~${fence}`, { host }),
    heartbeat: (host: string, fence = 1, more: object = {}) =>
      call('POST', `/api/v1/syncs/${host}~linux~${fence}/heartbeat`, { host, body: { fence, ...more } }),
    end: (host: string, fence = 1, outcome = 'success') =>
      call('POST', `/api/v1/syncs/${host}~linux~${fence}/end`, { host, body: { fence, outcome } }),
    operate: (action: 'hold' | 'release', host: string, reason = 'disk') =>
      call('POST', `/api/v1/hosts/${host}/categories/linux/${action}`, {
        body: { reason },
        claims: { sub: 'root', groups: ['admins'] },
      }),
    crawl,
    /** Works the queue off. */
    crawlAsked: async (): Promise<readonly string[]> => {
      const asked = crawls.sent.splice(0);
      const outcomes: string[] = [];
      for (const request of asked) outcomes.push(await crawlNow(request));
      return outcomes;
    },
    publish: async (memory = publishDeps.memory) =>
      (await publishSnapshot({ ...publishDeps, memory }, { force: undefined })).kind,
    sweep: () => sweepDrains({ inventory: inventories, pointers: manifests, drains, crawls, clock, newId: randomUUID, log }),
    /** Hosts that the published snapshot lists. */
    listed: async (): Promise<readonly string[]> => {
      const pointer = await snapshots.readPointer();
      const bytes = pointer === undefined ? undefined : await snapshots.getSnapshot(pointer.pointer.name);
      if (bytes === undefined) return [];
      const view = openSnapshot(bytes);
      return Array.from({ length: view.counts.carriers }, (_, at) => view.carrier(at))
        .filter(({ state }) => state === 'serving')
        .map(({ host }) => view.host(host).id)
        .toSorted();
    },
    carrierOf: async (host: string) => {
      const pointer = await snapshots.readPointer();
      const bytes = pointer === undefined ? undefined : await snapshots.getSnapshot(pointer.pointer.name);
      const view = bytes === undefined ? undefined : openSnapshot(bytes);
      const carriers = view === undefined ? [] : Array.from({ length: view.counts.carriers }, (_, at) => view.carrier(at));
      return carriers.find((carrier) => view?.host(carrier.host).id === host);
    },
    state: async (host: string) => (await drains.pair({ host, category: 'linux' }))?.state,
    change: async (changed: (inventory: Inventory) => Inventory) => inventories.set(changed(await inventories.load())),
    /** Crawled once, published, and so counted in. */
    start: async (): Promise<void> => {
      for (const { id } of hosts) await crawl(id);
      await network.publish();
      clock.advance(MINUTE);
    },
    /** From a begin to the moment in which files may vanish. */
    drainAndStart: async (host: string, fence = 1): Promise<void> => {
      await network.publish();
      clock.advance(MINUTE);
      await network.heartbeat(host, fence);
    },
  };
  return network;
};

export type DrainNetwork = Awaited<ReturnType<typeof drainNetwork>>;

export const threeHosts = (): readonly Host[] => ['a', 'b', 'c'].map((id) => aHost(id));
