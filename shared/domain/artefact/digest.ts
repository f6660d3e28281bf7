/**
 * What proves that an artefact is the one that was published. SHA-2 does; MD5 and SHA-1 can be forged, and count only where the
 * operator says so. A digest names its algorithm everywhere, since the number of its digits alone does not (SHA-512 and BLAKE2b).
 */

/** Strongest first: of several digests of one file the first of these is used. */
export const DIGEST_ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1', 'md5'] as const;

export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Lower case. */
  readonly hex: string;
}

const HEX_LENGTHS: Readonly<Record<DigestAlgorithm, number>> = { sha512: 128, sha384: 96, sha256: 64, sha1: 40, md5: 32 };

export const isWeak = (digest: Digest): boolean => digest.algorithm === 'sha1' || digest.algorithm === 'md5';

export const sameDigest = (one: Digest, other: Digest): boolean => one.algorithm === other.algorithm && one.hex === other.hex;

/** As in messages and file names: `sha256-0a1b…`. */
export const digestName = (digest: Digest): string => `${digest.algorithm}-${digest.hex}`;

const isHex = (text: string): boolean => /^[0-9a-fA-F]+$/.test(text);

/** Undefined when these are not the digits of such a digest. */
export function digestOf(algorithm: DigestAlgorithm, hex: string): Digest | undefined {
  return hex.length === HEX_LENGTHS[algorithm] && isHex(hex) ? { algorithm, hex: hex.toLowerCase() } : undefined;
}

/** A digest that does not say its algorithm, by its length, as the programs of GNU coreutils print it. */
export function digestOfHex(hex: string): Digest | undefined {
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => HEX_LENGTHS[candidate] === hex.length);
  return algorithm === undefined ? undefined : digestOf(algorithm, hex);
}

/** The other way round for digestName. */
export function digestOfName(name: string): Digest | undefined {
  const [, word = '', hex = ''] = /^([a-z0-9]+)-([0-9a-f]+)$/.exec(name) ?? [];
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => candidate === word);
  return algorithm === undefined ? undefined : digestOf(algorithm, hex);
}
