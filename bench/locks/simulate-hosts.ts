import { type LockOperations, lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { seededRandom } from '../network/random.ts';
import { memoryLockStore } from './memory-lock-store.ts';
import { timeline } from './timeline.ts';

export interface Fleet {
  readonly hosts: number;
  readonly slots: number;
  readonly arriveWithinMs: number;
  readonly meanHoldMs: number;
  /** Of those who wait: never heard of again after one of their first dozen questions, most of them before their turn. */
  readonly deadShare: number;
  /** Of those who wait: ask later than they were told, up to `slowByMs` each time. */
  readonly slowShare?: number;
  readonly slowByMs?: number;
}

export interface FleetFigures {
  /** Hosts that got a slot. */
  readonly served: number;
  /** Hosts that died before their turn. */
  readonly died: number;
  readonly requestsPerHost: number;
  readonly requestsPerHostPerMinute: number;
  /** Of the slots' time while somebody waits: not between a confirmation and its release. */
  readonly slotIdleShare: number;
  /** Places between the order of arrival and the order of grants. */
  readonly meanOrderShift: number;
  readonly maxOvertakes: number;
  readonly hours: number;
}

const SIGMA = 0.6;
const LOCK = 'update';
const START = Date.UTC(2026, 0, 1);
const HOLD = { mode: 'hold', leaseMs: 600_000, offerMs: 120_000, queue: 'fifo', staleMs: 14_400_000 } as const;

/** A host that waits some ten requests long may die after any of them. */
const MOST_QUESTIONS_BEFORE_DEATH = 12;

interface Tally {
  requests: number;
  died: number;
  waitedMs: number;
  heldMs: number;
  readonly grantedInOrder: number[];
  lastGrantMs: number;
  full: { fromMs: number; toMs: number };
}

interface WaitingHost {
  readonly host: number;
  readonly arrivedMs: number;
  /** Infinite for who lives. */
  readonly questionsLeft: number;
  readonly slowByMs: number;
}

const operationsFor = (slots: number, now: () => number): LockOperations => {
  const config = { enabled: true, slots, failureBudget: 1, policy: HOLD, group: undefined, owner: undefined, comment: undefined };
  const none = { createOnFirstUse: [], tokens: [], plain: [], plainFrom: [], operators: [], groups: [] };
  const rules = { defaults: config, locks: [{ name: LOCK, config }], ...none };
  let ids = 0;
  return lockOperations({
    store: memoryLockStore(),
    rules: { current: async () => rules, fresh: async () => rules },
    clock: { now },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
};

/** How long each host holds: lognormal with the given mean, the same for every scheme. */
const holdsOf = ({ hosts, meanHoldMs }: Fleet): readonly number[] => {
  const random = seededRandom(11);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Array.from({ length: hosts }, () => meanHoldMs * Math.exp(SIGMA * normal() - (SIGMA * SIGMA) / 2));
};

const overtakesOf = (order: readonly number[]): { readonly shift: number; readonly most: number } => {
  const sorted = order.toSorted((a, b) => a - b);
  const place = new Map(sorted.map((host, index) => [host, index]));
  const shifts = order.map((host, index) => Math.abs((place.get(host) ?? 0) - index));
  // Granted before somebody who came earlier: at most as many as the places that this one was pushed back.
  const most = order.reduce((worst, host, index) => Math.max(worst, index - (place.get(host) ?? 0)), 0);
  return { shift: shifts.reduce((sum, one) => sum + one, 0) / Math.max(1, shifts.length), most };
};

/** A fleet that updates through the real operations, in simulated time. Hosts are numbered in the order in which they come. */
export const simulateHosts = async (fleet: Fleet): Promise<FleetFigures> => {
  const random = seededRandom(5);
  const holds = holdsOf(fleet);
  const { at, run, now } = timeline(START);
  const operations = operationsFor(fleet.slots, now);
  const tally: Tally = {
    requests: 0,
    died: 0,
    waitedMs: 0,
    heldMs: 0,
    grantedInOrder: [],
    lastGrantMs: START,
    full: { fromMs: 0, toMs: 0 },
  };

  const updateFrom = (host: number, fence: number, arrivedMs: number): void => {
    const name = `host-${host}.example.org`;
    const heldMs = holds[host] ?? 0;
    tally.grantedInOrder.push(host);
    tally.waitedMs += now() - arrivedMs;
    tally.heldMs += heldMs;
    tally.lastGrantMs = now();
    at(now() + heldMs, async () => {
      tally.requests += 1;
      await operations.release({ lock: LOCK, host: name, fence, arrivedMs: now() });
    });
  };

  const ask = async (waiting: WaitingHost): Promise<void> => {
    const { host, arrivedMs, questionsLeft, slowByMs } = waiting;
    const call = { lock: LOCK, host: `host-${host}.example.org`, arrivedMs: now() };
    tally.requests += 1;
    const outcome = await operations.acquire({ ...call, requestId: `r-${host}` });
    if (outcome.kind === 'queued') {
      tally.full.fromMs ||= now();
      const next = { ...waiting, questionsLeft: questionsLeft - 1 };
      if (next.questionsLeft === 0) tally.died += 1;
      else at(now() + outcome.retryAfterMs + slowByMs * random.next(), () => ask(next));
      return;
    }
    if (outcome.kind !== 'granted') throw new Error(`a waiting host was answered ${outcome.kind}`);
    const { fence } = outcome.grant;
    tally.requests += 1;
    const confirmed = await operations.confirm({ ...call, fence });
    if (confirmed.kind === 'held') updateFrom(host, fence, arrivedMs);
    else at(now() + 1_000, () => ask({ ...waiting, questionsLeft: Number.POSITIVE_INFINITY }));
  };

  for (let host = 0; host < fleet.hosts; host += 1) {
    const arrivedMs = START + (host / fleet.hosts) * fleet.arriveWithinMs;
    // The first are served at once; only who waits can die waiting, or be slow.
    const waits = host >= fleet.slots;
    const dies = waits && random.chance(fleet.deadShare);
    const slow = waits && random.chance(fleet.slowShare ?? 0);
    const questionsLeft = dies ? 1 + random.below(MOST_QUESTIONS_BEFORE_DEATH) : Number.POSITIVE_INFINITY;
    const slowByMs = slow ? (fleet.slowByMs ?? 0) : 0;
    at(arrivedMs, () => ask({ host, arrivedMs, questionsLeft, slowByMs }));
  }
  await run();
  return figuresOf(fleet, tally, holds);
};

const figuresOf = (fleet: Fleet, tally: Tally, holds: readonly number[]): FleetFigures => {
  const { shift, most } = overtakesOf(tally.grantedInOrder);
  // From the first who had to wait to the last who waited: only then is an idle slot a waste.
  const { fromMs } = tally.full;
  const spanMs = tally.lastGrantMs - fromMs;
  // What the last holders hold beyond the span is about what the first ones held before it.
  const before = holds.slice(0, fleet.slots).reduce((sum, one) => sum + Math.min(one, fromMs - START), 0);
  const usedMs = tally.heldMs - before - tailOf(fleet, tally, holds);
  return {
    served: tally.grantedInOrder.length,
    died: tally.died,
    requestsPerHost: tally.requests / fleet.hosts,
    requestsPerHostPerMinute: tally.requests / ((tally.waitedMs + tally.heldMs) / 60_000),
    slotIdleShare: 1 - usedMs / (fleet.slots * spanMs),
    meanOrderShift: shift,
    maxOvertakes: most,
    hours: spanMs / 3_600_000,
  };
};

/** What is left of the holds when the last host gets its slot: about half a hold in each, a lognormal's residual time. */
const tailOf = (fleet: Fleet, tally: Tally, holds: readonly number[]): number => {
  const last = tally.grantedInOrder.slice(-fleet.slots);
  const mean = last.reduce((sum, host) => sum + (holds[host] ?? 0), 0) / Math.max(1, last.length);
  return (fleet.slots * mean * (1 + SIGMA * SIGMA)) / 2;
};

/** What foreman_dlm_updater does: it asks every 60 s until it gets a slot, and whoever asks first after a release has it. */
export const simulateFixedPolling = async (
  fleet: Fleet,
): Promise<{ readonly requestsPerHost: number; readonly meanOrderShift: number }> => {
  const random = seededRandom(7);
  const holds = holdsOf(fleet);
  const { at, run, now } = timeline(START);
  const order: number[] = [];
  let requests = 0;
  let taken = 0;
  const ask = (host: number): void => {
    requests += 1;
    if (taken === fleet.slots) {
      at(now() + 60_000, () => ask(host));
      return;
    }
    taken += 1;
    order.push(host);
    at(now() + (holds[host] ?? 0), () => {
      requests += 1;
      taken -= 1;
    });
  };
  for (let host = 0; host < fleet.hosts; host += 1) {
    at(START + (host / fleet.hosts) * fleet.arriveWithinMs + random.next(), () => ask(host));
  }
  await run();
  return { requestsPerHost: requests / fleet.hosts, meanOrderShift: overtakesOf(order).shift };
};
