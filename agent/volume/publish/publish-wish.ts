import type { Sha256 } from '#domain/volume/tree.ts';

export interface PublishWish {
  readonly volume: string;
  /** A directory, or an archive of one. */
  readonly source: string;
  readonly release: boolean;
  /** What must be current, null for nothing; undefined for whatever is. */
  readonly expect: Sha256 | null | undefined;
  readonly dryRun: boolean;
  /** Of a lease that whoever calls us has. */
  readonly fence: number | undefined;
  /** To be taken by us. */
  readonly lease: boolean;
  readonly concurrency: number;
  readonly index: boolean;
  readonly wait: boolean;
}
