/**
 * All text of a snapshot, each string once, sorted by its UTF-8 bytes. A string's number is its position, so a name is looked up
 * once by binary search and compared as a number from there on.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 sorts by code point, JavaScript by code unit; they differ only where surrogates are. */
const byCodePoint = (a: string, b: string): number => {
  for (let i = 0; ; ) {
    const left = a.codePointAt(i);
    const right = b.codePointAt(i);
    if (left === undefined || right === undefined) return (left === undefined ? 0 : 1) - (right === undefined ? 0 : 1);
    if (left !== right) return left - right;
    i += left > 0xffff ? 2 : 1;
  }
};

export interface PrintedText {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  /** The number of a string that was handed in. */
  numberOf(text: string): number;
}

/** Lone surrogates, which UTF-8 cannot hold, become U+FFFD. */
export const printText = (strings: Iterable<string>): PrintedText => {
  const unique = [...new Set(Array.from(strings, (text) => text.toWellFormed()))];
  const hasSurrogates = unique.some((text) => /[\ud800-\udfff]/.test(text));
  // Array#sort without a comparator is several times faster, and right for everything else.
  if (hasSurrogates) unique.sort(byCodePoint);
  else unique.sort();
  const numbers = new Map(unique.map((text, index) => [text, index]));
  const starts = new Uint32Array(unique.length + 1);
  const pieces = unique.map((text) => encoder.encode(text));
  pieces.forEach((piece, index) => {
    starts[index + 1] = (starts[index] ?? 0) + piece.length;
  });
  const bytes = new Uint8Array(starts[unique.length] ?? 0);
  pieces.forEach((piece, index) => {
    bytes.set(piece, starts[index]);
  });
  return { bytes, starts, numberOf: (text) => numbers.get(text.toWellFormed()) ?? 0 };
};

export interface TextTable {
  text(number: number): string;
  /** The number, or the complement of the position where it would stand (negative) when it is not there. */
  find(text: string): number;
}

const compareAt = (bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): number => {
  const length = Math.min(end - start, wanted.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (bytes[start + i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return end - start - wanted.length;
};

export const openText = (bytes: Uint8Array, starts: Uint32Array): TextTable => ({
  text: (number) => decoder.decode(bytes.subarray(starts[number], starts[number + 1])),
  find: (text) => {
    const wanted = encoder.encode(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareAt(bytes, starts[middle] ?? 0, starts[middle + 1] ?? 0, wanted);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -low - 1;
  },
});
