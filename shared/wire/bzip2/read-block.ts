import { WireError } from '#domain/errors.ts';
import type { BitReader } from './bit-reader.ts';
import { type CodeTable, readCodeTable } from './code-table.ts';

/** A block before the Burrows-Wheeler transform is undone: in each entry a byte, and room for an index of 24 bits. */
export interface Block {
  readonly entries: Uint32Array;
  readonly length: number;
  readonly origin: number;
}

/** Symbols after which the next selector chooses the table. */
const GROUP = 50;
const RUN_SYMBOLS = 2;

const readUsedBytes = (reader: BitReader): Uint8Array => {
  const ranges = reader.bits(16);
  const used: number[] = [];
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const members = reader.bits(16);
    for (let member = 0; member < 16; member += 1) if ((members & (0x8000 >> member)) !== 0) used.push(range * 16 + member);
  }
  if (used.length === 0) throw new WireError('bzip2: a block uses no byte');
  return Uint8Array.from(used);
};

/** Moves the entry at `place` to the front, and returns it. */
const toFront = (list: Uint8Array, place: number): number => {
  const value = list[place];
  if (value === undefined) throw new WireError('bzip2: a place is not in its list');
  list.copyWithin(1, 0, place);
  list[0] = value;
  return value;
};

const readSelectors = (reader: BitReader, tables: number): Uint8Array => {
  const selectors = new Uint8Array(reader.bits(15));
  if (selectors.length === 0) throw new WireError('bzip2: a block has no selector');
  const recent = Uint8Array.from({ length: tables }, (_, table) => table);
  for (let index = 0; index < selectors.length; index += 1) {
    let place = 0;
    while (reader.bits(1) === 1) {
      place += 1;
      if (place >= tables) throw new WireError('bzip2: a selector is out of range');
    }
    selectors[index] = toFront(recent, place);
  }
  return selectors;
};

/** Symbols in their order: each group of fifty by the table that its selector names. */
const symbolReader = (reader: BitReader, symbols: number): (() => number) => {
  const count = reader.bits(3);
  if (count < 2 || count > 6) throw new WireError('bzip2: a block has a wrong number of tables');
  const selectors = readSelectors(reader, count);
  const tables = Array.from({ length: count }, () => readCodeTable(reader, symbols));
  let [group, left] = [0, 0];
  let table: CodeTable | undefined;
  return () => {
    if (left === 0) {
      table = tables[selectors[group] ?? tables.length];
      group += 1;
      left = GROUP;
    }
    if (table === undefined) throw new WireError('bzip2: a block has too few selectors');
    left -= 1;
    return table.read(reader);
  };
};

/**
 * From the bit after the block's checksum to its end. Symbols 0 and 1 are digits, lowest first, of how often the first of the list is
 * repeated; the others are places in the list of recent bytes; the last ends the block.
 */
export const readBlock = (reader: BitReader, entries: Uint32Array): Block => {
  // The encoder stopped shuffling bytes in 1997.
  if (reader.bits(1) === 1) throw new WireError('bzip2: a randomised block');
  const origin = reader.bits(24);
  const recent = readUsedBytes(reader);
  const end = recent.length + 1;
  const nextSymbol = symbolReader(reader, end + 1);
  let [length, run, weight] = [0, 0, 1];
  const append = (byte: number, count: number): void => {
    if (length + count > entries.length) throw new WireError('bzip2: a block is longer than its header allows');
    entries.fill(byte, length, length + count);
    length += count;
  };
  for (;;) {
    const symbol = nextSymbol();
    if (symbol < RUN_SYMBOLS) {
      run += weight << symbol;
      weight <<= 1;
      if (run > entries.length) throw new WireError('bzip2: a run is longer than its block');
      continue;
    }
    if (run > 0) append(recent[0] ?? 0, run);
    [run, weight] = [0, 1];
    if (symbol === end) break;
    append(toFront(recent, symbol - 1), 1);
  }
  if (origin >= length) throw new WireError('bzip2: a block begins outside itself');
  return { entries, length, origin };
};
