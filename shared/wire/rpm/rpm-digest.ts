import { DIGEST_ALGORITHMS, type Digest, digestOf } from '#domain/artefact/digest.ts';

/** createrepo wrote `sha` for SHA-1. Undefined when the kind is unknown or the digits are not such a digest. */
export function rpmDigest(type: string | undefined, hex: string | undefined): Digest | undefined {
  const name = type === 'sha' ? 'sha1' : type;
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => candidate === name);
  return algorithm === undefined ? undefined : digestOf(algorithm, hex?.trim() ?? '');
}
