import type { RepositoryProblem } from '#domain/master/find-repositories.ts';
import type { Generation } from '#domain/master/manifest.ts';
import type { ManifestChanges } from '#domain/master/next-manifest.ts';
import type { HeldBack } from '#domain/master/settle-repositories.ts';

/** What people should look at; nothing of it stops a scan. */
export interface ScanNotes {
  readonly problems: readonly RepositoryProblem[];
  readonly heldBack: readonly HeldBack[];
}

export type ScanOutcome =
  | ({ readonly kind: 'published'; readonly generation: Generation; readonly changes: ManifestChanges } & ScanNotes)
  | ({ readonly kind: 'unchanged'; readonly generation: Generation } & ScanNotes)
  /** The listing was not whole, so it says nothing. */
  | { readonly kind: 'partial' | 'unreachable'; readonly reason: string }
  /** By the master, or by our own guard because the listing cannot be true. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Another scan of this category published first. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'unknown-category' };
