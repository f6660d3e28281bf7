import type { ArchiveLimits } from '#domain/artefact/archive-tree.ts';
import type { Digest } from '#domain/artefact/digest.ts';

/** Where the wanted digest is said. */
export type ChecksumSource =
  | { readonly kind: 'value'; readonly digest: Digest }
  | { readonly kind: 'list'; readonly url: string }
  /** By the artefact's own headers, else beside it. */
  | { readonly kind: 'discover' };

/** What is done once the destination has another tree. */
export interface HookSettings {
  readonly hook: string | undefined;
  readonly health: string | undefined;
  readonly limitMs: number;
}

export interface FetchSettings {
  /** Without its fragment. */
  readonly url: string;
  /** Its last part, as a file's name. */
  readonly fileName: string;
  /** Absolute. */
  readonly destination: string;
  readonly unpack: boolean;
  readonly checksum: ChecksumSource;
  readonly allowWeak: boolean;
  readonly splayMs: number;
  readonly hooks: HookSettings;
  /** Trees before the current one that stay. */
  readonly keep: number;
  readonly downloadBytes: number;
  readonly archive: ArchiveLimits;
  /** Install a digest that was taken back before. */
  readonly retryBad: boolean;
}
