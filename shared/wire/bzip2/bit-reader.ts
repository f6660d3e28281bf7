import { WireError } from '#domain/errors.ts';

/** Bits of a byte sequence, the highest of each byte first. */
export interface BitReader {
  /** The next `count` bits, at most 24, as a number. */
  bits(count: number): number;
  /** The next 32 bits, unsigned. */
  word(): number;
  /** Whole bytes that were not begun. */
  bytesLeft(): number;
}

export const bitReader = (bytes: Uint8Array): BitReader => {
  let next = 0;
  let held = 0;
  let heldBits = 0;

  const bits = (count: number): number => {
    while (heldBits < count) {
      const byte = bytes[next];
      if (byte === undefined) throw new WireError('bzip2: the data ends too early');
      next += 1;
      // At most 23 + 8 bits are ever held; what shifts out on the left was read.
      held = (held << 8) | byte;
      heldBits += 8;
    }
    heldBits -= count;
    return (held >>> heldBits) & ((1 << count) - 1);
  };

  return { bits, word: () => bits(16) * 65_536 + bits(16), bytesLeft: () => bytes.length - next };
};
