import { createHash } from 'node:crypto';
import type { FileHashes } from '#domain/master/manifest.ts';

/** All the hashes a metalink may name: clients take the strongest they know. */
export const fileHashes = (bytes: Uint8Array): FileHashes => {
  const hex = (algorithm: keyof FileHashes): string => createHash(algorithm).update(bytes).digest('hex');
  return { md5: hex('md5'), sha1: hex('sha1'), sha256: hex('sha256'), sha512: hex('sha512') };
};
