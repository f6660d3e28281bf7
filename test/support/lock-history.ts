import { Fault } from '#domain/errors.ts';
import type { ClientKind, LockConfig, LockState } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { AcquireOutcome } from '#domain/lock/outcomes.ts';
import { GUARD_MS } from '#domain/lock/queue.ts';
import type { LockStore, WriteResult } from '#ports/lock-store.ts';
import { type LockOperations, lockOperations } from '../../functions/lock-api/lock-operations.ts';
import type { RecordedCall } from './linearizability.ts';
import { lockConfig, lockDeps, lockRules } from './lock-setup.ts';

/** What is drawn for one history; everything else follows from it. */
export interface HistoryPlan {
  readonly seed: number;
  readonly slots: number;
  readonly mode: 'hold' | 'lease';
  readonly clients: readonly { readonly client: ClientKind; readonly cycles: number }[];
  /** Share of calls and of table requests that something happens to. */
  readonly faultShare: number;
  /** Time passes, so that offers and leases lapse. */
  readonly hurried: boolean;
}

export interface HistoryResult {
  readonly violations: readonly string[];
  readonly calls: readonly RecordedCall[];
  readonly grants: number;
}

type Reply<T> = { readonly kind: 'reply'; readonly value: T } | { readonly kind: 'timeout' } | { readonly kind: 'failed' };

/** Time is invented here: what is left of a request by the invented clock says nothing of how long the emulator may take. */
const PATIENT = { withinMs: 60_000 };
const LEASE_MS = 60_000;
const OFFER_MS = 120_000;
/** Server clocks are off by up to this; two of them differ by less than the guard. */
const SKEW_MS = 2_000;
const LEGACY_TIMEOUT_MS = 10_000;
const DRAIN_ROUNDS = 40;
const DELAYED_SHARE = 0.08;
const LET_GO_SHARE = 0.03;
/** A history takes a few hundred. */
const MOST_TURNS = 3_000;

const randomFrom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Lets one of those who wait go at a time, drawn by lot: handlers overlap in every order, and the same lot gives the same order. Some
 * are held up: their request is on its way while the others do a great deal.
 */
const turnstile = (random: () => number) => {
  const waiting: (() => Promise<void>)[] = [];
  const delayed: (() => Promise<void>)[] = [];
  const draw = (): (() => Promise<void>) | undefined => {
    const late = delayed.length > 0 && (waiting.length === 0 || random() < LET_GO_SHARE);
    const from = late ? delayed : waiting;
    return from.splice(Math.floor(random() * from.length), 1)[0];
  };
  return {
    pass: <T>(work: () => Promise<T>): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        (random() < DELAYED_SHARE ? delayed : waiting).push(() => work().then(resolve, reject));
      }),
    /** Lets them go until `story` has ended; somebody on the way between two turnstiles may take more than one tick. */
    drive: async <T>(story: Promise<T>): Promise<T> => {
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      story.then(end, end);
      for (let turns = 0; !ended; ) {
        await tick();
        const next = draw();
        if (next === undefined) continue;
        turns += 1;
        if (turns > MOST_TURNS) throw new Error(`a history did not end within ${MOST_TURNS} turns`);
        await next();
      }
      return story;
    },
  };
};

/** One lock, its hosts, and everything that can go wrong between them, over a real table. */
export const runHistory = async (store: LockStore, lock: string, plan: HistoryPlan): Promise<HistoryResult> => {
  const random = randomFrom(plan.seed);
  const gate = turnstile(random);
  const violations: string[] = [];
  const calls: RecordedCall[] = [];
  const inside = new Map<string, { readonly fence: number; readonly untilMs: number }>();
  const released = new Set<string>();
  let nowMs = 1_000_000_000_000;
  let faults = true;
  let ids = 0;
  let step = 0;
  let lastFence = 0;
  let lastVersion = 0;
  const background: Promise<unknown>[] = [];
  const violate = (what: string): void => {
    violations.push(`${what} (lock ${lock}, step ${step}, plan ${JSON.stringify(plan)})`);
  };
  const strikes = (): boolean => faults && random() < plan.faultShare;
  const stillInside = () => [...inside].filter(([, { untilMs }]) => nowMs < untilMs);

  const judgeState = (state: LockState, write: LockWrite): void => {
    if (state.version !== lastVersion + 1) violate(`version ${state.version} after ${lastVersion}`);
    lastVersion = state.version;
    const given = write.kind === 'hand-off' ? write.next : 'grant' in write ? write.grant : undefined;
    if (given !== undefined) {
      if (given.fence <= lastFence) violate(`fence ${given.fence} was given after ${lastFence}`);
      lastFence = Math.max(lastFence, given.fence);
    }
    if (state.grants.length > plan.slots) violate(`${state.grants.length} of ${plan.slots} slots are taken`);
    for (const [host, { fence }] of stillInside()) {
      if (!state.grants.some((grant) => grant.host === host && grant.fence === fence && grant.state !== 'offered')) {
        violate(`${host} is inside with fence ${fence} and its grant is gone after ${write.kind} by ${write.cause.by}`);
      }
    }
    if (write.kind === 'release' || write.kind === 'hand-off') {
      const key = `${write.host} ${write.fence}`;
      if (released.has(key)) violate(`${key} was released twice`);
      released.add(key);
    }
  };

  const write = async (name: string, one: LockWrite): Promise<WriteResult> => {
    const fault = strikes() ? Math.floor(random() * 3) : undefined;
    if (fault === 0) return { kind: 'unknown', cause: new Fault('the request was lost') };
    const result = await store.write(name, one, PATIENT);
    if (result.kind === 'unknown') throw new Error('the emulator failed', { cause: result.cause });
    if (result.kind === 'written') judgeState(result.state, one);
    if (fault === 1) return { kind: 'unknown', cause: new Fault('the reply was lost') };
    // The SDK repeats a request whose reply it missed.
    const again = fault === 2 ? await store.write(name, one, PATIENT) : result;
    if (again !== result && again.kind === 'written') judgeState(again.state, one);
    return again;
  };
  const through = <Args extends unknown[], T>(method: (...args: Args) => Promise<T>) => {
    return (...args: Args): Promise<T> =>
      gate.pass(() =>
        strikes() && random() < 0.3 ? Promise.reject(new Fault('throttled')) : method(...(args.with(-1, PATIENT) as Args)),
      );
  };
  const faulty: LockStore = {
    ...store,
    read: through(store.read),
    waiters: through(store.waiters),
    waiter: through(store.waiter),
    enqueue: through(store.enqueue),
    touch: through(store.touch),
    dequeue: through(store.dequeue),
    allocateId: through(store.allocateId),
    write: (name, one) => gate.pass(() => write(name, one)),
  };
  const config: LockConfig = lockConfig({
    slots: plan.slots,
    failureBudget: 100,
    policy: { mode: plan.mode, leaseMs: LEASE_MS, offerMs: OFFER_MS, queue: 'fifo', staleMs: 1_000_000 },
  });
  const rules = lockRules({ defaults: config });
  /** Each request is served by an instance with a clock of its own. */
  const instance = (): LockOperations => {
    const skew = Math.round((random() * 2 - 1) * SKEW_MS);
    const deps = lockDeps(faulty, { now: () => nowMs + skew }, rules);
    return lockOperations({
      ...deps,
      newId: () => {
        ids += 1;
        return `id-${ids}`;
      },
    });
  };

  /** One request by a client: it may get lost, its reply may get lost while it is still being worked on, it may come twice. */
  const call = async <T>(
    record: Omit<RecordedCall, 'from' | 'to' | 'outcome'>,
    send: (operations: LockOperations, arrivedMs: number) => Promise<T>,
    legacy: boolean,
  ): Promise<Reply<T>> => {
    const from = step++;
    // A client sends nothing before it heard of, or gave up, what it sent before: no two of its requests arrive in one millisecond.
    nowMs += 1;
    const entry: RecordedCall = { ...record, from, to: undefined, outcome: undefined };
    calls.push(entry);
    const serve = (): Promise<Reply<T>> =>
      send(instance(), nowMs).then(
        (value) => ({ kind: 'reply', value }) as const,
        (error: unknown) => {
          if (error instanceof Fault) return { kind: 'failed' } as const;
          violate(`a handler failed: ${error instanceof Error ? error.stack : String(error)}`);
          return { kind: 'failed' } as const;
        },
      );
    const timeOut = (): Reply<T> => {
      if (legacy || (plan.hurried && random() < 0.3)) nowMs += LEGACY_TIMEOUT_MS;
      return { kind: 'timeout' };
    };
    const fault = strikes() ? Math.floor(random() * 3) : undefined;
    if (fault === 0) return timeOut();
    const served = serve();
    if (fault === 1) {
      background.push(served);
      await gate.pass(async () => undefined);
      return timeOut();
    }
    if (fault === 2) {
      // The copy is a call of its own that nobody hears the answer of: it may be the one that does the work.
      calls.push({ ...record, from, to: undefined, outcome: undefined });
      background.push(serve());
    }
    const reply = await served;
    step += 1;
    if (reply.kind === 'reply') Object.assign(entry, { to: step, outcome: reply.value });
    return reply;
  };

  const enter = (host: string, fence: number, sinceMs: number): void => {
    const untilMs = plan.mode === 'lease' ? sinceMs + LEASE_MS - GUARD_MS : Number.POSITIVE_INFINITY;
    inside.set(host, { fence, untilMs });
    const count = stillInside().length;
    if (count > plan.slots) violate(`${count} hosts are inside: ${JSON.stringify(stillInside())}`);
  };

  const pause = (): Promise<void> =>
    gate.pass(async () => {
      if (plan.hurried && random() < 0.3) nowMs += Math.floor(random() * 150_000);
    });

  const acquire = (host: string, client: ClientKind, requestId: string): Promise<Reply<AcquireOutcome>> =>
    call(
      { host, op: 'acquire', fence: undefined },
      (operations, arrivedMs) =>
        client === 'native'
          ? operations.acquire({ lock, host, arrivedMs, requestId })
          : operations.legacyAcquire({ lock, host, arrivedMs, client }),
      client !== 'native',
    );

  /** The fence, once the host holds; undefined when it gave up for now. Confirms what it is offered. */
  const claim = async (host: string, client: ClientKind, requestId: string): Promise<number | undefined> => {
    const sinceMs = nowMs;
    const reply = await acquire(host, client, requestId);
    if (reply.kind !== 'reply' || reply.value.kind !== 'granted') return undefined;
    const { fence, state } = reply.value.grant;
    if (state !== 'offered') {
      // Under a lease a replayed answer says how long it still goes.
      const { deadlineMs } = reply.value.grant;
      enter(host, fence, deadlineMs === undefined ? sinceMs : Math.min(sinceMs, deadlineMs - LEASE_MS - SKEW_MS));
      return fence;
    }
    if (plan.hurried && faults && random() < 0.4) {
      // A host that is slow to confirm: its offer may be gone, or about to go.
      await gate.pass(async () => {
        nowMs += OFFER_MS + GUARD_MS + Math.floor(random() * 10_000);
      });
      await gate.pass(async () => undefined);
    }
    for (let tries = 0; tries < 3; tries += 1) {
      const sentMs = nowMs;
      const confirmed = await call(
        { host, op: 'confirm', fence },
        (operations, arrivedMs) => operations.confirm({ lock, host, arrivedMs, fence }),
        false,
      );
      if (confirmed.kind !== 'reply') continue;
      if (confirmed.value.kind !== 'held') return undefined;
      const { deadlineMs } = confirmed.value.grant;
      enter(host, fence, deadlineMs === undefined ? sentMs : Math.min(sentMs, deadlineMs - LEASE_MS - SKEW_MS));
      return fence;
    }
    return undefined;
  };

  const giveBack = async (host: string, client: ClientKind, fence: number): Promise<boolean> => {
    inside.delete(host);
    for (let tries = 0; tries < 4; tries += 1) {
      const reply = await call(
        { host, op: 'release', fence },
        (operations, arrivedMs) =>
          client === 'native'
            ? operations.release({ lock, host, arrivedMs, fence })
            : operations.legacyRelease({ lock, host, arrivedMs, client }),
        client !== 'native',
      );
      if (reply.kind === 'reply' && reply.value.kind !== 'newer_grant') return true;
    }
    return false;
  };

  const live = async (host: string, client: ClientKind, cycles: number): Promise<void> => {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      let fence: number | undefined;
      for (let polls = 0; polls < 4 && fence === undefined; polls += 1) {
        await pause();
        fence = await claim(host, client, `${host}-${cycle}`);
      }
      if (fence === undefined) continue;
      // A crash and a reboot look like this to everybody else: nothing is heard for a while.
      for (let pauses = Math.floor(random() * 3); pauses > 0; pauses -= 1) await pause();
      if (!(await giveBack(host, client, fence))) return;
    }
  };

  const hosts = plan.clients.map(({ client, cycles }, at) => ({ host: `host-${at}.example.org`, client, cycles }));
  await gate.drive(Promise.all(hosts.map(({ host, client, cycles }) => live(host, client, cycles))));
  await gate.drive(Promise.all(background));

  // Faults are over: everybody asks until it was served once. Whoever cannot be served has been forgotten, or the lock is stuck.
  faults = false;
  inside.clear();
  const left = new Set(hosts);
  for (let round = 0; round < DRAIN_ROUNDS && left.size > 0; round += 1) {
    nowMs += 30_000;
    for (const one of left) {
      const fence = await gate.drive(claim(one.host, one.client, `drain-${one.host}`));
      if (fence === undefined) continue;
      await gate.drive(giveBack(one.host, one.client, fence));
      left.delete(one);
    }
  }
  const end = await store.read(lock, PATIENT);
  if (left.size > 0) violate(`${[...left].map(({ host }) => host).join(', ')} never got the lock: ${JSON.stringify(end)}`);
  const orphans = (end?.grants ?? []).filter(({ state }) => state !== 'offered');
  if (orphans.length > 0) violate(`nobody wants it and it is held: ${JSON.stringify(orphans)}`);
  return { violations, calls, grants: lastFence };
};
