/**
 * What is known of one host in one category while it synchronises, and of the groups that bound how many hosts of a category may
 * be away at one time. A host that writes into its tree must not be offered meanwhile: OpenStack's repo_server took its replicas
 * out around each rsync, all of them at once and without telling anybody, and its failures are why the steps here are explicit.
 * A pair has one version, which every write raises, and one fence, which every synchronisation and every hold raises and which is
 * never given twice. Whether clients may be sent to the host follows from the state alone.
 */
import type { FactsName } from '../crawl/observation.ts';
import type { CategoryId, EpochMs, HostId } from '../inventory/inventory.ts';
import type { Generation } from '../master/manifest.ts';

/** `ADDING` is shown as SYNCING: new files arrive beside the old ones, and the host stays in service. */
export const STORED_STATES = [
  'IN_SERVICE',
  'WAITING',
  'ADDING',
  'DRAINING',
  'SYNCING',
  'VERIFYING',
  'LAPSED',
  'HELD',
  'DISABLED',
] as const;
export type StoredState = (typeof STORED_STATES)[number];

/** What people and programs are told. DRAINED follows from the clock, PROVISIONING from being in no group yet. */
export type SyncState = Exclude<StoredState, 'ADDING'> | 'DRAINED' | 'PROVISIONING';

/** Clients may be sent to a host in one of these; in every other state they may not. */
export const SERVING_STATES = ['IN_SERVICE', 'WAITING', 'ADDING'] as const satisfies readonly StoredState[];

export const isAway = (state: StoredState): boolean => !(SERVING_STATES as readonly StoredState[]).includes(state);

/** `additive`: files are only added until the host asks for its slot; `full`: anything may vanish from the beginning. */
export const SYNC_MODES = ['full', 'additive'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

export const SYNC_OUTCOMES = ['success', 'failed', 'aborted'] as const;
export type SyncOutcome = (typeof SYNC_OUTCOMES)[number];

/** `<scope>:<value>`: `global:*`, `region:eu-central`; a group is one of these in one category. */
export type GroupKey = string;

export interface PairKey {
  readonly host: HostId;
  readonly category: CategoryId;
}

/** What the host held when it was last in service; what it must not have lost when it returns. */
export interface Baseline {
  readonly facts: FactsName;
  readonly generation: Generation;
}

/** An operator's order to stay out of service, whatever a crawl says. */
export interface Hold {
  readonly by: string;
  readonly reason: string;
  readonly atMs: EpochMs;
}

export interface SyncPair extends PairKey {
  /** One more with each write; every write names the one it was decided from. */
  readonly version: number;
  readonly state: StoredState;
  readonly sinceMs: EpochMs;
  /** Of the last synchronisation or hold. Between two returns to service it changes only when the host stays away. */
  readonly fence: number;
  readonly mode: SyncMode;
  /** The caller's own name for the synchronisation, so that a repeated call finds it. */
  readonly idempotencyKey: string;
  readonly beganMs: EpochMs;
  /** How long the host said that it would take; for people. */
  readonly expectedMs: number | undefined;
  /** While WAITING: who came first. */
  readonly ticketMs: EpochMs | undefined;
  /** The host's last call; whoever waits and no longer asks is passed over. */
  readonly seenMs: EpochMs;
  readonly leaseUntilMs: EpochMs | undefined;
  /** No lease reaches beyond this. */
  readonly capMs: EpochMs | undefined;
  /** Groups in which the host has a slot. */
  readonly groups: readonly GroupKey[];
  /** From when on the tree counts as quiet: only a check that began later may verify it. */
  readonly endedMs: EpochMs | undefined;
  /** When a snapshot without the host was published. */
  readonly publishedMs: EpochMs | undefined;
  /** How often a publisher had to list the host although it is away; a publisher that read another number confirms nothing. */
  readonly retractions: number;
  readonly baseline: Baseline | undefined;
  /** It was in service once; false for a new host until the first check that lets it in. */
  readonly served: boolean;
  readonly hold: Hold | undefined;
  /** For people: why it waits, is held, lapsed. */
  readonly reason: string | undefined;
  /** Of the write that made this version, so that whoever lost its reply knows it again. */
  readonly writeId: string;
}

/** A category's hosts in one group. A host stands in one of the two sets, or in none when no client is sent to it. */
export interface DrainGroup {
  readonly category: CategoryId;
  readonly key: GroupKey;
  /** Hosts that the published snapshot lists, or the next one is about to. */
  readonly inService: readonly HostId[];
  /** Hosts that have a slot. */
  readonly draining: readonly HostId[];
  /** One more with each change that a publisher makes; 0: there is no such item yet. */
  readonly revision: number;
}

/** Clients that follow earlier answers are gone from this moment on. */
export const safeAfterMs = (pair: SyncPair, cacheBudgetMs: number): EpochMs | undefined =>
  pair.publishedMs === undefined ? undefined : pair.publishedMs + cacheBudgetMs;

/** No client can still be on its way to the host. */
export const isUnseen = (pair: SyncPair, cacheBudgetMs: number, nowMs: EpochMs): boolean => {
  const safeMs = safeAfterMs(pair, cacheBudgetMs);
  return safeMs !== undefined && nowMs >= safeMs;
};

export const isDrained = (pair: SyncPair, cacheBudgetMs: number, nowMs: EpochMs): boolean =>
  pair.state === 'DRAINING' && isUnseen(pair, cacheBudgetMs, nowMs);

export const shownState = (pair: SyncPair, cacheBudgetMs: number, nowMs: EpochMs): SyncState => {
  if (pair.state === 'ADDING') return 'SYNCING';
  return isDrained(pair, cacheBudgetMs, nowMs) ? 'DRAINED' : pair.state;
};

/** The lease is over: whoever held it may be gone. */
export const isOver = ({ leaseUntilMs }: SyncPair, nowMs: EpochMs): boolean => leaseUntilMs !== undefined && leaseUntilMs < nowMs;

const SEPARATOR = '~';

/** Names one synchronisation; ids of hosts and categories never hold the separator. */
export const syncIdOf = ({ host, category, fence }: Pick<SyncPair, 'host' | 'category' | 'fence'>): string =>
  [host, category, fence].join(SEPARATOR);

export const parseSyncId = (id: string): (PairKey & { readonly fence: number }) | undefined => {
  const [host, category, fence, ...more] = id.split(SEPARATOR);
  const number = Number(fence);
  if (!host || !category || more.length > 0 || !Number.isSafeInteger(number) || number < 1) return undefined;
  return { host, category, fence: number };
};
