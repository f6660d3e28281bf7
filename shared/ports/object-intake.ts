import type { Sha256 } from '#domain/volume/tree.ts';

/** What arrived, by its bytes. */
export interface ReceivedObject {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** One file that comes in pieces. It is an object only when whoever receives it is content with what came. */
export interface ObjectReceiver {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** After the last write. */
  readonly received: () => ReceivedObject;
  /** Stores what arrived; after `received`. */
  readonly store: () => Promise<void>;
  /** To be called in the end, stored or not. */
  readonly discard: () => Promise<void>;
}

/** Takes in files of which neither hash nor size need be known before. Throws Fault. */
export interface ObjectIntake {
  readonly open: () => Promise<ObjectReceiver>;
}
