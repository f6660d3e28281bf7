import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { Facts, FactsName, Observation } from '#domain/crawl/observation.ts';
import { type DrainGroup, isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import type { EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { answerBasis } from '#domain/snapshot/answer-basis.ts';
import { awayText } from '#domain/snapshot/drained-carriers.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';
import type { FactsStore, ObservationStore } from '#ports/observation-store.ts';

export interface NetworkStores {
  readonly inventory: Pick<InventoryStore, 'load'>;
  readonly manifests: Pick<ManifestStore, 'pointer' | 'read'>;
  readonly observations: Pick<ObservationStore, 'list'>;
  readonly facts: Pick<FactsStore, 'get'>;
  readonly drains: Pick<DrainStore, 'pairs' | 'groups'>;
  readonly log: Log;
}

/** The small items that say whether anything is new. */
export interface NetworkState {
  readonly inventory: Inventory;
  readonly pointers: readonly ManifestPointer[];
  readonly observations: readonly Observation[];
  /** Strongly consistent: a host that is told to go away is away for every publisher that starts later. */
  readonly pairs: readonly SyncPair[];
  readonly groups: readonly DrainGroup[];
}

/** Immutable objects that a warm process need not read again. */
export interface WarmObjects {
  manifests: ReadonlyMap<string, Manifest>;
  facts: ReadonlyMap<FactsName, Facts>;
}

/** Facts age and heads expire without anything being written: a rebuild at least this often notices. */
const SLOT_MS = 5 * 60_000;
const READS_AT_ONCE = 16;

export const readState = async ({ inventory, manifests, observations, drains }: NetworkStores): Promise<NetworkState> => {
  const declared = await inventory.load();
  const read = await Promise.all(
    declared.categories.map(async ({ id }) => ({
      pointer: await manifests.pointer(id),
      seen: await observations.list(id),
      pairs: await drains.pairs(id),
      groups: await drains.groups(id),
    })),
  );
  return {
    inventory: declared,
    pointers: read.flatMap(({ pointer }) => pointer ?? []),
    observations: read.flatMap(({ seen }) => seen),
    pairs: read.flatMap(({ pairs }) => pairs),
    groups: read.flatMap(({ groups }) => groups),
  };
};

/** Equal for states that give equal snapshots within one slot of time; moments of checking are left out, they change always. */
export const stateDigest = ({ inventory, pointers, observations, pairs, groups }: NetworkState, nowMs: EpochMs): string => {
  const masters = pointers.map(({ category, name }) => [category, name]);
  const seen = observations.map(answerBasis);
  const slot = Math.floor(nowMs / SLOT_MS);
  // What is still to be told to hosts and groups counts too, or a run that was killed would never be made up for.
  const away = pairs
    .filter(({ state }) => isAway(state))
    .map((pair) => [pair.host, pair.category, pair.fence, awayText(pair), pair.publishedMs === undefined]);
  const members = groups.map(({ category, key, inService }) => [category, key, inService]);
  return createHash('sha256')
    .update(JSON.stringify([slot, inventory, masters, seen, away, members]))
    .digest('hex');
};

const readAll = async <T>(
  names: Iterable<string>,
  warm: ReadonlyMap<string, T>,
  read: (name: string) => Promise<T | undefined>,
): Promise<Map<string, T>> => {
  const limit = pLimit(READS_AT_ONCE);
  const found = await Promise.all(
    [...new Set(names)].map((name) => limit(async () => [name, warm.get(name) ?? (await read(name))] as const)),
  );
  return new Map(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
};

/** Reads the manifests and facts that the state names, and forgets the others. */
export const readObjects = async (stores: NetworkStores, state: NetworkState, warm: WarmObjects): Promise<WarmObjects> => {
  const pointerOf = new Map(state.pointers.map((pointer) => [pointer.name, pointer]));
  const manifests = await readAll(pointerOf.keys(), warm.manifests, async (name) => {
    const pointer = pointerOf.get(name);
    return pointer === undefined ? undefined : await stores.manifests.read(pointer);
  });
  const categoryOf = new Map(
    state.observations.flatMap(({ facts, category }) => (facts === undefined ? [] : [[facts, category]])),
  );
  const facts = await readAll(categoryOf.keys(), warm.facts, async (name) => {
    const found = await stores.facts.get(categoryOf.get(name) ?? '', name);
    if (found === undefined) stores.log.error('facts object is missing; its hosts count as never checked', { name });
    return found;
  });
  return { manifests, facts };
};
