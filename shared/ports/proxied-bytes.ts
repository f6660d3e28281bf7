import type { Sha256 } from '#domain/volume/tree.ts';
import type { ObjectReceiver } from './object-intake.ts';

/** Bytes that come in pieces, of which nobody knows yet whether they will be kept. */
export interface IncomingBytes extends Omit<ObjectReceiver, 'store'> {
  /** All that came, when that is not more than the limit. After `received`. */
  readonly small: (maximumBytes: number) => Uint8Array | undefined;
  /** Stores what arrived, under its hash; after `received`. */
  readonly store: (contentType: string) => Promise<void>;
}

/** Bytes of proxy volumes by their hash. They go thirty days after they were stored or renewed last. Throws Fault. */
export interface ProxiedBytes {
  /** The most that one file may have here now. */
  readonly roomBytes: () => Promise<number>;
  readonly receive: () => IncomingBytes;
  readonly put: (sha256: Sha256, bytes: Uint8Array, contentType: string) => Promise<void>;
  /** Undefined when there are none. Throws WireError for more than the limit. */
  readonly read: (sha256: Sha256, maximumBytes: number) => Promise<Uint8Array | undefined>;
  /** As if they were stored now; false when there are none. */
  readonly renew: (sha256: Sha256, contentType: string) => Promise<boolean>;
}
