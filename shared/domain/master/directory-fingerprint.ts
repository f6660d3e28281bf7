/**
 * A fingerprint says whether the set of files in a directory is still the same, in 128 bits and whatever the order they are listed
 * in: every file is hashed by itself and the hashes are added up, so a listing needs no sorting and no memory of its files. It
 * guards against accidents only; whoever controls the master could make two sets collide, and would gain nothing by it.
 */
export type Fingerprint = Uint32Array;

export const emptyFingerprint = (): Fingerprint => new Uint32Array(4);

/** The finalizer of MurmurHash3: every bit of the input moves half of the output's. */
const finish = (value: number): number => {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};

/**
 * Adds one file. Called for every file of a master, so the four lanes are written out: each is a multiply-and-rotate hash with a
 * seed and a prime of its own, taken from MurmurHash3 and xxHash32.
 */
export const addToFingerprint = (fingerprint: Fingerprint, name: string, sizeBytes: number, modifiedSeconds: number): void => {
  const text = `${sizeBytes}/${modifiedSeconds}/${name}`;
  let a = 0x239b961b;
  let b = 0xab0e9789;
  let c = 0x38b34ae5;
  let d = 0xa1e38b93;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b = (b << 15) | (b >>> 17);
    c = Math.imul(c ^ unit, 0x27d4eb2f);
    c = (c << 16) | (c >>> 16);
    d = Math.imul(d ^ unit, 0x9e3779b1);
    d = (d << 17) | (d >>> 15);
  }
  fingerprint[0] = (fingerprint[0] ?? 0) + finish(a);
  fingerprint[1] = (fingerprint[1] ?? 0) + finish(b);
  fingerprint[2] = (fingerprint[2] ?? 0) + finish(c);
  fingerprint[3] = (fingerprint[3] ?? 0) + finish(d);
};

/** 32 hex digits. */
export const printFingerprint = (fingerprint: Fingerprint): string =>
  Array.from(fingerprint, (lane) => lane.toString(16).padStart(8, '0')).join('');
