import type { TreeEntry } from '#domain/volume/tree.ts';

/** So many entries, each with the same chance, whatever the number of all (reservoir sampling: Vitter's algorithm R). */
export const sampleEntries = async (
  entries: AsyncIterable<TreeEntry>,
  size: number,
  random: () => number,
): Promise<readonly TreeEntry[]> => {
  const sample: TreeEntry[] = [];
  let seen = 0;
  for await (const entry of entries) {
    seen += 1;
    if (sample.length < size) sample.push(entry);
    else {
      const place = Math.floor(random() * seen);
      if (place < size) sample[place] = entry;
    }
  }
  return sample;
};
