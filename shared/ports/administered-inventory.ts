import type { AuditEntry, AuditScope } from '#domain/access/audit-entry.ts';
import type { EpochMs, HostId, Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryEntity } from '#wire/inventory-item.ts';

/** The whole inventory as it was after so many changes of it. */
export interface InventoryAt {
  readonly revision: number;
  readonly inventory: Inventory;
}

/** What a request with an idempotency key was answered, for when it comes again. */
export interface RememberedReply {
  /** Names the request: whose it is, and the key that they gave it. */
  readonly key: string;
  /** Digest of what was asked; another request under the same key is a mistake of the client. */
  readonly fingerprint: string;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly expiresMs: EpochMs;
}

/** One change, whole or not at all, and only if the inventory is still the one that it was decided on. */
export interface InventoryCommit {
  readonly decidedAt: number;
  /** What `audit.entity` names, as it is to be kept; nothing else changes, so that the trail tells all. */
  readonly put?: InventoryEntity | undefined;
  /** Its name, `host/ID`, when it is to go. */
  readonly remove?: string | undefined;
  readonly audit: Omit<AuditEntry, 'revision'>;
  /** Besides the network's own trail. */
  readonly scopes: readonly AuditScope[];
  readonly remember?: RememberedReply | undefined;
  /** Hosts whose challenge must not serve whoever declares them next. */
  readonly forgetChallenges: readonly HostId[];
}

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly revision: number }
  /** Somebody else changed the inventory meanwhile; nothing was written. */
  | { readonly kind: 'stale' }
  /** The idempotency key was used meanwhile; nothing was written. */
  | { readonly kind: 'repeated' };

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly AuditEntry[];
  /** Entries below this revision are on the next page. */
  readonly next: number | undefined;
}

/** The inventory for those who change it piece by piece. Every read is strongly consistent. */
export interface AdministeredInventory {
  /** 0 before the first change. */
  revision(): Promise<number>;
  /** As it is now; from an earlier moment of it only what changed since is read. Throws ConfigError when none was ever applied. */
  read(known?: InventoryAt): Promise<InventoryAt>;
  commit(commit: InventoryCommit, nowMs: EpochMs): Promise<CommitOutcome>;
  /** Keeps the answer of a request that changed nothing. */
  remember(reply: RememberedReply, nowMs: EpochMs): Promise<'remembered' | 'repeated'>;
  remembered(key: string, nowMs: EpochMs): Promise<RememberedReply | undefined>;
  audit(scope: AuditScope, below: number | undefined, limit: number): Promise<AuditPage>;
}
