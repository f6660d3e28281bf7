import type { KeptCopy } from '#domain/content/proxy-copy.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';

/** One URL of upstream, in one proxy volume. */
export interface ProxiedUrl {
  readonly volume: VolumeId;
  readonly url: string;
}

export interface CopyLook {
  /** Undefined when nothing is known. */
  readonly copy: KeptCopy | undefined;
  /** Until then somebody asks upstream; undefined when nobody does. */
  readonly leasedUntilMs: EpochMs | undefined;
}

export interface FetchLease {
  /** Never used before. */
  readonly by: string;
  readonly nowMs: EpochMs;
  readonly untilMs: EpochMs;
}

/**
 * What is kept of URLs of upstream, and who asks upstream now: of all functions that miss the same file one fetches it, and when that
 * one dies another one may after its lease has lapsed. Throws Fault; WireError for an item that does not parse.
 */
export interface ProxiedCopies {
  /** Strongly consistent. */
  readonly look: (of: ProxiedUrl) => Promise<CopyLook>;
  /** Strongly consistent; `leased` says what was known at the moment of the lease, so that nobody fetches what was just fetched. */
  readonly lease: (of: ProxiedUrl, lease: FetchLease) => Promise<{ readonly kind: 'leased' | 'taken' } & CopyLook>;
  /** Writes what was learnt and ends the caller's lease. Nothing is written when the lease is not the caller's any more. */
  readonly settle: (of: ProxiedUrl, by: string, copy: KeptCopy) => Promise<void>;
  /** Ends the caller's lease and changes nothing else. */
  readonly release: (of: ProxiedUrl, by: string) => Promise<void>;
  /** The bytes of that hash were put again. Nothing happens when the copy is another one by now. */
  readonly renewed: (of: ProxiedUrl, sha256: Sha256, storedMs: EpochMs) => Promise<void>;
}
