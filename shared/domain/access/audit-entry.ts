/**
 * The audit trail: every change that anybody made of the network, in the order in which they happened, and never changed itself.
 * Each entry is written in one transaction with the change that it tells of, so that neither is there without the other. The
 * revision counts the changes of the whole network; it orders the trail and names an entry.
 */
import type { EpochMs, HostId, SiteId } from '../inventory/inventory.ts';

export const AUDITED_OPERATIONS = [
  'create',
  'change',
  'delete',
  /** A whole network file, by whoever may write to the table itself. */
  'apply',
  'token.issue',
  'token.revoke',
  /** Control of the URLs was proved. */
  'proof',
] as const;
export type AuditedOperation = (typeof AUDITED_OPERATIONS)[number];

export interface AuditEntry {
  readonly revision: number;
  readonly atMs: EpochMs;
  /** `user:NAME`, or `apply` for a network file that was applied to the table itself. */
  readonly by: string;
  readonly operation: AuditedOperation;
  /** `host/ID`, `site/ID`, `category/ID`, `settings/SECTION`, `network`. */
  readonly entity: string;
  /** Plain data in the network file's shape; null where there was, or is, nothing. */
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
}

/** In whose trail an entry stands; all of them are in the network's. */
export type AuditScope =
  | { readonly kind: 'network' }
  | { readonly kind: 'site'; readonly id: SiteId }
  | { readonly kind: 'host'; readonly id: HostId };
