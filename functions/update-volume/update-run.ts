import type { CrawlPolicy, EpochMs } from '#domain/inventory/inventory.ts';
import type { Release } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { UpdatedVolume } from '#domain/volume/upstream/due-updates.ts';
import type { UpdateEnd, UpstreamCheck, UpstreamHead } from '#domain/volume/upstream/upstream-check.ts';
import type { VolumePointer } from '#domain/volume/volume-state.ts';
import { hashBy } from '#wire/tree/hash-by.ts';
import { readEntries, readRoot } from '#wire/tree/open-tree.ts';
import { BY_SCHEDULE, type UpdateVolumeDeps, type UpdateWork } from './update-deps.ts';
import type { UpstreamReader } from './upstream/upstream-reader.ts';
import { volumeUpstream } from './upstream/volume-upstream.ts';
import { type UpstreamSession, upstreamSession } from './upstream-session.ts';
import { type VolumeLease, volumeLease } from './volume-lease.ts';

/** What is current, as far as a copy needs it. */
export interface CurrentTree {
  readonly release: Release | undefined;
  readonly sizes: ReadonlyMap<Sha256, number>;
  readonly shards: ReadonlySet<Sha256>;
}

export interface RunProgress {
  /** Files that were copied. */
  stored: number;
  storedBytes: number;
  hasAskedUpstream: boolean;
}

/** One look at one volume's upstream, with all that belongs to it. */
export interface UpdateRun {
  readonly deps: UpdateVolumeDeps;
  readonly volume: UpdatedVolume;
  readonly pointer: VolumePointer;
  readonly before: UpstreamCheck;
  /** Somebody asks for it who is no schedule: what failed before is tried again. */
  readonly isForced: boolean;
  readonly by: string;
  readonly startedMs: EpochMs;
  readonly connections: number;
  readonly session: UpstreamSession;
  readonly reader: UpstreamReader;
  readonly lease: VolumeLease;
  readonly hash: (bytes: Uint8Array) => Sha256;
  /** Read once, when it is needed. */
  readonly current: () => Promise<CurrentTree>;
  /** Hash of what is declared of upstream. */
  readonly source: string;
  readonly progress: RunProgress;
}

/** How a run ended, and what is to be remembered of upstream; without `heads`, what was remembered before. */
export interface Ended {
  readonly end: UpdateEnd;
  readonly problem?: string;
  readonly heads?: readonly UpstreamHead[];
  readonly root?: Sha256;
  readonly askedMs?: EpochMs;
  readonly notBeforeMs?: EpochMs;
}

const readCurrent = async ({ volumes, objects }: UpdateVolumeDeps, pointer: VolumePointer): Promise<CurrentTree> => {
  const { current: root, volume } = pointer;
  if (root === undefined) return { release: undefined, sizes: new Map(), shards: new Set() };
  const tree = await readRoot(objects.read, root);
  const sizes = new Map<Sha256, number>();
  for await (const { sha256, sizeBytes } of readEntries(objects.read, tree)) sizes.set(sha256, sizeBytes);
  return { release: await volumes.release(volume, root), sizes, shards: new Set(tree.shards.map(({ sha256 }) => sha256)) };
};

/** Whatever decides what is copied: when it changes, what was seen before says nothing. */
const sourceOf = ({ type, upstream }: UpdatedVolume, hash: UpdateRun['hash']): string => {
  const { kind, url, filesUrl, suites, projects, excludes } = upstream;
  return hash(new TextEncoder().encode(JSON.stringify({ type, kind, url, filesUrl, suites, projects, excludes })));
};

export const beginRun = (
  deps: UpdateVolumeDeps,
  volume: UpdatedVolume,
  policy: CrawlPolicy,
  { by }: Pick<UpdateWork, 'by'>,
  { pointer, before }: Pick<UpdateRun, 'pointer' | 'before'>,
): UpdateRun => {
  const startedMs = deps.clock.now();
  const peers = deps.peers(policy);
  const connections = policy.connectionsPerHost;
  const limits = { connections, deadlineMs: startedMs + deps.runMs };
  const session = upstreamSession({ ...deps, http: peers.http }, limits);
  const hash = hashBy(deps.digester);
  let current: Promise<CurrentTree> | undefined;
  return {
    deps,
    volume,
    pointer,
    before,
    isForced: by !== BY_SCHEDULE,
    by,
    startedMs,
    connections,
    session,
    reader: volumeUpstream({ ...deps, session, hash, lister: peers.lister }, volume),
    lease: volumeLease(deps, volume.id),
    hash,
    current: () => {
      current ??= readCurrent(deps, pointer);
      return current;
    },
    source: sourceOf(volume, hash),
    progress: { stored: 0, storedBytes: 0, hasAskedUpstream: false },
  };
};
