import type { TreeEntry } from '#domain/volume/tree.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';

/** A tree whose entries are at hand, in order, and whose files are in the store. */
export function treeReader(entries: Iterable<TreeEntry>, read: VolumeObjects['read']): TreeReader {
  const byPath = new Map<string, TreeEntry>();
  for (const entry of entries) byPath.set(entry.path, entry);
  return {
    entry: (path) => byPath.get(path),
    paths: () => byPath.keys(),
    read: async (path, maximumBytes) => {
      const entry = byPath.get(path);
      return entry === undefined || entry.sizeBytes > maximumBytes ? undefined : await read(entry.sha256, maximumBytes);
    },
  };
}
