import { setImmediate as turn } from 'node:timers/promises';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3ObjectIntake } from '#adapters/aws/s3-object-intake.ts';
import { s3UpstreamMemory } from '#adapters/aws/s3-upstream-memory.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { networkPeers } from '#adapters/net/network-peers.ts';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { Volume, VolumeUpstream } from '#domain/volume/volume.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeWork, VolumeWorkQueue } from '#ports/volume-work.ts';
import { readEntries, readRoot } from '#wire/tree/open-tree.ts';
import { checkRelease } from '../../functions/check-release/check-release.ts';
import type { UpdateVolumeDeps } from '../../functions/update-volume/update-deps.ts';
import { type UpdateOutcome, updateVolume } from '../../functions/update-volume/update-volume.ts';
import { freshBucket, freshTable } from '../contract/places.ts';
import { aVolume } from './a-volume.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { memoryLog, type TestClock, testClock } from './memory-stores.ts';

export const START = 1_000_000_000_000;
export const EVERY_MS = 3_600_000;
/** In files that are larger a test would wait for the disk. */
const IN_MEMORY = 4_096;

export const POLICY: CrawlPolicy = {
  contact: 'tests@mirrors.example',
  allowedAddresses: ['127.0.0.1/32'],
  allowedPorts: 'any',
  requestsPerCheck: 100,
  connectionsPerHost: 2,
};

export type Declared = Partial<Omit<Volume, 'upstream'>> & {
  readonly upstream: Partial<VolumeUpstream> & Pick<VolumeUpstream, 'url'>;
};

export const copiedVolume = ({ upstream, ...rest }: Declared): Volume =>
  aVolume('v', {
    maximumShrinkShare: 0.9,
    ...rest,
    upstream: { kind: 'http', excludes: [], everyMs: EVERY_MS, release: true, ...upstream },
  });

type Work<Kind extends VolumeWork['kind']> = Extract<VolumeWork, { readonly kind: Kind }>;

export interface MemoryQueue<Kind extends VolumeWork['kind']> extends VolumeWorkQueue<Work<Kind>> {
  /** What was sent since it was last taken; equal requests count once, as in a FIFO queue. */
  readonly take: () => readonly Work<Kind>[];
}

const memoryQueue = <Kind extends VolumeWork['kind']>(): MemoryQueue<Kind> => {
  const seen = new Set<string>();
  let waiting: Work<Kind>[] = [];
  return {
    send: async (work, requestId) => {
      if (!/^[\x21-\x7e]{1,128}$/.test(requestId)) throw new Error(`SQS takes no such id: ${requestId}`);
      if (!seen.has(requestId)) waiting.push(work);
      seen.add(requestId);
    },
    take: () => {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
};

export interface UpdateWorld {
  readonly deps: UpdateVolumeDeps & {
    readonly dooms: VolumeDooms;
    readonly checkQueue: MemoryQueue<'check'>;
    readonly updateQueue: MemoryQueue<'update'>;
  };
  readonly store: VolumeStore;
  readonly clock: TestClock;
  readonly log: ReturnType<typeof memoryLog>;
  /** Declares the volume anew. */
  readonly declare: (declared: Declared) => void;
  readonly update: (by?: string, deps?: UpdateVolumeDeps) => Promise<UpdateOutcome>;
  /** Does the checks that were asked for. */
  readonly check: () => Promise<readonly string[]>;
  /** An update that is due, its check, and the run after it: how each of them ended. */
  readonly follow: () => Promise<readonly string[]>;
  /** Of the current release, by path. */
  readonly entries: () => Promise<ReadonlyMap<string, TreeEntry>>;
  readonly text: (path: string) => Promise<string | undefined>;
}

/** Stores of one volume on the emulators, with the real check behind the queue. */
export const updateWorld = async (
  emulators: EmulatorsInTest,
  declared: Declared,
  peers: UpdateVolumeDeps['peers'] = networkPeers,
): Promise<UpdateWorld> => {
  const table = await freshTable(emulators.dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
  const bucket = { client: emulators.s3(), name: await freshBucket(emulators) };
  const [clock, log] = [testClock(START), memoryLog()];
  let volume = copiedVolume(declared);
  const rules = () => ({ names: { domain: undefined, places: [] }, volumes: [volume], proxies: [] });
  const store = dynamoVolumeStore(emulators.dynamoDb(), table);
  const deps = {
    content: { read: async () => ({ rules: rules(), access: { administrators: [], lockGroups: [] } as never, crawl: POLICY }) },
    volumes: store,
    checks: dynamoUpstreamChecks(emulators.dynamoDb(), table),
    dooms: dynamoVolumeDooms(emulators.dynamoDb(), table, clock),
    objects: s3VolumeObjects(bucket),
    intake: s3ObjectIntake(bucket, IN_MEMORY),
    memory: s3UpstreamMemory(bucket),
    checkQueue: memoryQueue<'check'>(),
    updateQueue: memoryQueue<'update'>(),
    peers,
    decompress: nodeDecompress,
    digester: nodeDigester,
    clock,
    pause: async (ms: number) => {
      clock.advance(ms);
      await turn();
    },
    log,
    runMs: 600_000,
  };
  const update: UpdateWorld['update'] = (by = 'schedule', using = deps) => updateVolume(using, { volume: volume.id, by });
  const check: UpdateWorld['check'] = async () => {
    const kinds: string[] = [];
    for (const work of deps.checkQueue.take()) kinds.push((await checkRelease(deps, work)).kind);
    return kinds;
  };
  const entries: UpdateWorld['entries'] = async () => {
    const { current } = await deps.volumes.pointer(volume.id);
    const found = new Map<string, TreeEntry>();
    if (current === undefined) return found;
    const root = await readRoot(deps.objects.read, current);
    for await (const entry of readEntries(deps.objects.read, root)) found.set(entry.path, entry);
    return found;
  };
  return {
    deps,
    store,
    clock,
    log,
    update,
    check,
    entries,
    declare: (next) => {
      volume = copiedVolume(next);
    },
    follow: async () => {
      clock.advance(EVERY_MS);
      const first = await update();
      const checked = await check();
      const ends = [first, ...(checked.length === 0 ? [] : [await update()])];
      return ends.map((outcome) => (outcome.kind === 'updated' ? outcome.end : outcome.kind));
    },
    text: async (path) => {
      const entry = (await entries()).get(path);
      const bytes = entry && (await deps.objects.read(entry.sha256, entry.sizeBytes));
      return bytes && new TextDecoder().decode(bytes);
    },
  };
};
