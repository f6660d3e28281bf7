import { createHash } from 'node:crypto';
import type { Facts, Observation } from '#domain/crawl/observation.ts';
import { WireError } from '#domain/errors.ts';
import type { EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { CheckInHints } from '#ports/check-in-hints.ts';
import type { CrawlQueue, CrawlRequest } from '#ports/crawl-queue.ts';
import type { EdgeEntry, EdgeTable } from '#ports/edge-table.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';
import type { FactsStore, Fence, ObservationStore } from '#ports/observation-store.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';
import type { SnapshotStore, VersionedPointer } from '#ports/snapshot-store.ts';
import type { StaticList, StaticLists } from '#ports/static-lists.ts';
import { printFacts } from '#wire/facts.ts';

/** Ports in memory, with the same promises as the real ones: conditional moves, fences, immutable named objects. */

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const copy = <T>(value: T): T => structuredClone(value);

export interface TestClock {
  now(): EpochMs;
  advance(ms: number): void;
}

export const testClock = (startMs: EpochMs): TestClock => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
};

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const memoryLog = (): Log & { readonly lines: LoggedLine[] } => {
  const lines: LoggedLine[] = [];
  const at =
    (level: LoggedLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message, fields });
    };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
};

export const memoryInventoryStore = (inventory: Inventory): Pick<InventoryStore, 'load'> & { set(next: Inventory): void } => {
  let stored = inventory;
  return {
    load: async () => copy(stored),
    set: (next) => {
      stored = next;
    },
  };
};

export const memoryManifestStore = (): ManifestStore => {
  const pointers = new Map<string, ManifestPointer>();
  const objects = new Map<string, Manifest>();
  return {
    pointer: async (category) => copy(pointers.get(category)),
    read: async (pointer) => {
      const found = objects.get(pointer.name);
      if (found === undefined) throw new WireError(`manifest ${pointer.name} is missing`);
      return copy(found);
    },
    publish: async (manifest, expected, scannedMs) => {
      const { category, generation, createdMs: changedMs } = manifest;
      const name = sha256(JSON.stringify(manifest));
      objects.set(name, copy(manifest));
      const present = pointers.get(category);
      if (present?.generation !== expected) return { kind: 'lost', winner: copy(present) };
      const pointer = { category, generation, name, changedMs, scannedMs };
      pointers.set(category, pointer);
      return { kind: 'published', pointer: copy(pointer) };
    },
    confirm: async (pointer, scannedMs) => {
      const present = pointers.get(pointer.category);
      if (present?.name === pointer.name) pointers.set(pointer.category, { ...present, scannedMs });
    },
  };
};

interface ObservationRow {
  fence: Fence;
  untilMs: EpochMs | undefined;
  observation: Observation | undefined;
}

export const memoryObservationStore = (): ObservationStore => {
  const rows = new Map<string, ObservationRow>();
  return {
    acquire: async (host, category, nowMs, untilMs) => {
      const key = `${category}/${host}`;
      const row = rows.get(key) ?? { fence: 0, untilMs: undefined, observation: undefined };
      if (row.untilMs !== undefined && row.untilMs > nowMs) return { kind: 'held', untilMs: row.untilMs };
      rows.set(key, { ...row, fence: row.fence + 1, untilMs });
      return { kind: 'granted', fence: row.fence + 1, observation: copy(row.observation) };
    },
    write: async (observation, fence) => {
      const key = `${observation.category}/${observation.host}`;
      const row = rows.get(key);
      if (row === undefined || row.fence !== fence || row.untilMs === undefined) return { kind: 'lost' };
      rows.set(key, { fence, untilMs: undefined, observation: copy(observation) });
      return { kind: 'written' };
    },
    list: async (category) =>
      [...rows]
        .filter(([key]) => key.startsWith(`${category}/`))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, { observation }]) => (observation === undefined ? [] : [copy(observation)])),
  };
};

export const memoryFactsStore = (): FactsStore => {
  const objects = new Map<string, Facts>();
  return {
    put: async (facts) => {
      const name = sha256(printFacts(facts));
      objects.set(`${facts.category}/${name}`, copy(facts));
      return name;
    },
    get: async (category, name) => copy(objects.get(`${category}/${name}`)),
  };
};

export const memoryCrawlQueue = (): CrawlQueue & { readonly sent: CrawlRequest[] } => {
  const sent: CrawlRequest[] = [];
  return {
    sent,
    send: async (requests) => {
      sent.push(...copy(requests));
    },
  };
};

export const memorySnapshotStore = (): SnapshotStore => {
  const objects = new Map<string, Uint8Array>();
  let present: VersionedPointer | undefined;
  return {
    putSnapshot: async (name, bytes) => {
      if (sha256(bytes) !== name) throw new Error('a snapshot under a name that is not its digest');
      objects.set(name, bytes.slice());
    },
    getSnapshot: async (name) => objects.get(name)?.slice(),
    readPointer: async () => copy(present),
    movePointer: async (next: SnapshotPointer, expected) => {
      if (present?.version !== expected) return { kind: 'lost', winner: copy(present) };
      present = { pointer: copy(next), version: `v${next.sequence}-${next.name}` };
      return { kind: 'moved', version: present.version };
    },
  };
};

export const memoryEdgeTable = (): EdgeTable & { readonly entries: Map<string, string> } => {
  const entries = new Map<string, string>();
  return {
    entries,
    replace: async (next: readonly EdgeEntry[]) => {
      const wanted = new Map(next.map(({ key, value }) => [key, value]));
      const removed = [...entries.keys()].filter((key) => !wanted.has(key));
      const written = [...wanted].filter(([key, value]) => entries.get(key) !== value);
      for (const key of removed) entries.delete(key);
      for (const [key, value] of written) entries.set(key, value);
      return removed.length + written.length;
    },
  };
};

export const memoryStaticLists = (): StaticLists & { readonly lists: Map<string, StaticList> } => {
  const lists = new Map<string, StaticList>();
  return {
    lists,
    replace: async (next) => {
      const wanted = new Map([...next].map((list) => [list.path, list]));
      const removed = [...lists.keys()].filter((path) => !wanted.has(path));
      const written = [...wanted.values()].filter((list) => lists.get(list.path)?.body !== list.body);
      for (const path of removed) lists.delete(path);
      for (const list of written) lists.set(list.path, list);
      return removed.length + written.length;
    },
  };
};

export const memoryPublishRequests = (): PublishRequests & { readonly reasons: string[] } => {
  const reasons: string[] = [];
  return {
    reasons,
    soon: async (reason) => {
      reasons.push(reason);
    },
  };
};

export const memoryCheckInHints = (): CheckInHints => {
  const noted = new Map<string, EpochMs>();
  return {
    last: async (host, category) => noted.get(`${host}/${category}`),
    note: async (host, category, nowMs) => {
      noted.set(`${host}/${category}`, nowMs);
    },
  };
};
