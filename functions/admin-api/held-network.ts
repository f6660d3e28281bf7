import type { Inventory } from '#domain/inventory/inventory.ts';
import type { AdministeredInventory } from '#ports/administered-inventory.ts';
import { type NetworkDocument, networkDocument } from './network-document.ts';

/** The network at one moment: as the rules see it, and as people write it. */
export interface NetworkAt {
  readonly revision: number;
  readonly inventory: Inventory;
  readonly document: NetworkDocument;
}

export interface HeldNetwork {
  /** As it is now: two small reads at once while nobody changes anything. */
  current(): Promise<NetworkAt>;
  /** What a change of our own made of it; the next request need not read it all. */
  advance(from: NetworkAt, to: NetworkAt): void;
}

export const heldNetwork = (store: AdministeredInventory): HeldNetwork => {
  let held: NetworkAt | undefined;
  return {
    current: async () => {
      const before = held;
      const { revision, inventory } = await store.read(before);
      if (before !== undefined && before.revision === revision) return before;
      const now = { revision, inventory, document: networkDocument(inventory) };
      // Another request of this instance may have come further meanwhile.
      if (held === undefined || held.revision < revision) held = now;
      return now;
    },
    advance: (from, to) => {
      if (held === from) held = to;
    },
  };
};
