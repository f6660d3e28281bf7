/**
 * The state machine of draining as one table: who may do it, from which states, to which, what becomes of the slots, whether it
 * gives a fence. Decisions choose a row and nothing else, the documentation prints the same rows, and the tests walk them. Two
 * properties can be read off it: only `return` leads from a state in which the host is away into service, and a host leaves service
 * only by taking its slots, by an operator's order, or when it is counted in service nowhere.
 */
import type { StoredState } from './drain-state.ts';

export const TRANSITION_NAMES = [
  'queue',
  'drain',
  'provision',
  'drain-unlisted',
  'add',
  'resume',
  'turn',
  'turn-unlisted',
  'queue-second',
  'drain-second',
  'poll',
  'renew',
  'start',
  'revive',
  'drain-again',
  'withdraw',
  'end-added',
  'end',
  'expire',
  'lapse-added',
  'lapse',
  'return',
  'fail',
  'keep-out',
  'free',
  'hold',
  'mark-held',
  'release',
  'unmark-held',
  'disable',
  'enable',
  'confirm',
  'retract',
] as const;
export type TransitionName = (typeof TRANSITION_NAMES)[number];

/** `none`: nothing was ever stored of the pair. */
export type From = StoredState | 'none';

export interface Transition {
  readonly by: 'host' | 'sweeper' | 'crawler' | 'publisher' | 'operator';
  readonly from: readonly From[];
  readonly to: StoredState | 'same';
  readonly givesFence: boolean;
  /** `policy`: kept or given, as the network's policy says of failures. */
  readonly slots: 'none' | 'take' | 'keep' | 'give' | 'leave' | 'not-listed' | 'policy';
  /** Why, in a few words; the documentation prints them. */
  readonly when: string;
}

const AWAY = ['DRAINING', 'SYNCING', 'VERIFYING', 'LAPSED', 'HELD', 'DISABLED'] as const;
const IDLE = ['none', 'IN_SERVICE'] as const;
/** Those a begin finds when the synchronisation before it lost its lease and nobody swept yet. */
const LEFT_BEHIND = ['WAITING', 'ADDING'] as const;

type Row = readonly [
  by: Transition['by'],
  from: Transition['from'],
  to: Transition['to'],
  fence: 'fence' | '',
  slots: Transition['slots'],
  when: string,
];

const ROWS: Readonly<Record<TransitionName, Row>> = {
  queue: ['host', [...IDLE, ...LEFT_BEHIND], 'WAITING', 'fence', 'none', 'begin: no slot, or somebody is before it'],
  drain: ['host', [...IDLE, ...LEFT_BEHIND], 'DRAINING', 'fence', 'take', 'begin: a slot in every group'],
  provision: ['host', ['none'], 'SYNCING', 'fence', 'not-listed', 'begin: a new host, to which no client was ever sent'],
  'drain-unlisted': [
    'host',
    ['IN_SERVICE', ...LEFT_BEHIND],
    'DRAINING',
    'fence',
    'not-listed',
    'begin: not counted in service, but earlier answers may name it',
  ],
  add: ['host', [...IDLE, ...LEFT_BEHIND], 'ADDING', 'fence', 'none', 'begin: files are only added at first'],
  resume: ['host', AWAY, 'DRAINING', 'fence', 'keep', 'begin: it is away already'],
  turn: ['host', ['WAITING'], 'DRAINING', '', 'take', 'heartbeat: its turn, a slot in every group'],
  'turn-unlisted': ['host', ['WAITING'], 'DRAINING', '', 'not-listed', 'heartbeat: no longer counted in service'],
  'queue-second': ['host', ['ADDING'], 'WAITING', '', 'none', 'heartbeat before the destructive phase: no slot'],
  'drain-second': ['host', ['ADDING'], 'DRAINING', '', 'take', 'heartbeat before the destructive phase: a slot'],
  poll: ['host', ['WAITING'], 'same', '', 'none', 'heartbeat: not its turn'],
  renew: ['host', ['DRAINING', 'ADDING', 'SYNCING'], 'same', '', 'keep', 'heartbeat'],
  start: ['host', ['DRAINING'], 'SYNCING', '', 'keep', 'heartbeat: a snapshot without it was published, caches are over'],
  revive: ['host', ['LAPSED'], 'SYNCING', '', 'keep', 'heartbeat after all, before anybody judged it; caches are over'],
  'drain-again': ['host', ['LAPSED'], 'DRAINING', '', 'keep', 'heartbeat after all, before anybody judged it'],
  withdraw: ['host', ['WAITING'], 'IN_SERVICE', '', 'none', 'end, or switched off: it never left'],
  'end-added': ['host', ['ADDING'], 'IN_SERVICE', '', 'none', 'end, or switched off: it never left'],
  end: ['host', ['DRAINING', 'SYNCING', 'LAPSED'], 'VERIFYING', '', 'keep', 'end, whatever its outcome'],
  expire: ['sweeper', ['WAITING'], 'IN_SERVICE', '', 'none', 'nobody asked for the ticket in time'],
  'lapse-added': ['sweeper', ['ADDING'], 'IN_SERVICE', '', 'none', 'the lease is over; it never left'],
  lapse: ['sweeper', ['DRAINING', 'SYNCING'], 'LAPSED', '', 'keep', 'the lease is over'],
  return: ['crawler', ['VERIFYING', 'LAPSED', 'HELD'], 'IN_SERVICE', '', 'give', 'verified'],
  fail: ['crawler', ['VERIFYING', 'LAPSED'], 'HELD', '', 'policy', 'not verified'],
  'keep-out': ['crawler', ['VERIFYING', 'LAPSED'], 'HELD', '', 'give', 'verified, but an operator holds it'],
  free: ['sweeper', ['HELD'], 'same', '', 'give', 'the policy frees the slots of failures'],
  hold: ['operator', [...IDLE, ...LEFT_BEHIND], 'HELD', 'fence', 'leave', 'hold'],
  'mark-held': ['operator', AWAY, 'same', '', 'keep', 'hold: it is away already, and stays away'],
  release: ['operator', ['HELD'], 'VERIFYING', '', 'keep', 'release: verified before it returns'],
  'unmark-held': ['operator', ['DRAINING', 'SYNCING', 'VERIFYING', 'LAPSED', 'DISABLED'], 'same', '', 'keep', 'release'],
  disable: [
    'sweeper',
    ['DRAINING', 'SYNCING', 'VERIFYING', 'LAPSED', 'HELD'],
    'DISABLED',
    '',
    'give',
    'switched off, or no longer in the network',
  ],
  enable: ['sweeper', ['DISABLED'], 'VERIFYING', '', 'none', 'switched on again'],
  confirm: ['publisher', AWAY, 'same', '', 'keep', 'a snapshot without it was published'],
  retract: ['publisher', AWAY, 'same', '', 'keep', 'it must be listed all the same: its group would be empty'],
};

export const TRANSITION_TABLE: Readonly<Record<TransitionName, Transition>> = Object.fromEntries(
  TRANSITION_NAMES.map((name) => {
    const [by, from, to, fence, slots, when] = ROWS[name];
    return [name, { by, from, to, givesFence: fence === 'fence', slots, when }];
  }),
) as Record<TransitionName, Transition>;
