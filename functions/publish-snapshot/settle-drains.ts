import { decideConfirm, decideRetract } from '#domain/drain/decide-others.ts';
import type { DrainChange } from '#domain/drain/drain-change.ts';
import { isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import { type GroupEdit, membershipEdits } from '#domain/drain/membership.ts';
import type { DrainView } from '#domain/drain/take-transition.ts';
import type { CategoryId, HostId } from '#domain/inventory/inventory.ts';
import type { SnapshotDocument } from '#domain/snapshot/document.ts';
import type { Clock } from '#ports/clock.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { Log } from '#ports/log.ts';
import type { NetworkState } from './read-network.ts';

export interface SettleDrainsDeps {
  readonly drains: Pick<DrainStore, 'admit' | 'expel' | 'change'>;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

type IsListed = (host: HostId, category: CategoryId) => boolean;

const pairName = (host: HostId, category: CategoryId): string => `${host}/${category}`;

const listedIn = ({ carriers, hosts, categories }: SnapshotDocument): IsListed => {
  const names = carriers.flatMap(({ state, host, category }) =>
    state === 'serving' ? [pairName(hosts[host]?.id ?? '', categories[category]?.id ?? '')] : [],
  );
  const listed = new Set(names);
  return (host, category) => listed.has(pairName(host, category));
};

const awayIn = ({ pairs }: NetworkState): readonly SyncPair[] => pairs.filter(({ state }) => isAway(state));

/** Hosts that are away and in the document all the same, because a group would be empty without them. */
export const keptHosts = (state: NetworkState, document: SnapshotDocument): readonly SyncPair[] => {
  const isListed = listedIn(document);
  return awayIn(state).filter(({ host, category }) => isListed(host, category));
};

/** Whom a slot may count on: listed, and not only for want of anybody else. */
const stands = (state: NetworkState, document: SnapshotDocument): IsListed => {
  const isListed = listedIn(document);
  const kept = new Set(keptHosts(state, document).map(({ host, category }) => pairName(host, category)));
  return (host, category) => isListed(host, category) && !kept.has(pairName(host, category));
};

const viewOf = (deps: SettleDrainsDeps, state: NetworkState, seen: SyncPair, pair: SyncPair | undefined): DrainView => ({
  key: { host: seen.host, category: seen.category },
  pair,
  groups: [],
  policy: state.inventory.settings.drain,
  presence: 'on',
  nowMs: deps.clock.now(),
  by: 'publish',
  writeId: deps.newId(),
});

const change = (
  deps: SettleDrainsDeps,
  state: NetworkState,
  seen: SyncPair,
  decide: (view: DrainView) => DrainChange | undefined,
) => deps.drains.change({ host: seen.host, category: seen.category }, [], (now) => decide(viewOf(deps, state, seen, now.pair)));

const byCategory = (edits: readonly GroupEdit[]): readonly (readonly GroupEdit[])[] => [
  ...Map.groupBy(edits, ({ category }) => category).values(),
];

/** Before the pointer moves: whoever is listed although away is told that nobody may rely on earlier snapshots. */
export const retractKept = async (deps: SettleDrainsDeps, state: NetworkState, document: SnapshotDocument): Promise<void> => {
  for (const pair of keptHosts(state, document)) {
    deps.log.error('a host that is away is listed, for nobody else of its group serves', {
      host: pair.host,
      category: pair.category,
      state: pair.state,
    });
    await change(deps, state, pair, (view) => decideRetract(view, pair));
  }
};

/**
 * Before the pointer moves: whoever is about to be listed counts as in service from now on. `overtaken`: a host went away since the
 * state was read, or another publisher was here.
 */
export const admitListed = async (
  deps: SettleDrainsDeps,
  state: NetworkState,
  document: SnapshotDocument,
): Promise<'admitted' | 'overtaken'> => {
  const { admissions } = membershipEdits(state.inventory, stands(state, document), state.groups);
  for (const edits of byCategory(admissions)) {
    if ((await deps.drains.admit(edits)).kind === 'refused') return 'overtaken';
  }
  return 'admitted';
};

const baselineOf = ({ observations }: NetworkState, pair: SyncPair) => {
  const seen = observations.find(({ host, category }) => host === pair.host && category === pair.category);
  return seen?.facts === undefined ? undefined : { facts: seen.facts, generation: seen.generation };
};

/**
 * After the pointer moved, or when it names this document already: hosts that are not in it no longer count as in service, and those
 * that are away may rely on it. Groups are changed as they were read with the state: read now, they could hold somebody whom another
 * publisher added for its own next snapshot. A refusal means that this was so, or that this run added somebody; the next run looks again.
 */
export const settle = async (deps: SettleDrainsDeps, state: NetworkState, document: SnapshotDocument): Promise<void> => {
  const { expulsions } = membershipEdits(state.inventory, stands(state, document), state.groups);
  for (const edit of expulsions) await deps.drains.expel(edit);
  const isListed = listedIn(document);
  for (const pair of awayIn(state)) {
    if (pair.publishedMs !== undefined || isListed(pair.host, pair.category)) continue;
    await change(deps, state, pair, (view) => decideConfirm(view, pair, baselineOf(state, pair)));
  }
};
