import type { Inventory } from '#domain/inventory/inventory.ts';

export interface InventoryChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What people declared. */
export interface InventoryStore {
  /** The whole inventory; throws when none was ever applied. */
  load(): Promise<Inventory>;
  /** What `apply` would do. */
  compare(inventory: Inventory): Promise<InventoryChange>;
  /** Makes the stored inventory equal to this one, entity by entity; safe to repeat after a crash. Entities are named `host/ID`, `category/ID`, `site/ID`, `settings`, `locks`. */
  apply(inventory: Inventory): Promise<InventoryChange>;
}
