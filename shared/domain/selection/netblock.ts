/**
 * Netblocks as numbers. IPv4 and IPv6 share one space of 128 bits, IPv4 as ::ffff:0:0/96 (RFC 4291 2.5.5.2), so that one sorted
 * table serves both; a prefix of 96 or more inside that range is IPv4. Text that is not a CIDR or an address gives `undefined`:
 * it stands in no table, and nobody is matched by it.
 */

export interface Netblock {
  /** Four 32 bit words, most significant first; bits below the prefix are zero. */
  readonly words: readonly [number, number, number, number];
  /** 0 to 128; IPv4's /8 is 104. */
  readonly prefix: number;
}

const V4_PREFIX = 96;
const V4_MARK = 0xffff;
/** No address or netblock is longer than this as text; more is not looked at. */
const MAXIMUM_TEXT = 50;

export const isIpv4 = (block: Netblock): boolean =>
  block.prefix >= V4_PREFIX && block.words[0] === 0 && block.words[1] === 0 && block.words[2] === V4_MARK;

const ipv4Word = (text: string): number | undefined => {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((word, part) => ((word << 8) | Number(part)) >>> 0, 0);
};

const hexGroups = (text: string): number[] | undefined => {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => Number.parseInt(group, 16)) : undefined;
};

/** `::ffff:192.0.2.1` and the like: the last 32 bits written as IPv4 become two groups. */
const withoutDottedTail = (text: string): string | undefined => {
  const at = text.lastIndexOf(':');
  if (!text.includes('.')) return text;
  const word = ipv4Word(text.slice(at + 1));
  return word === undefined ? undefined : `${text.slice(0, at + 1)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
};

const ipv6Groups = (text: string): number[] | undefined => {
  const plain = withoutDottedTail(text);
  const halves = plain?.split('::');
  if (halves === undefined || halves.length > 2) return undefined;
  const head = hexGroups(halves[0] ?? '');
  const tail = hexGroups(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : undefined;
  return missing >= 1 ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined;
};

const masked = (words: readonly number[], prefix: number): Netblock['words'] => {
  const word = (index: number): number => {
    const bits = Math.min(32, Math.max(0, prefix - 32 * index));
    return bits === 0 ? 0 : ((words[index] ?? 0) & (0xffffffff << (32 - bits))) >>> 0;
  };
  return [word(0), word(1), word(2), word(3)];
};

const addressWords = (text: string): { readonly words: readonly number[]; readonly v4: boolean } | undefined => {
  if (!text.includes(':')) {
    const word = ipv4Word(text);
    return word === undefined ? undefined : { words: [0, 0, V4_MARK, word], v4: true };
  }
  const groups = ipv6Groups(text);
  if (groups === undefined) return undefined;
  const pair = (index: number): number => (((groups[index] ?? 0) << 16) | (groups[index + 1] ?? 0)) >>> 0;
  return { words: [pair(0), pair(2), pair(4), pair(6)], v4: false };
};

/** A CIDR, or one address as the netblock of itself. Bits below the prefix are dropped. */
export const parseNetblock = (text: string): Netblock | undefined => {
  if (text.length > MAXIMUM_TEXT) return undefined;
  const slash = text.indexOf('/');
  const address = addressWords(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.v4 ? 32 : 128;
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText) || Number(lengthText) > bits) return undefined;
  const prefix = Number(lengthText) + (address.v4 ? V4_PREFIX : 0);
  return { words: masked(address.words, prefix), prefix };
};

/** By start, then shorter prefixes first: a netblock stands before everything inside it. */
export const compareNetblocks = (a: Netblock, b: Netblock): number =>
  a.words[0] - b.words[0] || a.words[1] - b.words[1] || a.words[2] - b.words[2] || a.words[3] - b.words[3] || a.prefix - b.prefix;

/** True when `inner` lies in `outer` as numbers; `::/0` holds everything, IPv4 too. Equal netblocks contain each other. */
export const containsRange = (outer: Netblock, inner: Netblock): boolean =>
  outer.prefix <= inner.prefix && masked(inner.words, outer.prefix).every((word, index) => word === outer.words[index]);

/** True when `inner` lies in `outer` and both are of one address family. */
export const containsNetblock = (outer: Netblock, inner: Netblock): boolean =>
  isIpv4(outer) === isIpv4(inner) && containsRange(outer, inner);
