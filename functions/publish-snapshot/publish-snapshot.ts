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
import { admitListed, keptHosts, retractKept, type SettleDrainsDeps, settle } from './settle-drains.ts';
import { staticAnswers } from './static-answers.ts';

/** What one warm process remembers; starting without it costs work and changes nothing. */
export interface PublishMemory {
  objects: WarmObjects;
  /** Digest of the state that the last run ended well with. */
  state: string | undefined;
  /** Snapshot whose edge table and static lists this process wrote to the end. */
  finished: string | undefined;
  /** Hosts that are away and listed all the same, in the snapshot of the last run. */
  kept: number;
}

export const publishMemory = (): PublishMemory => ({
  objects: { manifests: new Map(), facts: new Map() },
  state: undefined,
  finished: undefined,
  kept: 0,
});

export interface PublishSnapshotDeps extends NetworkStores, SettleDrainsDeps {
  readonly drains: NetworkStores['drains'] & SettleDrainsDeps['drains'];
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
  | { readonly kind: 'lost' }
  /** A host that was about to be listed went away, or another publisher is at work. */
  | { readonly kind: 'overtaken' };

interface Built {
  readonly document: SnapshotDocument;
  readonly bytes: Uint8Array;
  readonly name: string;
}

const build = async (deps: PublishSnapshotDeps, state: NetworkState): Promise<Built> => {
  deps.memory.objects = await readObjects(deps, state, deps.memory.objects);
  const { manifests, facts } = deps.memory.objects;
  const document = assembleSnapshot(
    state.inventory,
    [...manifests.values()],
    state.observations,
    facts,
    deps.clock.now(),
    state.pairs,
  );
  deps.memory.kept = keptHosts(state, document).length;
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
  await retractKept(deps, state, built.document);
  if ((await admitListed(deps, state, built.document)) === 'overtaken') return { kind: 'overtaken' };
  const move = await deps.snapshots.movePointer(next, published?.version);
  if (move.kind === 'lost') return { kind: 'lost' };
  await finish(deps, built, next);
  // Last: clients that find lists beside the snapshot must not be sent to a host that is told that nobody is.
  await settle(deps, state, built.document);
  return { kind: 'published', pointer: next };
};

const publishOnce = async (deps: PublishSnapshotDeps, order: PublishOrder): Promise<PublishOutcome> => {
  // Before the state: whoever published since must have read a state as new as this one, else the pointer does not move.
  const published = await deps.snapshots.readPointer();
  const state = await readState(deps);
  // A network that only serves content has nothing to answer with, and is not refused for it every minute.
  if (published === undefined && state.inventory.categories.length === 0) return { kind: 'unchanged' };
  const digest = stateDigest(state, deps.clock.now());
  const isKnown = digest === deps.memory.state && published?.pointer.name === deps.memory.finished;
  if (isKnown && order.force === undefined) return { kind: 'unchanged' };
  deps.memory.state = undefined;
  const built = await build(deps, state);
  if (published?.pointer.name === built.name) {
    await finish(deps, built, published.pointer);
    // A run that was killed after the pointer did not come to this.
    if ((await admitListed(deps, state, built.document)) === 'overtaken') return { kind: 'overtaken' };
    await settle(deps, state, built.document);
    deps.memory.state = deps.memory.finished === built.name ? digest : undefined;
    return { kind: 'unchanged' };
  }
  const outcome = await replacePublished(deps, state, built, published, order);
  if (outcome.kind === 'published' && deps.memory.finished === built.name) deps.memory.state = digest;
  return outcome;
};

/** Hosts that go away while a snapshot is made that lists them. */
const MOST_TRIES = 3;

/**
 * Builds the snapshot and makes it the published one:
 *
 *   state ─▶ build ─▶ guard, self-test ─▶ object ─▶ groups ─▶ pointer ─▶ edge table ─▶ static lists ─▶ hosts that are away
 *
 * Killed anywhere, the next run does the same again: before the pointer nothing was visible, after it the built name equals the
 * pointer's and only the steps after it are repeated.
 */
export const publishSnapshot = async (deps: PublishSnapshotDeps, order: PublishOrder): Promise<PublishOutcome> => {
  let outcome = await publishOnce(deps, order);
  for (let tries = 1; outcome.kind === 'overtaken' && tries < MOST_TRIES; tries += 1) outcome = await publishOnce(deps, order);
  return outcome;
};

/** The event of a run: anything is a plain run, a batch of the queue of requests too, except `{ "force": true, "reason": "…" }` with a reason. */
export const parsePublishOrder = (event: unknown): PublishOrder => {
  if (typeof event !== 'object' || event === null) return { force: undefined };
  const { force, reason } = event as { readonly force?: unknown; readonly reason?: unknown };
  return { force: force === true && typeof reason === 'string' && reason !== '' ? reason : undefined };
};
