import { WireError } from '#domain/errors.ts';
import type { BitReader } from './bit-reader.ts';

/** A canonical Huffman code: symbols with shorter codes first, then in their order. */
export interface CodeTable {
  read(reader: BitReader): number;
}

const MAX_LENGTH = 20;

/** Code lengths, each coded as steps up or down from the one before. */
const readLengths = (reader: BitReader, symbols: number): Uint8Array => {
  const lengths = new Uint8Array(symbols);
  let length = reader.bits(5);
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > MAX_LENGTH) throw new WireError('bzip2: a code length is out of range');
      if (reader.bits(1) === 0) break;
      length += reader.bits(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
};

export const readCodeTable = (reader: BitReader, symbols: number): CodeTable => {
  const lengths = readLengths(reader, symbols);
  const order = Array.from(lengths.keys()).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const sorted = Uint16Array.from(order);
  const shortest = lengths[order[0] ?? 0] ?? 1;
  /** Of each length: the largest code, and what has to be taken from a code to get its place in `sorted`. */
  const [largest, offset] = [new Int32Array(MAX_LENGTH + 1).fill(-1), new Int32Array(MAX_LENGTH + 1)];
  let [code, place] = [0, 0];
  for (let length = 1; length <= MAX_LENGTH; length += 1) {
    const count = lengths.reduce((sum, each) => sum + (each === length ? 1 : 0), 0);
    offset[length] = code - place;
    code += count;
    place += count;
    if (code > 1 << length) throw new WireError('bzip2: a code has too many words');
    largest[length] = code - 1;
    code <<= 1;
  }
  return {
    read: (reader) => {
      let length = shortest;
      let read = reader.bits(length);
      while (read > (largest[length] ?? -1)) {
        if (length >= MAX_LENGTH) throw new WireError('bzip2: a code word is not in its table');
        length += 1;
        read = (read << 1) | reader.bits(1);
      }
      const symbol = sorted[read - (offset[length] ?? 0)];
      if (symbol === undefined) throw new WireError('bzip2: a code word is not in its table');
      return symbol;
    },
  };
};
