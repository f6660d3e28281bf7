/**
 * Hashes that draw lots. They must give the same number for ever and on every machine, since the same question must get the same
 * bytes; they need not resist anybody who chooses their input: a host's place in a shuffle is no secret. FNV-1a over code units,
 * then the finalizer of MurmurHash3, whose avalanche makes the high bits usable as a fraction.
 */

/** 32 bits, unsigned. */
export const hashText = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixHash(hash);
};

export const mixHash = (value: number): number => {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** A fraction strictly between 0 and 1 for one participant in one draw. */
export const drawFraction = (seed: number, participant: number): number =>
  (mixHash(seed ^ mixHash(participant + 0x9e3779b9)) + 0.5) / 0x1_0000_0000;
