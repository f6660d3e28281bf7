import { setImmediate as turn } from 'node:timers/promises';
import type { FileAnswer } from '#domain/content/answer-bytes.ts';
import { resolveMount } from '#domain/content/mounts.ts';
import { releasesToSearch } from '#domain/content/releases-to-search.ts';
import { answerFile, fileCaching } from '#domain/content/serve.ts';
import { decideSeal, decideStage, decideValidation } from '#domain/volume/decide-release.ts';
import type { ReleaseState } from '#domain/volume/release.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import type { Validator } from '#domain/volume/tree-reader.ts';
import { guardProblems } from '#domain/volume/validate/guards.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { checkedEntries, readRoot, readShard, treeReader } from '#wire/tree/open-tree.ts';
import { shardOf } from '#wire/tree/shards-of.ts';
import { ask } from './a-volume.ts';
import { type Files, prepare } from './publish-release.ts';
import { hashOf } from './tree-arbitrary.ts';

export interface Journey {
  readonly volume: Volume;
  readonly store: VolumeStore;
  readonly objects: VolumeObjects;
  readonly validator: Validator;
  readonly now: () => number;
}

/** From files to a release that is validated or rejected, in the order that never loses anything: stage, store, seal, validate. */
export const publish = async ({ volume, store, objects, validator, now }: Journey, files: Files): Promise<string> => {
  const { tree, objects: needed } = prepare(files);
  const { sha256, root } = tree;
  const asked = { volume: volume.id, nowMs: now() };
  await ask(store, sha256, (view) => decideStage(view, { root: sha256, files: root.files, bytes: root.bytes }), asked);
  for (const [object, bytes] of needed) if ((await objects.sizeBytes(object)) === undefined) await objects.put(object, bytes);
  await ask(store, sha256, decideSeal, asked);
  const stored: TreeEntry[] = [];
  for await (const entry of checkedEntries(objects.read, sha256, hashOf)) stored.push(entry);
  const { current } = await store.pointer(volume.id);
  const before = current === undefined ? undefined : await store.release(volume.id, current);
  const problems = [...guardProblems(volume, before, root), ...(await validator(treeReader(objects.read, stored)))];
  await ask(store, sha256, (view) => decideValidation(view, problems), asked);
  return sha256;
};

export const stateOf = async ({ store, volume }: Journey, root: string): Promise<ReleaseState | undefined> =>
  (await store.release(volume.id, root))?.state;

export interface Got {
  readonly status: number;
  readonly text: string;
}

const ANSWERS_404: Got = { status: 404, text: '' };

const bodyOf = async (objects: VolumeObjects, entry: TreeEntry, answer: FileAnswer): Promise<Got> => {
  const bytes = (await objects.read(entry.sha256, entry.sizeBytes)) ?? new Uint8Array();
  return { status: answer.status, text: answer.kind === 'empty' ? '' : new TextDecoder().decode(bytes) };
};

/** What a client gets for a path: mount, releases, shard, object. */
export const get = async ({ volume, store, objects, now }: Journey, path: string): Promise<Got> => {
  const found = resolveMount([volume], path);
  if (found === undefined) return ANSWERS_404;
  const releases = releasesToSearch(volume, found.release, await store.releases(volume.id), now());
  for (const release of releases) {
    const tree = await readRoot(objects.read, release.root);
    const shard = shardOf(tree, found.path);
    const entries = shard === undefined ? [] : await readShard(objects.read, shard);
    const entry = entries.find((candidate) => candidate.path === found.path);
    if (entry === undefined) continue;
    const none = { ifNoneMatch: undefined, range: undefined, ifRange: undefined };
    return bodyOf(objects, entry, answerFile({ entry, caching: fileCaching(found.release, release), ...none }));
  }
  return ANSWERS_404;
};

/** Reads the index, then whatever it names, until told to stop; what did not resolve, or was not what the index said. */
export const readUntil = async (
  journey: Journey,
  mount: string,
  isOver: () => boolean,
): Promise<{ readonly reads: number; readonly failures: readonly string[] }> => {
  const failures: string[] = [];
  let reads = 0;
  while (!isOver()) {
    const index = await get(journey, `/${mount}/SHA256SUMS`);
    if (index.status !== 200) failures.push(`the index: ${index.status}`);
    for (const line of index.text.split('\n').filter((text) => text !== '')) {
      const [sha256 = '', path = ''] = line.split('  ');
      const file = await get(journey, `/${mount}/${path}`);
      reads += 1;
      if (file.status !== 200 || hashOf(file.text) !== sha256) failures.push(`${path}: ${file.status}`);
    }
    await turn();
  }
  return { reads, failures };
};
