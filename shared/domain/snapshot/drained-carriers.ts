/**
 * Leaves out the hosts that are away to synchronise, and keeps one where that would leave a group with nobody. The slots of a drain
 * make sure that others stay in service, but those may die meanwhile, and no list may become empty: apt would wait for ever, and
 * dnf fail. So of a group's hosts that are away, and would serve if they were not, the least stale one is listed all the same:
 * one that nobody began to write to before one that waits to be verified, that before one that failed, and one that is being
 * written to last of all. Whom an operator holds is not kept: that is an order. A new host that no check let in yet is not either.
 */

import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { StoredState, SyncPair } from '../drain/drain-state.ts';
import { isAway } from '../drain/drain-state.ts';
import { groupsOfHost } from '../drain/groups.ts';
import type { CategoryId, Host, Site } from '../inventory/inventory.ts';
import type { AssessedCarrier } from './carriers.ts';

export interface DrainableCarrier {
  readonly host: Host;
  readonly site: Site | undefined;
  readonly carrier: AssessedCarrier;
  readonly pair: SyncPair | undefined;
}

/** Least stale first. */
const PREFERENCE: readonly StoredState[] = ['DRAINING', 'VERIFYING', 'LAPSED', 'HELD', 'DISABLED', 'SYNCING'];
const LONGEST_TEXT = 200;

const storyOf = (pair: SyncPair): { readonly atMs: number; readonly text: string } => {
  switch (pair.state) {
    case 'DRAINING':
    case 'SYNCING':
      return { atMs: pair.beganMs, text: 'it synchronises' };
    case 'HELD':
      return { atMs: pair.sinceMs, text: `held: ${pair.hold?.reason ?? pair.reason ?? 'not verified'}` };
    default:
      return { atMs: pair.sinceMs, text: 'it waits to be verified after a synchronisation' };
  }
};

/** What a snapshot says of a host that is away; the same text as long as the story is the same. */
export const awayText = (pair: SyncPair): string =>
  storyOf(pair)
    .text.replace(/[^\x20-\x7e]/g, '?')
    .slice(0, LONGEST_TEXT);

const withStory = (carrier: AssessedCarrier, pair: SyncPair, state: 'drained' | 'serving', text: string): AssessedCarrier => ({
  ...carrier,
  state,
  evidence: { atMs: storyOf(pair).atMs, url: carrier.urls[0]?.url ?? '', text: text.slice(0, LONGEST_TEXT) },
});

interface Candidate {
  readonly index: number;
  readonly rank: number;
  readonly pair: SyncPair;
}

/** Newest first among equals: it was compared last. */
const better = (a: Candidate, b: Candidate): number =>
  a.rank - b.rank || (b.pair.endedMs ?? 0) - (a.pair.endedMs ?? 0) || (a.pair.host < b.pair.host ? -1 : 1);

/** Switches speak louder than a drain. */
const isDrainable = ({ carrier, pair }: DrainableCarrier): boolean =>
  pair !== undefined &&
  isAway(pair.state) &&
  carrier.state !== 'switched-off-by-admin' &&
  carrier.state !== 'switched-off-by-owner' &&
  carrier.state !== 'pending';

/** Carriers of one category, in the same order. */
export const drainedCarriers = (
  category: CategoryId,
  carriers: readonly DrainableCarrier[],
  policy: DrainPolicy,
): readonly AssessedCarrier[] => {
  const result = carriers.map((one) =>
    isDrainable(one) && one.pair !== undefined ? withStory(one.carrier, one.pair, 'drained', awayText(one.pair)) : one.carrier,
  );
  const members = new Map<string, number[]>();
  for (const [index, { host, site, carrier }] of carriers.entries()) {
    if (carrier.state !== 'serving') continue;
    for (const { key } of groupsOfHost(policy, host, site, category)) {
      members.set(key, [...(members.get(key) ?? []), index]);
    }
  }
  for (const [key, indexes] of [...members].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (indexes.some((index) => result[index]?.state === 'serving')) continue;
    const candidates = indexes.flatMap((index): Candidate[] => {
      const pair = carriers[index]?.pair;
      return pair === undefined || pair.hold !== undefined || !pair.served
        ? []
        : [{ index, pair, rank: PREFERENCE.indexOf(pair.state) }];
    });
    const kept = candidates.toSorted(better)[0];
    const one = kept === undefined ? undefined : carriers[kept.index];
    if (kept === undefined || one === undefined) continue;
    result[kept.index] = withStory(
      one.carrier,
      kept.pair,
      'serving',
      `kept although ${awayText(kept.pair)}: nobody else of ${key} serves`,
    );
  }
  return result;
};
