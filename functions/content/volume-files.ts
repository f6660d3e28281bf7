import type { Conditions } from '#domain/content/answer-bytes.ts';
import { byHashPath } from '#domain/content/by-hash.ts';
import type { ContentPath } from '#domain/content/mounts.ts';
import { answerFile, fileCaching } from '#domain/content/serve.ts';
import { Fault } from '#domain/errors.ts';
import type { Release } from '#domain/volume/release.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { Clock } from '#ports/clock.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { indexByHash } from './by-hash.ts';
import type { ContentReply } from './content-reply.ts';
import type { ReleaseTrees } from './release-trees.ts';
import { NOTHING } from './replies.ts';
import type { VolumeReleases } from './volume-releases.ts';

export interface VolumeDeps {
  readonly releases: VolumeReleases;
  readonly trees: ReleaseTrees;
  readonly objects: Pick<VolumeObjects, 'read' | 'readRange'>;
  readonly clock: Clock;
}

export interface VolumeQuestion {
  readonly volume: Volume;
  readonly found: ContentPath;
  /** The whole path, decoded. */
  readonly path: string;
  readonly conditions: Conditions;
  readonly accept: string | undefined;
  readonly withBody: boolean;
}

/** A file, and the release that it is of. */
export interface Located {
  readonly release: Release;
  readonly entry: TreeEntry;
}

/** The mount as it was asked for, with the name of a release if there was one. */
export const askedMount = ({ path, found }: VolumeQuestion): string => path.slice(1, path.length - found.path.length - 1);

const RELEASE_HEADER = 'x-mirrortide-release';

export const ofRelease = ({ sequence }: Release, reply: ContentReply): ContentReply => ({
  ...reply,
  headers: { ...reply.headers, [RELEASE_HEADER]: String(sequence) },
});

const entryIn = async (deps: VolumeDeps, { type }: Volume, { root }: Release, path: string): Promise<TreeEntry | undefined> => {
  const entry = await deps.trees.entry(root, path);
  const byHash = entry === undefined && type === 'apt' ? byHashPath(path) : undefined;
  return byHash === undefined ? entry : indexByHash(deps, root, byHash);
};

/** In the first of the releases that has it. */
export const locate = async (
  deps: VolumeDeps,
  volume: Volume,
  releases: readonly Release[],
  path: string,
): Promise<Located | undefined> => {
  for (const release of releases) {
    const entry = await entryIn(deps, volume, release, path);
    if (entry !== undefined) return { release, entry };
  }
  return undefined;
};

/** All of a file, or throws Fault: the release was sealed with it. */
export const readEntry = async ({ objects }: VolumeDeps, { sha256, sizeBytes }: TreeEntry): Promise<Uint8Array> => {
  const bytes = await objects.read(sha256, sizeBytes);
  if (bytes === undefined) throw new Fault(`the object ${sha256} is not there`);
  return bytes;
};

const partOf = async ({ objects }: VolumeDeps, { sha256 }: TreeEntry, start: number, end: number): Promise<Uint8Array> => {
  const bytes = await objects.readRange(sha256, start, end - start);
  if (bytes === undefined) throw new Fault(`the object ${sha256} is not there`);
  return bytes;
};

export const fileReply = async (
  deps: VolumeDeps,
  question: VolumeQuestion,
  { release, entry }: Located,
): Promise<ContentReply> => {
  const caching = fileCaching(question.found.release, release);
  const answer = answerFile({ entry, caching, ...question.conditions });
  const { status, headers } = answer;
  if (answer.kind === 'empty') return ofRelease(release, { status, headers, body: NOTHING });
  const sizeBytes = answer.kind === 'whole' ? entry.sizeBytes : answer.endExclusive - answer.start;
  if (!question.withBody)
    return ofRelease(release, { status, headers: { ...headers, 'content-length': String(sizeBytes) }, body: NOTHING });
  const body =
    answer.kind === 'whole' ? await readEntry(deps, entry) : await partOf(deps, entry, answer.start, answer.endExclusive);
  return ofRelease(release, { status, headers, body });
};
