/**
 * Spreads work evenly without randomness: a text always falls on the same place between 0 and 1. FNV-1a with a final mix
 * (murmur3's), because FNV alone leaves short names that differ in their last letter close together.
 */

const hash32 = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** At least 0, less than 1. */
export const spread = (text: string): number => hash32(text) / 2 ** 32;
