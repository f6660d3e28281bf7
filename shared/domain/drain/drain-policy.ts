/**
 * How many hosts of a group may be out of service at one time while they synchronise, and how long each step may take. A group is
 * all hosts of one category, in the whole network or in one region, provider or country; a host is in one group per scope and
 * needs a place in each of them. The limits come from the drain of OpenStack's mirror updates, where one server at a time was
 * taken out; here they are per group, so that regions do not wait for each other. Of the rules of one scope the first that fits
 * a category decides.
 */
export const DRAIN_SCOPES = ['global', 'region', 'provider', 'country'] as const;
export type DrainScope = (typeof DRAIN_SCOPES)[number];

export interface DrainGroupRule {
  readonly scope: DrainScope;
  /** Ids; empty is every category. */
  readonly categories: readonly string[];
  /** No slot is granted that would leave fewer hosts than this in service; at least 1. */
  readonly minInService: number;
  /** At most this many hosts of the group are out of service at one time. */
  readonly maxDraining: number;
}

export const DRAIN_FAILURES = ['hold-slot', 'free-slot'] as const;

export interface DrainPolicy {
  readonly groups: readonly DrainGroupRule[];
  /** A synchronisation that sends no heartbeat for this long has lapsed. */
  readonly leaseMs: number;
  /** A synchronisation that takes longer than this has lapsed, heartbeats or not. */
  readonly maximumMs: number;
  /** A place in the queue lapses when nobody asks for it for this long. */
  readonly ticketMs: number;
  /** How long after a snapshot without the host its clients may still follow answers that name it. */
  readonly cacheBudgetMs: number;
  /** What a failed synchronisation does with its slot: keep it until the host is verified or somebody decides, or give it back. */
  readonly onFailure: (typeof DRAIN_FAILURES)[number];
  /** A host that lapsed and was not verified for this long is an alarm. */
  readonly lapsedAlarmMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** One host of a category at a time, in the whole network. */
export const DEFAULT_DRAIN_POLICY: DrainPolicy = {
  groups: [{ scope: 'global', categories: [], minInService: 1, maxDraining: 1 }],
  leaseMs: 10 * MINUTE_MS,
  maximumMs: 12 * HOUR_MS,
  ticketMs: 30 * MINUTE_MS,
  cacheBudgetMs: 10 * MINUTE_MS,
  onFailure: 'hold-slot',
  lapsedAlarmMs: HOUR_MS,
};

/** The rules that hold for a category, one per scope. */
export const drainRulesOf = (policy: DrainPolicy, category: string): readonly DrainGroupRule[] => {
  const fitting = policy.groups.filter(({ categories }) => categories.length === 0 || categories.includes(category));
  return fitting.filter((rule, at) => fitting.findIndex(({ scope }) => scope === rule.scope) === at);
};
