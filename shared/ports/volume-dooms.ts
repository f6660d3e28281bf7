import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';

export interface Doom {
  readonly sha256: Sha256;
  /** The run of the sweeper, never used before. */
  readonly by: string;
  readonly atMs: EpochMs;
}

/**
 * Objects that a sweeper is about to remove, or to spare. The rule is in garbage.ts: a doom is written before the sweeper looks at
 * the releases, and whoever stages asks for dooms afterwards. Everything is strongly consistent. Throws Fault.
 */
export interface VolumeDooms {
  /** `taken`: somebody else's, and not abandoned. An abandoned one becomes the caller's. */
  readonly doom: (doom: Doom) => Promise<'doomed' | 'taken'>;
  /** Ends the caller's own; somebody else's stays. */
  readonly lift: (sha256: Sha256, by: string) => Promise<void>;
  /**
   * Those of the given objects that are doomed by somebody who may still remove them. Whoever takes an abandoned doom over looks at
   * the releases after that, so one that is abandoned holds nobody up.
   */
  readonly doomed: (objects: readonly Sha256[]) => Promise<ReadonlySet<Sha256>>;
  /** All whose hash begins with these two digits, abandoned or not. */
  readonly list: (prefix: string) => Promise<readonly Doom[]>;
}
