import { createHash } from 'node:crypto';
import { edgeEntries } from '#domain/selection/edge-entries.ts';
import { assembleSnapshot } from '#domain/snapshot/assemble.ts';
import type { SnapshotDocument, SnapshotPointer } from '#domain/snapshot/document.ts';
import { guardSnapshot, type SnapshotSummary, summarizeSnapshot } from '#domain/snapshot/guard.ts';
import type { Clock } from '#ports/clock.ts';
import type { EdgeTable } from '#ports/edge-table.ts';
import type { SnapshotStore, VersionedPointer } from '#ports/snapshot-store.ts';
import type { StaticLists } from '#ports/static-lists.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';
import { readDocument } from '#wire/snapshot/read-document.ts';
import { type NetworkState, type NetworkStores, readObjects, readState, stateDigest, type WarmObjects } from './read-network.ts';
import { selfTest } from './self-test.ts';
import { staticAnswers } from './static-answers.ts';

/** What one warm process remembers; starting without it costs work and changes nothing. */
export interface PublishMemory {
  objects: WarmObjects;
  /** Digest of the state that the last run ended well with. */
  state: string | undefined;
  /** Snapshot whose edge table and static lists this process wrote to the end. */
  finished: string | undefined;
}

export const publishMemory = (): PublishMemory => ({
  objects: { manifests: new Map(), facts: new Map() },
  state: undefined,
  finished: undefined,
});

export interface PublishSnapshotDeps extends NetworkStores {
  readonly snapshots: SnapshotStore;
  readonly edgeTable: EdgeTable;
  readonly staticLists: StaticLists;
  readonly clock: Clock;
  readonly memory: PublishMemory;
}

/** An operator's order to publish what the guard refuses, with the reason for the log. The self-test holds all the same. */
export interface PublishOrder {
  readonly force: string | undefined;
}

export type PublishOutcome =
  | { readonly kind: 'published'; readonly pointer: SnapshotPointer }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }
  /** Another publisher moved the pointer first. */
  | { readonly kind: 'lost' };

interface Built {
  readonly document: SnapshotDocument;
  readonly bytes: Uint8Array;
  readonly name: string;
}

const build = async (deps: PublishSnapshotDeps, state: NetworkState): Promise<Built> => {
  deps.memory.objects = await readObjects(deps, state, deps.memory.objects);
  const { manifests, facts } = deps.memory.objects;
  const document = assembleSnapshot(state.inventory, [...manifests.values()], state.observations, facts, deps.clock.now());
  const bytes = printSnapshot(document);
  return { document, bytes, name: createHash('sha256').update(bytes).digest('hex') };
};

const previousSummary = async (
  deps: PublishSnapshotDeps,
  published: VersionedPointer | undefined,
): Promise<SnapshotSummary | undefined> => {
  if (published === undefined) return undefined;
  const bytes = await deps.snapshots.getSnapshot(published.pointer.name);
  if (bytes !== undefined) return summarizeSnapshot(readDocument(bytes));
  deps.log.error('the published snapshot is missing; the guard has nothing to compare with', { name: published.pointer.name });
  return undefined;
};

/** Everything that speaks against publishing. */
const objections = async (
  deps: PublishSnapshotDeps,
  state: NetworkState,
  built: Built,
  next: SnapshotPointer,
  published: VersionedPointer | undefined,
  order: PublishOrder,
): Promise<readonly string[]> => {
  const previous = await previousSummary(deps, published);
  const verdict = guardSnapshot(previous, summarizeSnapshot(built.document), state.inventory.settings.guard);
  const guarded = verdict.kind === 'refused' ? verdict.reasons : [];
  if (guarded.length > 0 && order.force !== undefined) deps.log.warn('guard overruled', { guarded, reason: order.force });
  const problems = selfTest(built.document, openSnapshot(built.bytes), next);
  return [...(order.force === undefined ? guarded : []), ...problems];
};

/**
 * What follows from the pointer: both writers only change what differs, so a process that does not remember having finished
 * simply does it again. If the pointer moved meanwhile, what was written may be older than it; then nothing is remembered, and
 * the next run writes what belongs to the pointer.
 */
const finish = async (deps: PublishSnapshotDeps, { document, bytes, name }: Built, pointer: SnapshotPointer): Promise<void> => {
  if (deps.memory.finished === name) return;
  deps.memory.finished = undefined;
  const entries = await deps.edgeTable.replace(edgeEntries(document));
  const lists = await deps.staticLists.replace(staticAnswers(document, openSnapshot(bytes), pointer));
  const now = await deps.snapshots.readPointer();
  if (now?.pointer.name === name) deps.memory.finished = name;
  deps.log.info('edge table and static lists written', { name, entries, lists });
};

const replacePublished = async (
  deps: PublishSnapshotDeps,
  state: NetworkState,
  built: Built,
  published: VersionedPointer | undefined,
  order: PublishOrder,
): Promise<PublishOutcome> => {
  const next: SnapshotPointer = {
    name: built.name,
    sequence: (published?.pointer.sequence ?? 0) + 1,
    publishedMs: deps.clock.now(),
    sizeBytes: built.bytes.length,
  };
  const reasons = await objections(deps, state, built, next, published, order);
  if (reasons.length > 0) {
    deps.log.error('snapshot refused', { reasons, published: published?.pointer.name });
    return { kind: 'refused', reasons };
  }
  await deps.snapshots.putSnapshot(built.name, built.bytes);
  const move = await deps.snapshots.movePointer(next, published?.version);
  if (move.kind === 'lost') return { kind: 'lost' };
  await finish(deps, built, next);
  return { kind: 'published', pointer: next };
};

/**
 * Builds the snapshot and makes it the published one:
 *
 *   state ─▶ build ─▶ guard, self-test ─▶ object ─▶ pointer ─▶ edge table ─▶ static lists
 *
 * Killed anywhere, the next run does the same again: before the pointer nothing was visible, after it the built name equals the
 * pointer's and only the last two steps are repeated.
 */
export const publishSnapshot = async (deps: PublishSnapshotDeps, order: PublishOrder): Promise<PublishOutcome> => {
  const state = await readState(deps);
  const digest = stateDigest(state, deps.clock.now());
  if (digest === deps.memory.state && order.force === undefined) return { kind: 'unchanged' };
  deps.memory.state = undefined;
  const built = await build(deps, state);
  const published = await deps.snapshots.readPointer();
  if (published?.pointer.name === built.name) {
    await finish(deps, built, published.pointer);
    deps.memory.state = deps.memory.finished === built.name ? digest : undefined;
    return { kind: 'unchanged' };
  }
  const outcome = await replacePublished(deps, state, built, published, order);
  if (outcome.kind === 'published' && deps.memory.finished === built.name) deps.memory.state = digest;
  return outcome;
};

/** The event of a run: anything is a plain run, a batch of the queue of requests too, except `{ "force": true, "reason": "…" }` with a reason. */
export const parsePublishOrder = (event: unknown): PublishOrder => {
  if (typeof event !== 'object' || event === null) return { force: undefined };
  const { force, reason } = event as { readonly force?: unknown; readonly reason?: unknown };
  return { force: force === true && typeof reason === 'string' && reason !== '' ? reason : undefined };
};
