import type { Sha256 } from '#domain/volume/tree.ts';

export interface HashSet {
  /** Whether it was not there, as far as is known. */
  readonly add: (sha256: Sha256) => boolean;
  readonly has: (sha256: Sha256) => boolean;
  /** Nothing that was added is missing. */
  readonly isComplete: () => boolean;
}

/** Sixteen megabytes, when they are all there. */
const MOST_HASHES = 500_000;
/** Whoever finds two SHA-256 that begin with the same 128 bits has found a weakness of it. */
const KEY_BYTES = 16;
const FIRST_SLOTS = 1_024;

const isFree = (table: Buffer, at: number): boolean =>
  table.readBigUInt64LE(at) === 0n && table.readBigUInt64LE(at + KEY_BYTES / 2) === 0n;

/** Where the key that stands in a buffer is in a table, or the free place where it would be. A free place is all zeros. */
const placeOf = (table: Buffer, keys: Buffer, keyAt: number): number => {
  const slots = table.length / KEY_BYTES;
  for (let slot = keys.readUInt32LE(keyAt) % slots; ; slot = (slot + 1) % slots) {
    const at = slot * KEY_BYTES;
    if (isFree(table, at) || table.compare(keys, keyAt, keyAt + KEY_BYTES, at, at + KEY_BYTES) === 0) return at;
  }
};

const grown = (table: Buffer): Buffer => {
  const larger = Buffer.alloc(table.length * 2);
  for (let at = 0; at < table.length; at += KEY_BYTES)
    if (!isFree(table, at)) table.copy(larger, placeOf(larger, table, at), at, at + KEY_BYTES);
  return larger;
};

/**
 * Hashes up to a number; those above it are forgotten, so that memory does not grow with a tree. They are in one buffer, half of it
 * free: half a million strings would cost five times as much.
 */
export const hashSet = (most = MOST_HASHES): HashSet => {
  const key = Buffer.alloc(KEY_BYTES);
  let table: Buffer = Buffer.alloc(FIRST_SLOTS * KEY_BYTES);
  let [size, isComplete] = [0, true];

  const find = (sha256: Sha256): number => {
    key.write(sha256, 'hex');
    return placeOf(table, key, 0);
  };
  return {
    add: (sha256) => {
      const at = find(sha256);
      if (!isFree(table, at)) return false;
      if (size === most) {
        isComplete = false;
        return true;
      }
      key.copy(table, at);
      size += 1;
      if (size * KEY_BYTES * 2 > table.length) table = grown(table);
      return true;
    },
    has: (sha256) => !isFree(table, find(sha256)),
    isComplete: () => isComplete,
  };
};
