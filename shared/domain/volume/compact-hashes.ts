/**
 * A set of hashes for tens of millions of them: their first 64 bits, in one array without an object for each. Two hashes that begin
 * alike count as one, so it may say that it has one which it was never given (of ten million about once in two hundred
 * thousand sets), and never the other way round. That is the right way round for what must not be thrown away.
 */
import type { Sha256 } from './tree.ts';

export interface CompactHashes {
  readonly add: (sha256: Sha256) => void;
  readonly has: (sha256: Sha256) => boolean;
  readonly size: () => number;
}

const FIRST_SLOTS = 2 ** 12;
/** Of the slots in use before there are twice as many. */
const FULL_SHARE = 0.7;

const upper = (sha256: Sha256): number => Number.parseInt(sha256.slice(0, 8), 16);
/** Never 0, which is how an empty slot looks. */
const lower = (sha256: Sha256): number => Number.parseInt(sha256.slice(8, 16), 16) || 1;

export const compactHashes = (): CompactHashes => {
  let slots = FIRST_SLOTS;
  let words = new Uint32Array(slots * 2);
  let size = 0;

  /** The slot that has it, or the empty one where it belongs. */
  const slotOf = (high: number, low: number): number => {
    let slot = (high ^ low) & (slots - 1);
    while (words[slot * 2 + 1] !== 0 && (words[slot * 2] !== high || words[slot * 2 + 1] !== low))
      slot = (slot + 1) & (slots - 1);
    return slot;
  };

  const put = (high: number, low: number): void => {
    const slot = slotOf(high, low);
    if (words[slot * 2 + 1] === 0) size += 1;
    words[slot * 2] = high;
    words[slot * 2 + 1] = low;
  };

  const grow = (): void => {
    const before = words;
    slots *= 2;
    words = new Uint32Array(slots * 2);
    size = 0;
    for (let at = 0; at < before.length; at += 2) {
      const low = before[at + 1] ?? 0;
      if (low !== 0) put(before[at] ?? 0, low);
    }
  };

  return {
    add: (sha256) => {
      if (size >= slots * FULL_SHARE) grow();
      put(upper(sha256), lower(sha256));
    },
    has: (sha256) => words[slotOf(upper(sha256), lower(sha256)) * 2 + 1] !== 0,
    size: () => size,
  };
};
