/**
 * Whether a host may go away now. It may when every group that it counts in has more hosts in service than the minimum and fewer
 * away than the maximum. Who waits goes in the order of arrival, but only past those who could go themselves: a host whose region
 * is at its minimum would otherwise stop the whole network. Somebody who has waited for long, and is only kept by slots that
 * others hold, keeps newcomers off those slots, so that a host in several busy groups is not passed over for ever. A waiter that no
 * longer asks is passed over at once. Order is fairness and not safety: safety is the condition of the write.
 */
import type { EpochMs, HostId } from '../inventory/inventory.ts';
import type { GroupKey, SyncPair } from './drain-state.ts';
import type { BoundGroup } from './groups.ts';

export type Chance =
  | { readonly kind: 'free' }
  /** In service in none of its groups: nothing is lost when it goes. */
  | { readonly kind: 'not-listed' }
  | { readonly kind: 'refused'; readonly by: 'minimum' | 'maximum' | 'unsettled'; readonly group: BoundGroup };

/** Somebody of the same category who waits, with the groups that bound them. */
export interface Rival {
  readonly pair: SyncPair;
  readonly groups: readonly BoundGroup[];
}

/** A waiter asks every 15 s; one that missed this much is gone or asleep. */
export const ASKS_WITHIN_MS = 120_000;
/** From then on a waiter's slots are kept free for it. */
const PATIENCE_MS = 15 * 60_000;

export const chanceOf = (host: HostId, groups: readonly BoundGroup[]): Chance => {
  const listing = groups.filter(({ inService }) => inService.includes(host));
  if (groups.length > 0 && listing.length === 0) return { kind: 'not-listed' };
  // In some of its groups only: somebody moved the host, or changed the policy; the next publication settles that.
  const unsettled = groups.find((group) => !listing.includes(group));
  if (unsettled !== undefined) return { kind: 'refused', by: 'unsettled', group: unsettled };
  const least = groups.find(({ inService, minInService }) => inService.length <= minInService);
  if (least !== undefined) return { kind: 'refused', by: 'minimum', group: least };
  const full = groups.find(({ draining, maxDraining }) => draining.length >= maxDraining);
  return full === undefined ? { kind: 'free' } : { kind: 'refused', by: 'maximum', group: full };
};

const share = (left: readonly BoundGroup[], right: readonly BoundGroup[]): boolean =>
  left.some(({ key }) => right.some((other) => other.key === key));

const isBefore = (rival: SyncPair, ticketMs: EpochMs, host: HostId): boolean =>
  rival.ticketMs !== undefined && (rival.ticketMs < ticketMs || (rival.ticketMs === ticketMs && rival.host < host));

const contends = ({ pair, groups }: Rival, nowMs: EpochMs): boolean => {
  const chance = chanceOf(pair.host, groups);
  if (chance.kind === 'free') return true;
  const patient = pair.ticketMs !== undefined && nowMs - pair.ticketMs >= PATIENCE_MS;
  return patient && chance.kind === 'refused' && chance.by === 'maximum';
};

/** Those who wait before the host for slots in a group of its, and still ask. */
export const rivalsBefore = (
  host: HostId,
  ticketMs: EpochMs,
  groups: readonly BoundGroup[],
  rivals: readonly Rival[],
  nowMs: EpochMs,
): readonly Rival[] =>
  rivals.filter(
    (rival) =>
      rival.pair.host !== host &&
      rival.pair.state === 'WAITING' &&
      nowMs - rival.pair.seenMs <= ASKS_WITHIN_MS &&
      isBefore(rival.pair, ticketMs, host) &&
      share(rival.groups, groups),
  );

export type Turn =
  | { readonly kind: 'go'; readonly groups: readonly GroupKey[] }
  | { readonly kind: 'not-listed' }
  | { readonly kind: 'wait'; readonly reason: string };

const refusal = ({ by, group }: Extract<Chance, { kind: 'refused' }>): string => {
  switch (by) {
    case 'minimum':
      return `${group.key}: ${group.inService.length} in service, and at least ${group.minInService} must stay`;
    case 'maximum':
      return `${group.key}: ${group.draining.length} of ${group.maxDraining} slots are taken`;
    case 'unsettled':
      return `${group.key}: the next snapshot will say whether the host counts here`;
  }
};

export const turnOf = (
  host: HostId,
  ticketMs: EpochMs,
  groups: readonly BoundGroup[],
  rivals: readonly Rival[],
  nowMs: EpochMs,
): Turn => {
  const chance = chanceOf(host, groups);
  if (chance.kind === 'not-listed') return chance;
  if (chance.kind === 'refused') return { kind: 'wait', reason: refusal(chance) };
  const first = rivalsBefore(host, ticketMs, groups, rivals, nowMs).find((rival) => contends(rival, nowMs));
  if (first !== undefined) return { kind: 'wait', reason: `${first.pair.host} came first` };
  return { kind: 'go', groups: groups.map(({ key }) => key) };
};
