import { randomUUID } from 'node:crypto';
import { decideHost, type HostCall } from '#domain/drain/decide-host.ts';
import type { DrainChange } from '#domain/drain/drain-change.ts';
import { DEFAULT_DRAIN_POLICY, type DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { DrainGroup, SyncPair } from '#domain/drain/drain-state.ts';
import { type BoundGroup, boundGroups, type GroupLimit } from '#domain/drain/groups.ts';
import type { DrainView } from '#domain/drain/take-transition.ts';
import type { DrainStore } from '#ports/drain-store.ts';

/** Short times, one group of everybody, at least one stays, at most one goes. */
export const DRAIN_POLICY: DrainPolicy = { ...DEFAULT_DRAIN_POLICY, cacheBudgetMs: 60_000 };
export const EVERYBODY: GroupLimit = { key: 'global:*', minInService: 1, maxDraining: 1 };

export const aView = (host: string, changed: Partial<DrainView> = {}): DrainView => ({
  key: { host, category: 'linux' },
  pair: undefined,
  groups: [],
  policy: DRAIN_POLICY,
  presence: 'on',
  nowMs: 1_000_000,
  by: `host:${host}`,
  writeId: randomUUID(),
  ...changed,
});

export const aBegin = (idempotencyKey = 'run-1', mode: 'full' | 'additive' = 'full'): HostCall => ({
  kind: 'begin',
  idempotencyKey,
  mode,
  expectedMs: undefined,
});

/** Everybody in service in every group. */
export const allListed = (hosts: readonly string[], limits: readonly GroupLimit[] = [EVERYBODY]): readonly BoundGroup[] =>
  limits.map((limit) => ({ ...limit, inService: [...hosts], draining: [] }));

/** The change that a call wants, from a view; throws when it wants none. */
export const changeOf = (view: DrainView, call: HostCall): DrainChange => {
  const decision = decideHost(view, call, []);
  if (decision.kind !== 'write') throw new Error(`${call.kind} wants nothing written: ${decision.kind}`);
  return decision.change;
};

/** What a call of a host wants now, by what the store says; undefined when it wants nothing written. */
export const wantedNow = async (
  store: DrainStore,
  host: string,
  call: HostCall,
  limits: readonly GroupLimit[] = [EVERYBODY],
  nowMs = 1_000_000,
): Promise<DrainChange | undefined> => {
  const pair = await store.pair({ host, category: 'linux' });
  const groups = await store.groupsOf(
    'linux',
    limits.map(({ key }) => key),
  );
  const decision = decideHost(aView(host, { pair, groups: boundGroups(limits, groups), nowMs }), call, []);
  return decision.kind === 'write' ? decision.change : undefined;
};

export const admitAll = async (
  store: DrainStore,
  hosts: readonly string[],
  keys: readonly string[] = ['global:*'],
): Promise<void> => {
  const groups = await store.groupsOf('linux', keys);
  const edits = groups.map(({ key, revision }) => ({ category: 'linux', key, revision, hosts }));
  if ((await store.admit(edits)).kind !== 'written') throw new Error('nobody could be admitted');
};

export const groupNow = async (store: DrainStore, key = 'global:*'): Promise<Pick<DrainGroup, 'inService' | 'draining'>> => {
  const [group] = await store.groupsOf('linux', [key]);
  return { inService: group?.inService ?? [], draining: group?.draining ?? [] };
};

export const aPair = (changed: Partial<SyncPair> = {}): SyncPair => ({
  host: 'a',
  category: 'linux',
  version: 3,
  state: 'DRAINING',
  sinceMs: 900_000,
  fence: 2,
  mode: 'full',
  idempotencyKey: 'run-1',
  expectedMs: undefined,
  beganMs: 900_000,
  ticketMs: undefined,
  seenMs: 950_000,
  leaseUntilMs: 1_500_000,
  capMs: 40_000_000,
  groups: ['global:*'],
  endedMs: undefined,
  publishedMs: undefined,
  retractions: 0,
  baseline: undefined,
  served: true,
  hold: undefined,
  reason: undefined,
  writeId: 'w',
  ...changed,
});
