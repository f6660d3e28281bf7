import { allEnded } from '#domain/all-ended.ts';
import { decideStage } from '#domain/volume/decide-release.ts';
import type { Release } from '#domain/volume/release.ts';
import type { Sha256, Tree } from '#domain/volume/tree.ts';
import { type PrintedShard, type PrintedTree, printTree } from '#wire/tree/tree-printer.ts';
import { refusalText } from '#wire/volume/volume-json.ts';
import { askForCheck } from './ask-for-check.ts';
import { commitRelease } from './commit-release.ts';
import type { Resolved } from './resolve-contents.ts';
import { storeMissing } from './store-missing.ts';
import { BY_UPDATE } from './update-deps.ts';
import type { Ended, UpdateRun } from './update-run.ts';
import { UpdateStopped } from './update-stopped.ts';
import type { UpstreamListing } from './upstream/upstream-reader.ts';

export interface NewTree {
  readonly listing: UpstreamListing;
  readonly resolved: Resolved;
  readonly tree: Tree;
  /** Bytes of files that are made here. */
  readonly objects: ReadonlyMap<Sha256, Uint8Array>;
}

type Printed = PrintedTree & { readonly shards: readonly PrintedShard[] };

/** Undefined when it is current. */
const stage = async ({ deps, volume }: UpdateRun, { sha256, root }: Printed): Promise<Release | undefined> => {
  const [outcome] = await deps.volumes.change([{ volume: volume.id, release: sha256 }], (now) =>
    decideStage({ ...now, nowMs: deps.clock.now(), by: BY_UPDATE }, { root: sha256, files: root.files, bytes: root.bytes }),
  );
  if (outcome === undefined) throw new Error('nothing was decided');
  const { now, decision } = outcome;
  if (decision.kind === 'refused') throw new UpdateStopped('lost', refusalText(decision.refusal));
  const release = decision.kind === 'change' ? decision.change.releases[0]?.next : now.target;
  return release?.state === 'CURRENT' ? undefined : release;
};

/** What is current has most of them already, and keeps them. */
const storeDocuments = async (run: UpdateRun, { sha256, document, shards }: Printed, made: NewTree['objects']): Promise<void> => {
  const { deps } = run;
  const current = await run.current();
  const isNew = (object: Sha256): boolean => !current.sizes.has(object) && !current.shards.has(object);
  const documents = [
    ...shards.map(({ reference, document: bytes }) => [reference.sha256, bytes] as const),
    [sha256, document] as const,
    ...made,
  ];
  await allEnded(
    documents.filter(([object]) => isNew(object)),
    ([object, bytes]) => deps.objects.put(object, bytes),
  );
};

/**
 * Stages the tree, stores what is missing of it, and has it checked:
 *
 *   stage ─▶ shards, root ─▶ dooms ─▶ objects: missing ones are copied ─▶ check (by another stage) ─▶ release (by a later run)
 *
 * Killed anywhere, the next run comes to the same tree, stages it again and finds stored what was stored.
 */
export const publishTree = async (run: UpdateRun, { listing, resolved, tree, objects }: NewTree): Promise<Ended> => {
  const printed = printTree(tree.entries, run.hash);
  const root = printed.sha256;
  if (root === run.pointer.current) return { end: 'unchanged', root };
  await run.lease.take();
  const release = await stage(run, printed);
  if (release === undefined) return { end: 'unchanged', root };
  if (release.state !== 'STAGING') return readyRelease(run, root);
  await storeDocuments(run, printed, objects);
  await storeMissing(run, listing, resolved);
  await run.lease.keep();
  return { end: 'sealing', root, askedMs: await askForCheck(run, root, release.sinceMs) };
};

/** It was good before, and what it is released over is what is current now. */
const readyRelease = async (run: UpdateRun, root: Sha256): Promise<Ended> => {
  if (!run.volume.upstream.release) return { end: 'validated', root };
  const ended = await commitRelease(run, root);
  return ended === 'again' ? { end: 'lost', problem: 'something else became current meanwhile', root } : ended;
};
