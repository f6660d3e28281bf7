import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import { parseRoot, parseShard, type ShardReference, type TreeRoot } from '#wire/tree/tree-document.ts';

/** Documents by their hashes, in a folder instead of in memory. */
export interface DocumentFolder {
  readonly put: (sha256: Sha256, document: Uint8Array) => void;
  readonly fileOf: (sha256: Sha256) => string;
  readonly read: (sha256: Sha256) => Promise<Uint8Array>;
  readonly readRoot: (sha256: Sha256) => Promise<TreeRoot>;
  readonly readShard: (shard: ShardReference) => Promise<readonly TreeEntry[]>;
}

export const sha256Hex = (bytes: Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex');

/** `fetch` brings what is not there, which stays then. */
export const documentFolder = (folder: string, fetch: (sha256: Sha256) => Promise<Uint8Array>): DocumentFolder => {
  mkdirSync(folder, { recursive: true });
  const fileOf = (sha256: Sha256): string => join(folder, sha256);
  const put = (sha256: Sha256, document: Uint8Array): void => writeFileSync(fileOf(sha256), document);
  const read = async (sha256: Sha256): Promise<Uint8Array> => {
    if (existsSync(fileOf(sha256))) return readFileSync(fileOf(sha256));
    const document = await fetch(sha256);
    put(sha256, document);
    return document;
  };
  return {
    put,
    fileOf,
    read,
    readRoot: async (sha256) => parseRoot(await read(sha256)),
    readShard: async ({ sha256 }) => parseShard(await read(sha256)),
  };
};
