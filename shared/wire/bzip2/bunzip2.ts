import { WireError } from '#domain/errors.ts';
import { bitReader } from './bit-reader.ts';
import { type Block, readBlock } from './read-block.ts';

/**
 * A decoder of bzip2, since Node has none and the packages that have one leave the output unbounded: 300 MB of zeros are 324 bytes.
 * One stream and nothing behind it; every checksum is compared. Slow beside zlib, some ten megabytes a second.
 */
const LEVEL_BYTES = 100_000;
const FIRST_CHUNK = 65_536;
/** A fourth equal byte is followed by how many more there are. */
const EQUAL_BEFORE_COUNT = 4;

/** Table of the checksum: polynomial 0x04c11db7, highest bit first. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = value & 0x8000_0000 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
  return value;
});

/** Bytes that were decoded, and the checksum of the block that is being written. */
interface Output {
  begin(): void;
  push(byte: number, count: number): void;
  checksum(): number;
  bytes(): Uint8Array;
}

const boundedOutput = (maxBytes: number): Output => {
  let bytes = new Uint8Array(Math.min(FIRST_CHUNK, maxBytes));
  let [length, crc] = [0, 0];
  return {
    begin: () => {
      crc = 0xffff_ffff;
    },
    push: (byte, count) => {
      if (length + count > maxBytes) throw new WireError(`bzip2: unpacks to more than ${maxBytes} bytes`);
      if (length + count > bytes.length) {
        const grown = new Uint8Array(Math.min(maxBytes, Math.max(bytes.length * 2, length + count)));
        grown.set(bytes);
        bytes = grown;
      }
      for (let index = 0; index < count; index += 1) {
        bytes[length + index] = byte;
        crc = (crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0);
      }
      length += count;
    },
    checksum: () => ~crc >>> 0,
    bytes: () => bytes.subarray(0, length),
  };
};

/** Puts into each entry the place of the entry that follows it in the original order. */
const link = ({ entries, length }: Block): void => {
  const starts = new Uint32Array(257);
  for (let index = 0; index < length; index += 1) {
    const after = (entries[index] ?? 0) + 1;
    starts[after] = (starts[after] ?? 0) + 1;
  }
  for (let byte = 1; byte < starts.length; byte += 1) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0);
  for (let index = 0; index < length; index += 1) {
    const byte = (entries[index] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    starts[byte] = place + 1;
    entries[place] = (entries[place] ?? 0) | (index << 8);
  }
};

const writeBlock = (block: Block, output: Output): void => {
  link(block);
  const { entries, length, origin } = block;
  let at = (entries[origin] ?? 0) >>> 8;
  let [previous, equal] = [-1, 0];
  for (let index = 0; index < length; index += 1) {
    const entry = entries[at] ?? 0;
    at = entry >>> 8;
    const byte = entry & 0xff;
    if (equal === EQUAL_BEFORE_COUNT) {
      output.push(previous, byte);
      [previous, equal] = [-1, 0];
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    output.push(byte, 1);
  }
};

const BLOCK = '314159265359';
const END = '177245385090';

/** Throws WireError for whatever is not exactly one whole stream of at most `maxBytes`. */
export const bunzip2 = (packed: Uint8Array, maxBytes: number): Uint8Array => {
  const reader = bitReader(packed);
  const hex = (digits: number): string => Array.from({ length: digits }, () => reader.bits(4).toString(16)).join('');
  const level = hex(6) === '425a68' ? reader.bits(8) - 0x30 : 0;
  if (level < 1 || level > 9) throw new WireError('bzip2: the data does not begin as bzip2');
  const output = boundedOutput(maxBytes);
  const entries = new Uint32Array(level * LEVEL_BYTES);
  let combined = 0;
  let kind = hex(12);
  for (; kind === BLOCK; kind = hex(12)) {
    const expected = reader.word();
    output.begin();
    writeBlock(readBlock(reader, entries), output);
    if (output.checksum() !== expected) throw new WireError('bzip2: the checksum of a block is wrong');
    combined = ((combined << 1) | (combined >>> 31)) ^ expected;
  }
  if (kind !== END) throw new WireError('bzip2: neither a block nor the end');
  if (reader.word() !== combined >>> 0) throw new WireError('bzip2: the checksum of the whole is wrong');
  if (reader.bytesLeft() > 0) throw new WireError('bzip2: something follows the end');
  return output.bytes();
};
