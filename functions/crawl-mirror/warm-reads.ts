import { type Coverage, coverageOf } from '#domain/freshness/coverage.ts';
import type { EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { Clock } from '#ports/clock.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { ManifestPointer, ManifestStore } from '#ports/manifest-store.ts';

export interface Master {
  readonly manifest: Manifest;
  readonly coverage: Coverage;
}

/** What one warm process keeps between messages: it crawls hundreds of mirrors against the same few manifests. */
export interface WarmReads {
  /** As it was at `plannedMs` or later. A host that an older one lacks would be dropped, and for minutes the queue takes no second request. */
  inventory(plannedMs: EpochMs): Promise<Inventory>;
  master(pointer: ManifestPointer): Promise<Master>;
}

/** A change of the inventory is seen at most this much later. */
const INVENTORY_MS = 30_000;
/** Manifests of 190,000 directories take some 200 MB as objects. */
const MANIFESTS = 2;

export const warmReads = (inventories: InventoryStore, manifests: ManifestStore, clock: Clock): WarmReads => {
  let known: { readonly atMs: EpochMs; readonly inventory: Inventory } | undefined;
  const masters = new Map<string, Master>();
  return {
    inventory: async (plannedMs) => {
      const atMs = clock.now();
      if (known === undefined || known.atMs < plannedMs || atMs - known.atMs > INVENTORY_MS) {
        known = { atMs, inventory: await inventories.load() };
      }
      return known.inventory;
    },
    master: async (pointer) => {
      const warm = masters.get(pointer.name);
      if (warm !== undefined) return warm;
      const manifest = await manifests.read(pointer);
      const master = { manifest, coverage: coverageOf(manifest) };
      masters.set(pointer.name, master);
      for (const oldest of masters.keys()) {
        if (masters.size <= MANIFESTS) break;
        masters.delete(oldest);
      }
      return master;
    },
  };
};
