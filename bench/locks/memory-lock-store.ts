import {
  countsFromMs,
  type Grant,
  grantOf,
  isHalted,
  type LockName,
  type LockState,
  type Waiter,
} from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import { type Clause, TRANSITION_TABLE } from '#domain/lock/transitions.ts';
import type { LockStore } from '#ports/lock-store.ts';

/**
 * The lock store without a table, for runs of simulated days: conditions are the clauses of the table of transitions, as in the
 * real one, and a test compares the two write by write. It knows no failures and no audit.
 */
type Check = (state: LockState, write: LockWrite) => boolean;

const hostOf = (write: LockWrite): string => {
  if (write.kind === 'grant' || write.kind === 'evict-and-grant') return write.grant.host;
  return 'host' in write ? write.host : '';
};
const own = (state: LockState, write: LockWrite): Grant | undefined => grantOf(state, hostOf(write));
const given = (write: LockWrite): number => {
  if (write.kind === 'hand-off') return write.next.fence;
  return write.kind === 'grant' || write.kind === 'evict-and-grant' ? write.grant.fence : 0;
};
const endedBy = (write: LockWrite): { readonly host: string; readonly fence: number; readonly beforeMs: number } | undefined => {
  if (write.kind === 'evict') return { host: write.host, fence: write.fence, beforeMs: write.lapsedBeforeMs };
  return write.kind === 'evict-and-grant' ? { ...write.lapsed, beforeMs: write.lapsedBeforeMs } : undefined;
};

const CHECKS: Readonly<Record<Clause, Check>> = {
  absent: (state) => state.removed,
  present: (state) => !state.removed,
  'last-fence': (state, write) => state.fence === given(write) - 1,
  enabled: (state) => state.enabled,
  budget: (state) => !isHalted(state),
  'no-grant': (state, write) => own(state, write) === undefined,
  'slot-free': (state) => state.grants.length < state.slots,
  'not-overfull': (state) => state.grants.length <= state.slots,
  lapsed: (state, write) => {
    const ended = endedBy(write);
    const grant = grantOf(state, ended?.host ?? '');
    return grant?.fence === ended?.fence && grant?.deadlineMs !== undefined && grant.deadlineMs < (ended?.beforeMs ?? 0);
  },
  'own-fence': (state, write) => 'fence' in write && own(state, write)?.fence === write.fence,
  offered: (state, write) => own(state, write)?.state === 'offered',
  confirmed: (state, write) => own(state, write)?.state !== 'offered',
  'lease-as-seen': (state, write) => write.kind === 'confirm' && own(state, write)?.leaseMs === write.leaseMs,
  'later-deadline': (state, write) => {
    const deadlineMs = own(state, write)?.deadlineMs;
    return 'deadlineMs' in write && deadlineMs !== undefined && deadlineMs <= write.deadlineMs;
  },
  'arrived-after': (state, write) => {
    const grant = own(state, write);
    if (!('arrivedMs' in write) || write.arrivedMs === undefined || grant === undefined) return true;
    return countsFromMs(grant) <= write.arrivedMs;
  },
  'later-arrival': (state, write) => {
    const grant = own(state, write);
    return write.kind === 'restamp' && grant !== undefined && countsFromMs(grant) < write.arrivedMs;
  },
  'next-has-none': (state, write) => write.kind === 'hand-off' && grantOf(state, write.next.host) === undefined,
  'not-counted': (state, write) => own(state, write)?.state !== 'failed' || own(state, write)?.acknowledged === true,
  'state-as-seen': (state, write) => {
    const grant = own(state, write);
    if (write.kind !== 'force-release' || grant?.state !== write.seen) return false;
    return write.seen !== 'failed' || grant.acknowledged !== write.counted;
  },
  'version-as-seen': (state, write) => 'version' in write && state.version === write.version,
  'nobody-holds': (state) => state.grants.length === 0,
};

const withOwn = (state: LockState, write: LockWrite, change: Partial<Grant>): Partial<LockState> => ({
  grants: state.grants.map((grant) => (grant.host === hostOf(write) ? { ...grant, ...change } : grant)),
});
const without = (state: LockState, host: string): readonly Grant[] => state.grants.filter((grant) => grant.host !== host);

const changeOf = (state: LockState, write: LockWrite): Partial<LockState> => {
  switch (write.kind) {
    case 'ensure':
      return { ...write.config, declared: write.declared, failures: 0, grants: [], removed: false, typicalHoldMs: undefined };
    case 'grant':
      return { fence: write.grant.fence, grants: [...state.grants, write.grant] };
    case 'evict-and-grant':
      return { fence: write.grant.fence, grants: [...without(state, write.lapsed.host), write.grant] };
    case 'evict':
      return { grants: without(state, write.host) };
    case 'extend-offer':
    case 'renew':
      return withOwn(state, write, { deadlineMs: write.deadlineMs });
    case 'confirm': {
      const deadlineMs = write.leaseMs === undefined ? undefined : write.cause.atMs + write.leaseMs;
      const claimed = write.claimed === undefined ? {} : { claimed: write.claimed };
      return withOwn(state, write, { state: 'held', grantedMs: write.heldSinceMs, deadlineMs, ...claimed });
    }
    case 'restamp':
      return withOwn(state, write, { askedMs: write.arrivedMs });
    case 'release':
      return { grants: without(state, write.host), typicalHoldMs: write.typicalHoldMs ?? state.typicalHoldMs };
    case 'hand-off':
      return {
        fence: write.next.fence,
        grants: [...without(state, write.host), write.next],
        typicalHoldMs: write.typicalHoldMs ?? state.typicalHoldMs,
      };
    case 'fail':
      return { ...withOwn(state, write, { state: 'failed', acknowledged: false }), failures: state.failures + 1 };
    case 'force-release':
      return { grants: without(state, write.host), failures: state.failures - Number(write.counted) };
    case 'resume':
      return {
        failures: 0,
        grants: state.grants.map((grant) => (write.acknowledged.includes(grant.host) ? { ...grant, acknowledged: true } : grant)),
      };
    case 'configure':
      return { ...write.config, declared: write.declared };
    case 'remove':
      return { removed: true, enabled: false };
  }
};

const BEFORE: Omit<LockState, 'name' | 'id' | 'createdMs' | keyof import('#domain/lock/lock-state.ts').LockConfig> = {
  version: 0,
  fence: 0,
  failures: 0,
  grants: [],
  typicalHoldMs: undefined,
  declared: undefined,
  removed: true,
  last: undefined,
};

const otherOf = (write: LockWrite): { readonly host: string; readonly fence: number } | undefined => {
  if (write.kind === 'evict-and-grant') return write.lapsed;
  return write.kind === 'hand-off' ? { host: write.next.host, fence: write.next.fence } : undefined;
};

const applied = (name: LockName, before: LockState | undefined, write: LockWrite): LockState | undefined => {
  const made =
    write.kind === 'ensure' ? { ...write.config, ...BEFORE, name, id: write.id, createdMs: write.cause.atMs } : undefined;
  const state = before ?? made;
  if (state === undefined || !TRANSITION_TABLE[write.kind].requires.every((clause) => CHECKS[clause](state, write)))
    return undefined;
  const { by, atMs, requestId, reason } = write.cause;
  const about = hostOf(write) === '' ? undefined : hostOf(write);
  const fence = 'fence' in write ? write.fence : given(write) || undefined;
  const last = { transition: write.kind, by, atMs, host: about, fence, requestId, reason, other: otherOf(write) };
  const change = changeOf(state, write);
  const created = write.kind === 'ensure' ? { createdMs: atMs } : {};
  return { ...state, ...change, ...created, version: state.version + 1, last };
};

export const memoryLockStore = (): LockStore => {
  const locks = new Map<LockName, LockState>();
  /** Each in the order of tickets, since the youngest is always added at the end. */
  const queues = new Map<LockName, Map<string, Waiter>>();
  let tickets = 0;
  let ids = 0;
  const queueOf = (lock: LockName): Map<string, Waiter> => {
    const queue = queues.get(lock) ?? new Map<string, Waiter>();
    queues.set(lock, queue);
    return queue;
  };
  return {
    read: async (lock) => locks.get(lock),
    write: async (lock, write) => {
      const seen = locks.get(lock);
      const state = applied(lock, seen, write);
      if (state === undefined) return { kind: 'refused', seen };
      locks.set(lock, state);
      return { kind: 'written', state };
    },
    waiters: async (lock, limit) => {
      const first: Waiter[] = [];
      for (const waiter of queueOf(lock).values()) {
        if (first.length === limit) break;
        first.push(waiter);
      }
      return first;
    },
    waiter: async (lock, host) => queueOf(lock).get(host),
    enqueue: async (lock, { host, client, nowMs, intervalMs }) => {
      tickets += 1;
      const known = queueOf(lock).get(host);
      const waiter = known ?? { host, client, ticket: tickets, lastSeenMs: nowMs, intervalMs: intervalMs(tickets) };
      queueOf(lock).set(host, waiter);
      return waiter;
    },
    touch: async (lock, waiter) => {
      if (queueOf(lock).get(waiter.host)?.ticket === waiter.ticket) queueOf(lock).set(waiter.host, waiter);
    },
    dequeue: async (lock, host, ticket) => {
      const known = queueOf(lock).get(host);
      return known !== undefined && (ticket === undefined || known.ticket === ticket) && queueOf(lock).delete(host);
    },
    allocateId: async () => {
      ids += 1;
      return ids;
    },
    nameOf: async () => undefined,
    list: async () => [...locks.values()].filter(({ removed }) => !removed),
    events: async () => [],
    hostLocks: async () => [],
  };
};
