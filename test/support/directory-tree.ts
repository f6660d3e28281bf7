import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

/** Everything below a folder, by its path from there. */
export const filesBelow = async (folder: string): Promise<Map<string, Uint8Array>> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const files = new Map<string, Uint8Array>();
  for (const path of paths.toSorted()) files.set(path, new Uint8Array(await readFile(join(folder, path))));
  return files;
};

/** A release that holds these files, in memory. */
export const treeOfFiles = (files: Files): TreeReader => {
  const paths = [...files.keys()].toSorted((one, other) => (one < other ? -1 : 1));
  const entries = new Map(
    paths.map((path): [string, TreeEntry] => {
      const bytes = files.get(path) ?? new Uint8Array();
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return [path, { path, sha256, sizeBytes: bytes.length, mode: 'file' }];
    }),
  );
  return {
    entry: (path) => entries.get(path),
    paths: () => paths,
    read: async (path, maximumBytes) => {
      const bytes = files.get(path);
      return bytes !== undefined && bytes.length <= maximumBytes ? bytes : undefined;
    },
  };
};
