import { WireError } from '#domain/errors.ts';
import { type Coverage, coverageOf } from '#domain/freshness/coverage.ts';
import type { EpochMs, Host, HostId, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { Clock } from '#ports/clock.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';

export interface Master {
  readonly manifest: Manifest;
  readonly coverage: Coverage;
}

export interface KnownHost {
  readonly inventory: Inventory;
  readonly host: Host;
}

/** What one warm process keeps between requests. */
export interface NetworkReads {
  /** The host as it was declared some seconds ago at most; a host that is not known is looked for anew. */
  host(id: HostId): Promise<KnownHost | undefined>;
  /** Undefined when there is no such manifest: whoever asks may have made its name up. */
  master(pointer: ManifestPointer): Promise<Master | undefined>;
}

/** A change of the inventory is seen at most this much later. */
const INVENTORY_MS = 15_000;
/** Manifests of 190,000 directories take some 200 MB as objects. */
const MANIFESTS = 2;

export const networkReads = (
  inventories: Pick<InventoryStore, 'load'>,
  manifests: Pick<ManifestStore, 'read'>,
  clock: Clock,
  log: Log,
): NetworkReads => {
  let known: { readonly atMs: EpochMs; readonly inventory: Inventory } | undefined;
  const masters = new Map<string, Master>();

  const load = async (): Promise<Inventory> => {
    const atMs = clock.now();
    const inventory = await inventories.load();
    known = { atMs, inventory };
    return inventory;
  };

  const find = (inventory: Inventory, id: HostId): KnownHost | undefined => {
    const host = inventory.hosts.find((declared) => declared.id === id);
    return host === undefined ? undefined : { inventory, host };
  };

  const read = async (pointer: ManifestPointer): Promise<Master | undefined> => {
    try {
      const manifest = await manifests.read(pointer);
      return { manifest, coverage: coverageOf(manifest) };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log.warn('a manifest that was named cannot be read', { category: pointer.category, name: pointer.name, error });
      return undefined;
    }
  };

  return {
    host: async (id) => {
      const held = known !== undefined && clock.now() - known.atMs <= INVENTORY_MS ? known.inventory : undefined;
      const found = held === undefined ? undefined : find(held, id);
      return found ?? find(await load(), id);
    },
    master: async (pointer) => {
      const key = `${pointer.category}/${pointer.name}`;
      const warm = masters.get(key);
      if (warm !== undefined) return warm;
      const master = await read(pointer);
      if (master !== undefined) masters.set(key, master);
      for (const oldest of masters.keys()) {
        if (masters.size <= MANIFESTS) break;
        masters.delete(oldest);
      }
      return master;
    },
  };
};
