import { WireError } from '#domain/errors.ts';

export interface JsonLimits {
  readonly depth: number;
  /** Commas and colons outside of texts, which bounds the number of values. */
  readonly marks: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [COMMA, COLON] = [0x2c, 0x3a];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** The place of the quote that ends a text, or the end. */
const endOfText = (bytes: Uint8Array, start: number): number => {
  let at = start;
  for (let byte = bytes[at]; byte !== undefined && byte !== QUOTE; byte = bytes[at]) at += byte === BACKSLASH ? 2 : 1;
  return at;
};

/**
 * Refuses JSON that would become too much in memory, before any of it is built: a megabyte of brackets is a gigabyte of arrays. Whether it is
 * JSON at all is for the parser to say.
 */
export const checkJsonShape = (bytes: Uint8Array, limits: JsonLimits, what: string): void => {
  let [depth, marks] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfText(bytes, at + 1);
    else if (byte === COMMA || byte === COLON) marks += 1;
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth > limits.depth) throw new WireError(`${what} is nested deeper than ${limits.depth} levels`);
    if (marks > limits.marks) throw new WireError(`${what} holds more than ${limits.marks} values`);
  }
};
