import { allEnded } from '#domain/all-ended.ts';
import { Fault, WireError } from '#domain/errors.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import { type CompactHashes, compactHashes } from '#domain/volume/compact-hashes.ts';
import { needsObjects } from '#domain/volume/garbage.ts';
import { isComplete, type Release } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import type { Clock } from '#ports/clock.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { MOST_ROOT_BYTES, MOST_SHARD_BYTES, parseRoot, parseShard } from '#wire/tree/tree-document.ts';

export interface NeededObjectsDeps {
  readonly objects: Pick<VolumeObjects, 'read'>;
  readonly clock: Clock;
}

export type Look =
  /** All is known that any release needs now. */
  | { readonly kind: 'known' }
  /** Something may be needed of which nobody knows. */
  | { readonly kind: 'stopped'; readonly problem: string }
  /** The time was over before all was read. */
  | { readonly kind: 'late' };

/** What the releases need, by what was looked at so far. It only grows: what a tree has does not change. */
export interface NeededObjects {
  readonly has: (sha256: Sha256) => boolean;
  /** Asks for the releases, and reads what was not read yet of their trees. */
  readonly look: () => Promise<Look>;
}

const LISTS_AT_ONCE = 8;
const MOST_TRIES = 20;

type ReleasesStore = Pick<VolumeStore, 'volumes' | 'pointer' | 'releases'>;

/**
 * All releases of a volume at one moment; a listing alone is not, and could miss one release that began while it was under way and
 * another one that ended. Every decision about a release raises the pointer's version.
 */
const releasesOf = async (store: ReleasesStore, volume: VolumeId): Promise<readonly Release[]> => {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const { version } = await store.pointer(volume);
    const releases = await store.releases(volume);
    if ((await store.pointer(volume)).version === version) return releases;
  }
  throw new Fault(`the releases of ${volume} changed whenever they were listed, ${MOST_TRIES} times`);
};

/** The releases of all volumes that need their objects, also of volumes that are not declared any more. */
export const neededReleases = async (store: ReleasesStore): Promise<readonly Release[]> => {
  const lists = await allEnded(await store.volumes(), (volume) => releasesOf(store, volume), LISTS_AT_ONCE);
  return lists.flat().filter(needsObjects);
};

/** Why nobody knows what is in a document: it is not there, not what it should be, or there was no time to read it. */
type Unknown = 'absent' | 'late' | WireError;

const isUnknown = (read: object | Unknown): read is Unknown => typeof read === 'string' || read instanceof WireError;

interface Known {
  readonly hashes: CompactHashes;
  /** Of which every document was read. */
  readonly roots: Set<Sha256>;
  readonly shards: Set<Sha256>;
}

interface Reading extends NeededObjectsDeps {
  readonly known: Known;
  readonly stopMs: EpochMs;
}

const readDocument = async <Parsed>(
  { objects, clock, stopMs }: Reading,
  sha256: Sha256,
  maximumBytes: number,
  parse: (bytes: Uint8Array) => Parsed,
): Promise<Parsed | Unknown> => {
  if (clock.now() >= stopMs) return 'late';
  try {
    const bytes = await objects.read(sha256, maximumBytes);
    return bytes === undefined ? 'absent' : parse(bytes);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
};

/** The shards of a tree, by their hashes. */
const readRoot = async (reading: Reading, root: Sha256): Promise<readonly Sha256[] | Unknown> => {
  const { hashes } = reading.known;
  hashes.add(root);
  const shards = await readDocument(reading, root, MOST_ROOT_BYTES, (bytes) =>
    parseRoot(bytes).shards.map(({ sha256 }) => sha256),
  );
  if (!isUnknown(shards)) for (const shard of shards) hashes.add(shard);
  return shards;
};

const readShard = async (reading: Reading, shard: Sha256): Promise<Unknown | undefined> => {
  const { hashes, shards } = reading.known;
  const entries = await readDocument(reading, shard, MOST_SHARD_BYTES, parseShard);
  if (isUnknown(entries)) return entries;
  for (const { sha256 } of entries) hashes.add(sha256);
  shards.add(shard);
  return undefined;
};

/** Reads what was not read yet of these trees; a shard that several have is read once. Says of each tree whether all of it is known. */
const readTrees = async (reading: Reading, roots: readonly Sha256[]): Promise<ReadonlyMap<Sha256, Unknown | undefined>> => {
  const trees = await allEnded(roots, async (root) => [root, await readRoot(reading, root)] as const);
  const wanted = new Set(
    trees.flatMap(([, shards]) => (isUnknown(shards) ? [] : shards)).filter((shard) => !reading.known.shards.has(shard)),
  );
  const unread = new Map(await allEnded([...wanted], async (shard) => [shard, await readShard(reading, shard)] as const));
  // One that is not there is the least of it: that alone is no reason to stop for a release that is STAGING.
  const worst = (shards: readonly Sha256[]): Unknown | undefined => {
    const failed = shards.map((shard) => unread.get(shard)).filter((why) => why !== undefined);
    return failed.find((why) => why !== 'absent') ?? failed[0];
  };
  return new Map(trees.map(([root, shards]) => [root, isUnknown(shards) ? shards : worst(shards)]));
};

const isSame = (one: Release, other: Release): boolean =>
  one.volume === other.volume && one.root === other.root && one.state === other.state && one.sinceMs === other.sinceMs;

/** What it means that not all of the release's tree is known. */
const lookAfter = (release: Release, why: Unknown): Look => {
  if (why === 'late') return { kind: 'late' };
  if (why === 'absent' && !isComplete(release)) return { kind: 'known' };
  const { volume, sequence, root, state } = release;
  const reason = why === 'absent' ? 'a document of it is not there' : why.message;
  return { kind: 'stopped', problem: `what release ${sequence} of ${volume} needs is not known: ${reason} (${state}, ${root})` };
};

/**
 * Undefined when the releases are to be asked for again. One whose documents were not there must still be in the state in which it was
 * listed: meanwhile it could have been sealed, have left its objects to another one, and have ended.
 */
const lookOnce = async (reading: Reading, releases: () => Promise<readonly Release[]>): Promise<Look | undefined> => {
  const { roots } = reading.known;
  const unread = (await releases()).filter(({ root }) => !roots.has(root));
  const trees = await readTrees(reading, [...new Set(unread.map(({ root }) => root))]);
  for (const [root, why] of trees) if (why === undefined) roots.add(root);
  const absent = unread.filter(({ root }) => trees.get(root) === 'absent');
  const now = absent.length === 0 ? [] : await releases();
  if (absent.some((release) => !now.some((other) => isSame(release, other)))) return undefined;
  const looks = unread.flatMap((release) => {
    const why = trees.get(release.root);
    return why === undefined ? [] : [lookAfter(release, why)];
  });
  return looks.find(({ kind }) => kind === 'stopped') ?? looks.find(({ kind }) => kind === 'late') ?? { kind: 'known' };
};

/** `releases` are asked for at every look; reading ends at `stopMs`. */
export const neededObjects = (
  deps: NeededObjectsDeps,
  releases: () => Promise<readonly Release[]>,
  stopMs: EpochMs,
): NeededObjects => {
  const known: Known = { hashes: compactHashes(), roots: new Set(), shards: new Set() };
  const look = async (): Promise<Look> => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const found = await lookOnce({ ...deps, known, stopMs }, releases);
      if (found !== undefined) return found;
    }
    throw new Fault(`releases without their documents changed whenever they were looked at, ${MOST_TRIES} times`);
  };
  return { has: known.hashes.has, look };
};
