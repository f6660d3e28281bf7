/**
 * The state machine of a lock as a table: for each transition, what its condition requires, what becomes of the grant it is about,
 * and whether it gives a fence. The store builds its conditions from `requires`, the tests hold a model in memory to the same rows,
 * and the model in docs/ is checked against them, so the three cannot drift apart. A condition names the fence of the grant
 * for everything that a holder does, the last fence for everything that grants, and the version for what people change.
 */
import type { HoldState, TransitionName } from './lock-state.ts';

export const CLAUSES = {
  absent: 'the lock does not exist, or was removed',
  present: 'the lock exists and was not removed',
  'last-fence': 'no fence was given since the state was read',
  enabled: 'the lock is enabled',
  budget: 'fewer updates have failed than the failure budget',
  'no-grant': 'the host has no grant yet',
  'slot-free': 'fewer slots are taken than there are',
  'not-overfull': 'no more slots are taken than there are',
  lapsed: 'the other grant is the one that was seen, and its deadline is over by more than the guard',
  'own-fence': 'the grant has the fence that the caller names',
  offered: 'the grant is offered',
  confirmed: 'the grant is held or failed',
  'lease-as-seen': 'the grant is leased, or not, as the caller believes',
  'later-deadline': 'the deadline does not move back',
  'arrived-after': 'the release arrived after the grant, and after the last request that was told of it',
  'later-arrival': 'the request arrived after the grant, and after every other one that was told of it',
  'next-has-none': 'the next host has no grant yet',
  'not-counted': 'the failure does not count already',
  'state-as-seen': 'the grant is in the state that the operator saw, and counts as it did',
  'version-as-seen': 'nothing was written since the state was read',
  'nobody-holds': 'no slot is taken',
} as const;
export type Clause = keyof typeof CLAUSES;

export interface Transition {
  readonly name: TransitionName;
  readonly by: 'host' | 'operator' | 'anybody';
  readonly requires: readonly Clause[];
  /** The grant it is about, before and after; undefined when it is about the lock as a whole. */
  readonly grant: { readonly from: readonly (HoldState | 'none')[]; readonly to: HoldState | 'none' | 'same' } | undefined;
  /** Another grant that it makes or ends. */
  readonly other: 'offers-next' | 'ends-lapsed' | undefined;
  readonly givesFence: boolean;
}

const GRANTING: readonly Clause[] = ['last-fence', 'enabled', 'budget'];
const ANY: readonly HoldState[] = ['offered', 'held', 'failed'];

const aboutTheLock = (name: TransitionName, by: Transition['by'], requires: readonly Clause[]): Transition => ({
  name,
  by,
  requires,
  grant: undefined,
  other: undefined,
  givesFence: false,
});

const aboutAGrant = (
  name: TransitionName,
  by: Transition['by'],
  requires: readonly Clause[],
  from: readonly HoldState[],
  to: HoldState | 'none' | 'same',
): Transition => ({ name, by, requires, grant: { from, to }, other: undefined, givesFence: false });

/** A grant is made `offered`, or `held` at once for clients that know no confirmation. */
export const TRANSITION_TABLE: Readonly<Record<TransitionName, Transition>> = {
  ensure: aboutTheLock('ensure', 'anybody', ['absent']),
  grant: {
    name: 'grant',
    by: 'anybody',
    requires: [...GRANTING, 'no-grant', 'slot-free'],
    grant: { from: ['none'], to: 'offered' },
    other: undefined,
    givesFence: true,
  },
  'evict-and-grant': {
    name: 'evict-and-grant',
    by: 'anybody',
    requires: [...GRANTING, 'no-grant', 'lapsed', 'not-overfull'],
    grant: { from: ['none'], to: 'offered' },
    other: 'ends-lapsed',
    givesFence: true,
  },
  evict: aboutAGrant('evict', 'anybody', ['lapsed'], ANY, 'none'),
  'extend-offer': aboutAGrant('extend-offer', 'host', ['own-fence', 'offered', 'later-deadline'], ['offered'], 'same'),
  confirm: aboutAGrant('confirm', 'host', ['own-fence', 'offered', 'lease-as-seen'], ['offered'], 'held'),
  restamp: aboutAGrant('restamp', 'host', ['own-fence', 'confirmed', 'later-arrival'], ['held', 'failed'], 'same'),
  renew: aboutAGrant('renew', 'host', ['own-fence', 'confirmed', 'later-deadline'], ['held', 'failed'], 'same'),
  release: aboutAGrant('release', 'host', ['own-fence', 'arrived-after'], ANY, 'none'),
  'hand-off': {
    name: 'hand-off',
    by: 'host',
    requires: ['own-fence', 'arrived-after', ...GRANTING, 'next-has-none', 'not-overfull'],
    grant: { from: ANY, to: 'none' },
    other: 'offers-next',
    givesFence: true,
  },
  fail: aboutAGrant('fail', 'host', ['own-fence', 'confirmed', 'not-counted'], ['held', 'failed'], 'failed'),
  'force-release': aboutAGrant('force-release', 'operator', ['own-fence', 'state-as-seen'], ANY, 'none'),
  resume: aboutTheLock('resume', 'operator', ['present', 'version-as-seen']),
  configure: aboutTheLock('configure', 'operator', ['present', 'version-as-seen']),
  remove: aboutTheLock('remove', 'operator', ['present', 'version-as-seen', 'nobody-holds']),
};
