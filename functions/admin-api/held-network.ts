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
  /** As it is now: one small read while nobody changes anything. */
  current(): Promise<NetworkAt>;
  /** What a change of our own made of it; the next request need not read it all. */
  advance(from: NetworkAt, to: NetworkAt): void;
}

export const heldNetwork = (store: AdministeredInventory): HeldNetwork => {
  let held: NetworkAt | undefined;
  return {
    current: async () => {
      if (held !== undefined && held.revision === (await store.revision())) return held;
      const { revision, inventory } = await store.read();
      held = { revision, inventory, document: networkDocument(inventory) };
      return held;
    },
    advance: (from, to) => {
      if (held === from) held = to;
    },
  };
};
