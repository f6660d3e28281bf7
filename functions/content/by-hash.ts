import { type ByHash, entryByHash, releaseFolders } from '#domain/content/by-hash.ts';
import { WireError } from '#domain/errors.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { MAX_RELEASE_BYTES, parseAptRelease } from '#wire/apt/parse-apt-release.ts';
import type { ReleaseTrees } from './release-trees.ts';

interface Deps {
  readonly trees: ReleaseTrees;
  readonly objects: Pick<VolumeObjects, 'read'>;
}

/** Where the file is, seen from the suite, that its list gives this SHA-512. Undefined where the list does not parse. */
const listedIn = async ({ objects }: Deps, head: TreeEntry, suite: string, { folder, hex }: ByHash) => {
  if (head.sizeBytes > MAX_RELEASE_BYTES) return undefined;
  const bytes = await objects.read(head.sha256, head.sizeBytes);
  if (bytes === undefined) return undefined;
  try {
    const { files } = parseAptRelease(bytes);
    return files.find(({ path, sha512 }) => sha512?.hex === hex && `${suite}${path}`.startsWith(folder))?.path;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
};

/** The index that a path by its hash stands for, in one release. */
export const indexByHash = async (deps: Deps, root: Sha256, byHash: ByHash): Promise<TreeEntry | undefined> => {
  const { trees } = deps;
  for (const suite of releaseFolders(byHash.folder)) {
    const head = (await trees.entry(root, `${suite}InRelease`)) ?? (await trees.entry(root, `${suite}Release`));
    if (head === undefined) continue;
    if (byHash.algorithm === 'sha256') {
      const { entries } = await trees.folder(root, byHash.folder);
      return entryByHash(byHash.folder, byHash.hex, entries);
    }
    const path = await listedIn(deps, head, suite, byHash);
    if (path !== undefined) return trees.entry(root, `${suite}${path}`);
  }
  return undefined;
};
