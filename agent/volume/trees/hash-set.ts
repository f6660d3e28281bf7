import type { Sha256 } from '#domain/volume/tree.ts';

export interface HashSet {
  /** Whether it was not there, as far as is known. */
  readonly add: (sha256: Sha256) => boolean;
  readonly has: (sha256: Sha256) => boolean;
  /** Nothing that was added is missing. */
  readonly isComplete: () => boolean;
}

/** About forty megabytes. */
const MOST_HASHES = 500_000;

/** Half as many characters, of one byte each. */
const packed = (sha256: Sha256): string => Buffer.from(sha256, 'hex').toString('latin1');

/** Hashes up to a number; those above it are forgotten, so that memory does not grow with a tree. */
export const hashSet = (most = MOST_HASHES): HashSet => {
  const hashes = new Set<string>();
  let isComplete = true;
  return {
    add: (sha256) => {
      const key = packed(sha256);
      if (hashes.has(key)) return false;
      if (hashes.size < most) hashes.add(key);
      else isComplete = false;
      return true;
    },
    has: (sha256) => hashes.has(packed(sha256)),
    isComplete: () => isComplete,
  };
};
