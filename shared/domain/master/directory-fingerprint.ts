/**
 * A fingerprint says whether the set of files in a directory is still the same, in 128 bits and whatever the order they are listed
 * in: every file is hashed by itself and the hashes are added up, so a listing needs no sorting and no memory of its files. It
 * guards against accidents only; whoever controls the master could make two sets collide, and would gain nothing by it.
 */
export type Fingerprint = Uint32Array;

const LANES = 4;
// Odd constants with well mixed bits, from MurmurHash3 (x86, 128 bits) and xxHash32: one per lane, so that lanes are independent.
const SEEDS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];
const PRIMES = [0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x9e3779b1];

export const emptyFingerprint = (): Fingerprint => new Uint32Array(LANES);

const finish = (value: number): number => {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};

/** Adds one file. */
export const addToFingerprint = (fingerprint: Fingerprint, name: string, sizeBytes: number, modifiedSeconds: number): void => {
  const text = `${sizeBytes}/${modifiedSeconds}/${name}`;
  for (let lane = 0; lane < LANES; lane += 1) {
    const prime = PRIMES[lane] ?? 1;
    let hash = SEEDS[lane] ?? 0;
    for (let at = 0; at < text.length; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), prime);
      hash ^= hash >>> 15;
    }
    fingerprint[lane] = (fingerprint[lane] ?? 0) + finish(hash);
  }
};

/** 32 hex digits. */
export const printFingerprint = (fingerprint: Fingerprint): string =>
  Array.from(fingerprint, (lane) => lane.toString(16).padStart(8, '0')).join('');
