/**
 * Makes the change that a row of the table stands for. Everything that follows from the row is done here, for all decisions
 * alike: version and fence rise, leases of the state that is left end, slots change hands, history is written. What only one
 * decision knows comes as `fields`.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { DrainChange, DrainEvent, SlotChange } from './drain-change.ts';
import type { DrainPolicy } from './drain-policy.ts';
import { isAway, type PairKey, type StoredState, type SyncPair } from './drain-state.ts';
import type { BoundGroup } from './groups.ts';
import { TRANSITION_TABLE, type TransitionName } from './transitions.ts';

/**
 * `off`: its owner switched it off, or has yet to prove that it is theirs; it may synchronise, and nobody looks at it. `gone`: an
 * administrator switched it off, or the network no longer has it or its share of the category.
 */
export type Presence = 'on' | 'off' | 'gone';

/** What a decision is made from; strongly consistent, or refused when it is written. */
export interface DrainView {
  readonly key: PairKey;
  readonly pair: SyncPair | undefined;
  /** Groups that the host counts in by the present policy. */
  readonly groups: readonly BoundGroup[];
  readonly policy: DrainPolicy;
  readonly presence: Presence;
  readonly nowMs: EpochMs;
  /** Who acts, for the history: `host:NAME`, `operator:NAME`, `sweep`, `crawl`, `publish`. */
  readonly by: string;
  /** Never used before. */
  readonly writeId: string;
}

type Fields = Partial<
  Pick<
    SyncPair,
    | 'mode'
    | 'idempotencyKey'
    | 'expectedMs'
    | 'ticketMs'
    | 'seenMs'
    | 'leaseUntilMs'
    | 'capMs'
    | 'endedMs'
    | 'publishedMs'
    | 'retractions'
    | 'baseline'
    | 'hold'
    | 'reason'
  >
>;

const unknownPair = ({ host, category }: PairKey, nowMs: EpochMs): SyncPair => ({
  host,
  category,
  version: 0,
  state: 'IN_SERVICE',
  sinceMs: nowMs,
  fence: 0,
  mode: 'full',
  idempotencyKey: '',
  expectedMs: undefined,
  beganMs: nowMs,
  ticketMs: undefined,
  seenMs: nowMs,
  leaseUntilMs: undefined,
  capMs: undefined,
  groups: [],
  endedMs: undefined,
  publishedMs: undefined,
  retractions: 0,
  baseline: undefined,
  served: true,
  hold: undefined,
  reason: undefined,
  writeId: '',
});

const LEASED: readonly StoredState[] = ['WAITING', 'ADDING', 'DRAINING', 'SYNCING'];

/** What a state never has, whatever the state before it left. */
const cleared = (pair: SyncPair, was: StoredState): SyncPair => ({
  ...pair,
  ...(LEASED.includes(pair.state) ? {} : { leaseUntilMs: undefined, capMs: undefined }),
  ...(pair.state === 'WAITING' ? {} : { ticketMs: undefined }),
  // Leaving service begins a new story; returning ends it.
  ...(isAway(pair.state) && isAway(was) ? {} : { publishedMs: undefined, baseline: undefined }),
});

const slotsOf = (transition: TransitionName, view: DrainView, pair: SyncPair): [SyncPair['groups'], readonly SlotChange[]] => {
  const rule = TRANSITION_TABLE[transition].slots;
  const give = (): [SyncPair['groups'], readonly SlotChange[]] => [[], pair.groups.map((group) => ({ kind: 'give', group }))];
  switch (rule) {
    case 'none':
    case 'keep':
      return [pair.groups, []];
    case 'take':
      return [
        view.groups.map(({ key }) => key),
        view.groups.map(({ key: group, minInService, maxDraining }) => ({ kind: 'take', group, minInService, maxDraining })),
      ];
    case 'give':
      return give();
    case 'policy':
      return view.policy.onFailure === 'hold-slot' ? [pair.groups, []] : give();
    case 'leave':
      return [[], view.groups.map(({ key: group }) => ({ kind: 'leave', group }))];
    case 'not-listed':
      return [[], view.groups.map(({ key: group }) => ({ kind: 'not-listed', group }))];
  }
};

export const takeTransition = (transition: TransitionName, view: DrainView, fields: Fields = {}): DrainChange => {
  const { to, givesFence } = TRANSITION_TABLE[transition];
  const { nowMs, by, writeId } = view;
  const pair = view.pair ?? unknownPair(view.key, nowMs);
  const from = view.pair?.state ?? 'none';
  const state = to === 'same' ? pair.state : to;
  const [groups, slots] = slotsOf(transition, view, pair);
  const next: SyncPair = {
    ...cleared({ ...pair, state }, pair.state),
    sinceMs: state === from ? pair.sinceMs : nowMs,
    fence: pair.fence + (givesFence ? 1 : 0),
    beganMs: givesFence ? nowMs : pair.beganMs,
    served: transition === 'return' || (pair.served && transition !== 'provision'),
    groups,
    ...fields,
    version: pair.version + 1,
    writeId,
  };
  const event: DrainEvent | undefined =
    to === 'same' && TRANSITION_TABLE[transition].by !== 'operator'
      ? undefined
      : {
          ...view.key,
          version: next.version,
          fence: next.fence,
          transition,
          from,
          to: state,
          by,
          atMs: nowMs,
          reason: fields.reason ?? fields.hold?.reason,
        };
  return { transition, seen: pair.version, next, slots, event };
};
