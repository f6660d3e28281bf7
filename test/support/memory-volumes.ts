import { changeVolumes } from '#adapters/aws/change-volumes.ts';
import { WireError } from '#domain/errors.ts';
import { isAbandoned } from '#domain/volume/garbage.ts';
import type { Release } from '#domain/volume/release.ts';
import { isSha256 } from '#domain/volume/tree.ts';
import { newPointer, type VolumeChange, type VolumeEvent, type VolumePointer } from '#domain/volume/volume-state.ts';
import type { Clock } from '#ports/clock.ts';
import type { Doom, VolumeDooms } from '#ports/volume-dooms.ts';
import type { StoredObject, VolumeGarbage } from '#ports/volume-garbage.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeSweep, VolumeSweeps } from '#ports/volume-sweeps.ts';
import { hashOf } from './tree-arbitrary.ts';

const inOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

interface Volumes {
  readonly pointers: Map<string, VolumePointer>;
  readonly releases: Map<string, Release>;
  readonly events: VolumeEvent[];
}

const nameOf = ({ volume, root }: Pick<Release, 'volume' | 'root'>): string => `${volume}/${root}`;

/** The conditions of the table's transaction. */
const holds = ({ pointers, releases }: Volumes, { seen, next, releases: writes }: VolumeChange): boolean =>
  (pointers.get(next.volume)?.version ?? 0) === seen &&
  writes.every((write) => (releases.get(nameOf(write.next))?.state ?? 'none') === write.from);

/** The same promises as the table, held to the same contract. */
export const memoryVolumeStore = (): VolumeStore => {
  const all: Volumes = { pointers: new Map(), releases: new Map(), events: [] };
  const wasWritten = ({ event }: VolumeChange): boolean =>
    all.events.some(
      ({ volume, version, writeId }) => volume === event.volume && version === event.version && writeId === event.writeId,
    );
  const base = {
    volumes: async () => [...all.pointers.keys()].toSorted(inOrder),
    pointer: async (volume) => all.pointers.get(volume) ?? newPointer(volume),
    release: async (volume, root) => all.releases.get(nameOf({ volume, root })),
    releases: async (volume) =>
      [...all.releases.values()]
        .filter((release) => release.volume === volume)
        .toSorted((one, other) => other.sequence - one.sequence),
    log: async (volume, limit, before = Number.POSITIVE_INFINITY) =>
      all.events
        .filter((event) => event.volume === volume && event.version < before)
        .toSorted((one, other) => other.version - one.version)
        .slice(0, limit),
    write: async (changes) => {
      const [first] = changes;
      if (!changes.every((change) => holds(all, change)))
        return { kind: first !== undefined && wasWritten(first) ? 'written' : 'refused' };
      for (const { next, releases, event } of changes) {
        all.pointers.set(next.volume, next);
        for (const write of releases) all.releases.set(nameOf(write.next), write.next);
        all.events.push(event);
      }
      return { kind: 'written' };
    },
  } satisfies Omit<VolumeStore, 'change'>;
  return { ...base, change: changeVolumes(base) };
};

/** `all` is shared by whoever opens the same dooms with a clock of their own. */
export const memoryVolumeDooms = (clock: Clock, all = new Map<string, Doom>()): VolumeDooms => ({
  doom: async (doom) => {
    const present = all.get(doom.sha256);
    if (present !== undefined && present.by !== doom.by && !isAbandoned(present.atMs, doom.atMs)) return 'taken';
    all.set(doom.sha256, doom);
    return 'doomed';
  },
  lift: async (sha256, by) => {
    if (all.get(sha256)?.by === by) all.delete(sha256);
  },
  doomed: async (objects) => {
    const nowMs = clock.now();
    const counts = (sha256: string): boolean => {
      const doom = all.get(sha256);
      return doom !== undefined && !isAbandoned(doom.atMs, nowMs);
    };
    return new Set(objects.filter(counts));
  },
  list: async (prefix) =>
    [...all.values()]
      .filter(({ sha256 }) => sha256.startsWith(prefix.slice(0, 2)))
      .toSorted((one, other) => inOrder(one.sha256, other.sha256)),
});

export const memoryVolumeSweeps = (): VolumeSweeps => {
  const all = new Map<string, VolumeSweep>();
  return {
    last: async (mode) =>
      [...all.values()]
        .filter((sweep) => mode === undefined || sweep.mode === mode)
        .toSorted((one, other) => other.startedMs - one.startedMs)[0],
    put: async (sweep) => {
      all.set(sweep.mode, sweep);
    },
  };
};

const named = (sha256: string): string => {
  if (!isSha256(sha256)) throw new Error('an object is named by its SHA-256');
  return sha256;
};

export const memoryVolumeObjects = (): VolumeObjects & VolumeGarbage => {
  const all = new Map<string, { readonly bytes: Uint8Array; readonly storedMs: number }>();
  return {
    put: async (sha256, bytes) => {
      if (hashOf(bytes) !== named(sha256)) return { kind: 'wrong-hash' };
      if (!all.has(sha256)) all.set(sha256, { bytes, storedMs: Date.now() });
      return { kind: 'stored' };
    },
    sizeBytes: async (sha256) => all.get(named(sha256))?.bytes.length,
    read: async (sha256, maximumBytes) => {
      const bytes = all.get(named(sha256))?.bytes;
      if (bytes !== undefined && bytes.length > maximumBytes)
        throw new WireError(`an object is larger than ${maximumBytes} bytes`);
      return bytes;
    },
    readRange: async (sha256, offset, length) => {
      const bytes = all.get(named(sha256))?.bytes;
      if (length > 0 && bytes !== undefined && offset >= bytes.length)
        throw new WireError(`an object ends before byte ${offset}`);
      return length > 0 ? bytes?.slice(offset, offset + length) : new Uint8Array();
    },
    list: async function* (prefix) {
      const found = [...all].filter(([sha256]) => sha256.startsWith(prefix)).toSorted(([one], [other]) => inOrder(one, other));
      yield found.map(([sha256, { bytes, storedMs }]): StoredObject => ({ sha256, sizeBytes: bytes.length, storedMs }));
    },
    remove: async (sha256) => {
      all.delete(named(sha256));
      return 'removed';
    },
  };
};
