import { isComplete, type Release } from '#domain/volume/release.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import { readRoot, readShard } from '#wire/tree/open-tree.ts';
import { shardOf } from '#wire/tree/shards-of.ts';
import type { CheckReleaseDeps } from './check-deps.ts';
import type { StoredTree } from './stored-tree.ts';

/** What a release is compared with: the one that is current, which was checked itself. */
export interface Basis {
  readonly release: Release;
  readonly entry: (path: string) => TreeEntry | undefined;
  /** The object is one of the basis too. */
  readonly hasObject: (entry: Pick<TreeEntry, 'sha256' | 'sizeBytes'>) => boolean;
  readonly hasShard: (sha256: Sha256) => boolean;
}

/**
 * What the current release has, a release that follows it need not look for: it is there, and it stays. It is there, since the
 * current release was sealed. It stays, since no look of a sweeper misses both releases: this one is STAGING and its documents
 * were stored before the state of the current one was read, so whoever looks later sees this one; and whoever looked earlier saw
 * the current one, which needs its objects from its own staging on. It takes that this release stays STAGING until it is sealed,
 * that the state is read after the tree, and that sweepers see all releases of a volume at one moment.
 *
 * Only the shards in which the two differ are read, so a basis costs what changed.
 */
export const readBasis = async (
  { volumes, objects }: Pick<CheckReleaseDeps, 'volumes' | 'objects'>,
  volume: VolumeId,
  tree: StoredTree,
): Promise<Basis | undefined> => {
  const { current } = await volumes.pointer(volume);
  const release = current === undefined ? undefined : await volumes.release(volume, current);
  if (release === undefined || !isComplete(release)) return undefined;
  const { shards } = await readRoot(objects.read, release.root);
  const own = new Set(tree.root.shards.map(({ sha256 }) => sha256));
  const shared = new Set(shards.map(({ sha256 }) => sha256).filter((sha256) => own.has(sha256)));
  const entries = new Map<string, TreeEntry>();
  for (const shard of shards) {
    if (shared.has(shard.sha256)) continue;
    for (const entry of await readShard(objects.read, shard)) entries.set(entry.path, entry);
  }
  for (const entry of tree.entries) if (shared.has(shardOf(tree.root, entry.path)?.sha256 ?? '')) entries.set(entry.path, entry);
  const sizes = new Map([...entries.values()].map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
  return {
    release,
    entry: (path) => entries.get(path),
    hasObject: ({ sha256, sizeBytes }) => sizes.get(sha256) === sizeBytes,
    hasShard: (sha256) => shared.has(sha256),
  };
};
