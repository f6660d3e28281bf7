import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyWrite } from '#domain/lock/classify-write.ts';
import { type Asker, decideTurn, decideWithoutQueue } from '#domain/lock/decide-acquire.ts';
import { decideRelease } from '#domain/lock/decide-release.ts';
import { configFor, fitsPattern } from '#domain/lock/first-use.ts';
import { type Grant, type LockState, TRANSITIONS, type Waiter } from '#domain/lock/lock-state.ts';
import type { Cause, LockWrite } from '#domain/lock/lock-write.ts';
import { isAlive, rankOf, retryAfterMs } from '#domain/lock/queue.ts';
import { CLAUSES, TRANSITION_TABLE } from '#domain/lock/transitions.ts';
import { HOLD, lockConfig, lockRules } from '../../support/lock-setup.ts';

const NOW = 10_000_000;
const HOSTS = ['a', 'b', 'c', 'd', 'e'];

const grants = (fence: number): fc.Arbitrary<Grant> =>
  fc.record({
    host: fc.constantFrom(...HOSTS),
    fence: fc.constant(fence),
    state: fc.constantFrom('offered' as const, 'held' as const, 'failed' as const),
    grantedMs: fc.integer({ min: NOW - 500_000, max: NOW }),
    askedMs: fc.option(fc.integer({ min: NOW - 500_000, max: NOW }), { nil: undefined }),
    deadlineMs: fc.option(fc.integer({ min: NOW - 200_000, max: NOW + 200_000 }), { nil: undefined }),
    leaseMs: fc.option(fc.constant(60_000), { nil: undefined }),
    requestId: fc.constantFrom('r1', 'r2'),
    client: fc.constantFrom('native' as const, 'foreman' as const),
    claimed: fc.constant(undefined),
    acknowledged: fc.boolean(),
  });

const states: fc.Arbitrary<LockState> = fc
  .record({
    slots: fc.integer({ min: 1, max: 4 }),
    taken: fc.tuple(grants(1), grants(2), grants(3), grants(4)),
    count: fc.integer({ min: 0, max: 4 }),
    enabled: fc.boolean(),
    failures: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ slots, taken, count, enabled, failures }) => ({
    ...lockConfig({ slots, enabled, failureBudget: 2 }),
    name: 'l',
    id: 1,
    version: 9,
    fence: 4,
    failures,
    grants: [...new Map(taken.slice(0, count).map((grant) => [grant.host, grant])).values()],
    typicalHoldMs: undefined,
    declared: undefined,
    removed: false,
    createdMs: 0,
    last: undefined,
  }));

const queues: fc.Arbitrary<readonly Waiter[]> = fc
  .array(
    fc.record({
      host: fc.constantFrom(...HOSTS),
      age: fc.integer({ min: 0, max: 400_000 }),
      intervalMs: fc.constantFrom(20_000, 600_000),
    }),
    { maxLength: 5 },
  )
  .map((all) =>
    [...new Map(all.map((one) => [one.host, one])).values()].map(({ host, age, intervalMs }, at) => ({
      host,
      ticket: at + 1,
      lastSeenMs: NOW - age,
      intervalMs,
      client: 'native',
    })),
  );

const asker = (host: string): Asker => ({ host, requestId: 'mine', client: 'native', claimed: undefined, arrivedMs: NOW });
const cause: Cause = { by: 'a', atMs: NOW, requestId: 'mine', reason: undefined };
/** Slots that a write leaves taken. */
const takenAfter = (lock: LockState, write: LockWrite): number => {
  if (write.kind === 'grant') return lock.grants.length + 1;
  return write.kind === 'release' || write.kind === 'evict' ? lock.grants.length - 1 : lock.grants.length;
};

describe('whoever asks', () => {
  test('gets a grant of its own again, never a second one', () => {
    fc.assert(
      fc.property(states, fc.constantFrom(...HOSTS), (lock, host) => {
        const step = decideWithoutQueue(lock, asker(host), NOW);
        const own = lock.grants.find((grant) => grant.host === host);
        if (own === undefined) return;
        if (step?.kind === 'answer') expect(step.outcome).toMatchObject({ kind: 'granted', grant: own });
        else expect(step).toMatchObject({ kind: 'try', write: { kind: 'extend-offer', host, fence: own.fence } });
      }),
    );
  });

  test('without fences is told of a grant only once that holds and counts from this request or a later one', () => {
    const arrivals = fc.integer({ min: NOW - 600_000, max: NOW });
    fc.assert(
      fc.property(states, fc.constantFrom(...HOSTS), arrivals, (lock, host, arrivedMs) => {
        const own = lock.grants.find((grant) => grant.host === host);
        if (own === undefined) return;
        const legacy: Asker = { ...asker(host), client: 'dlmengine', claimed: 'A', arrivedMs };
        const step = decideWithoutQueue(lock, legacy, NOW);
        const about = { host, fence: own.fence, cause: { by: host, atMs: NOW, requestId: 'mine', reason: undefined } };
        if (own.state === 'offered') {
          const { leaseMs } = own;
          const write = { kind: 'confirm', ...about, heldSinceMs: arrivedMs, claimed: 'A', leaseMs };
          expect(step).toEqual({ kind: 'try', write });
        } else if (Math.max(own.grantedMs, own.askedMs ?? 0) < arrivedMs) {
          expect(step).toEqual({ kind: 'try', write: { kind: 'restamp', ...about, arrivedMs } });
        } else expect(step).toMatchObject({ kind: 'answer', outcome: { kind: 'granted', grant: own } });
      }),
    );
  });

  test('is granted nothing beyond the slots, nothing disabled or halted, and only the next fence', () => {
    fc.assert(
      fc.property(states, queues, fc.constantFrom(...HOSTS), (lock, waiters, host) => {
        if (decideWithoutQueue(lock, asker(host), NOW) !== undefined) return;
        expect([lock.enabled, lock.failures < lock.failureBudget]).toEqual([true, true]);
        const step = decideTurn(lock, waiters, asker(host), NOW);
        if (step.kind !== 'take' && step.kind !== 'offer') return;
        expect(takenAfter(lock, step.write)).toBeLessThanOrEqual(lock.slots);
        expect(step.write).toMatchObject({ grant: { fence: lock.fence + 1 } });
        if (step.write.kind !== 'evict-and-grant') return;
        const { lapsed } = step.write;
        const dead = lock.grants.find((grant) => grant.host === lapsed.host);
        expect(dead?.deadlineMs).toBeLessThan(NOW - 5_000);
      }),
    );
  });

  test('never waits when a slot is free and nobody is before it', () => {
    fc.assert(
      fc.property(states, fc.constantFrom(...HOSTS), (lock, host) => {
        fc.pre(decideWithoutQueue(lock, asker(host), NOW) === undefined && lock.grants.length < lock.slots);
        expect(decideTurn(lock, [], asker(host), NOW)).toMatchObject({ kind: 'take', write: { kind: 'grant' } });
      }),
    );
  });

  test('lets pass who waits longer, and nobody who is not heard of any more', () => {
    const lock = { ...states, ...fc.sample(states, { numRuns: 1, seed: 1 })[0]!, ...lockConfig(), grants: [], failures: 0 };
    const waiter = (host: string, ticket: number, age = 0): Waiter => ({
      host,
      ticket,
      lastSeenMs: NOW - age,
      intervalMs: 20_000,
      client: 'native',
    });
    expect(decideTurn(lock, [waiter('b', 1)], asker('a'), NOW)).toMatchObject({ kind: 'offer', waiter: { host: 'b' } });
    expect(decideTurn(lock, [waiter('a', 1), waiter('b', 2)], asker('a'), NOW)).toMatchObject({ kind: 'take' });
    expect(decideTurn(lock, [waiter('b', 1, 120_001)], asker('a'), NOW)).toMatchObject({ kind: 'take' });
  });
});

describe('a release', () => {
  test('changes only the grant whose fence it names', () => {
    fc.assert(
      fc.property(states, queues, fc.constantFrom(...HOSTS), fc.integer({ min: 1, max: 5 }), (lock, waiters, host, fence) => {
        const step = decideRelease(lock, waiters, { host, fence, arrivedMs: NOW }, cause);
        const own = lock.grants.find((grant) => grant.host === host);
        if (own?.fence !== fence) expect(step).toEqual({ kind: 'not_held' });
        else expect(step).toMatchObject({ kind: 'try', write: { host, fence } });
      }),
    );
  });

  test('hands on to the first who lives and has nothing, and never through a halted or disabled lock', () => {
    fc.assert(
      fc.property(states, queues, (lock, waiters) => {
        const own = lock.grants[0];
        if (own === undefined) return;
        const step = decideRelease(lock, waiters, { host: own.host, fence: own.fence, arrivedMs: NOW }, cause);
        if (step.kind !== 'try' || step.write.kind !== 'hand-off') return;
        const { next } = step.write;
        expect(lock.enabled && lock.failures < lock.failureBudget && lock.grants.length <= lock.slots).toBe(true);
        expect(lock.grants.some(({ host }) => host === next.host)).toBe(false);
        expect(isAlive(waiters.find(({ host }) => host === next.host)!, NOW)).toBe(true);
        expect(next).toMatchObject({ fence: lock.fence + 1, state: 'offered' });
      }),
    );
  });

  test('without a fence frees nothing that was granted after it arrived', () => {
    fc.assert(
      fc.property(states, fc.integer({ min: NOW - 500_000, max: NOW }), (lock, arrivedMs) => {
        const own = lock.grants[0];
        if (own === undefined) return;
        const step = decideRelease(lock, [], { host: own.host, fence: undefined, arrivedMs }, cause);
        expect(step.kind).toBe(Math.max(own.grantedMs, own.askedMs ?? 0) > arrivedMs ? 'newer_grant' : 'try');
      }),
    );
  });
});

describe('a refused write', () => {
  const lock = fc.sample(states, { numRuns: 1, seed: 3 })[0]!;
  const held: Grant = {
    ...fc.sample(grants(4), { numRuns: 1, seed: 3 })[0]!,
    host: 'a',
    fence: 4,
    state: 'held',
    requestId: 'r',
    acknowledged: false,
  };
  const seen = (change: Partial<Grant> | undefined): LockState => ({
    ...lock,
    grants: change === undefined ? [] : [{ ...held, ...change }],
  });

  test.each<[string, LockWrite, LockState | undefined, 'done' | 'again']>([
    ['grant that is there under its fence', { kind: 'grant', grant: held, cause }, seen({ requestId: 'other' }), 'done'],
    ['grant that is there for its request', { kind: 'grant', grant: { ...held, fence: 3 }, cause }, seen({}), 'done'],
    ['grant that is not there', { kind: 'grant', grant: held, cause }, seen(undefined), 'again'],
    [
      'confirmation of what is held',
      { kind: 'confirm', host: 'a', fence: 4, heldSinceMs: 1, claimed: undefined, leaseMs: undefined, cause },
      seen({}),
      'done',
    ],
    [
      'confirmation of an offer',
      { kind: 'confirm', host: 'a', fence: 4, heldSinceMs: 1, claimed: undefined, leaseMs: undefined, cause },
      seen({ state: 'offered' }),
      'again',
    ],
    [
      'confirmation of another fence',
      { kind: 'confirm', host: 'a', fence: 3, heldSinceMs: 1, claimed: undefined, leaseMs: undefined, cause },
      seen({}),
      'again',
    ],
    [
      'release of what is gone',
      { kind: 'release', host: 'a', fence: 4, arrivedMs: undefined, typicalHoldMs: undefined, cause },
      seen(undefined),
      'done',
    ],
    [
      'release of what is there',
      { kind: 'release', host: 'a', fence: 4, arrivedMs: undefined, typicalHoldMs: undefined, cause },
      seen({}),
      'again',
    ],
    ['restamp that is there', { kind: 'restamp', host: 'a', fence: 4, arrivedMs: NOW, cause }, seen({ askedMs: NOW }), 'done'],
    [
      'restamp that a later request overtook',
      { kind: 'restamp', host: 'a', fence: 4, arrivedMs: NOW, cause },
      seen({ askedMs: NOW + 1 }),
      'done',
    ],
    [
      'restamp that is not there',
      { kind: 'restamp', host: 'a', fence: 4, arrivedMs: NOW + 1, cause },
      seen({ askedMs: undefined }),
      'again',
    ],
    ['restamp of what is gone', { kind: 'restamp', host: 'a', fence: 4, arrivedMs: NOW, cause }, seen(undefined), 'again'],
    ['failure that is noted', { kind: 'fail', host: 'a', fence: 4, cause }, seen({ state: 'failed' }), 'done'],
    [
      'failure that was acknowledged',
      { kind: 'fail', host: 'a', fence: 4, cause },
      seen({ state: 'failed', acknowledged: true }),
      'again',
    ],
    ['anything of no lock', { kind: 'fail', host: 'a', fence: 4, cause }, undefined, 'again'],
  ])('%s', (_, write, state, verdict) => {
    expect(classifyWrite(write, state)).toBe(verdict);
  });
});

describe('waiting', () => {
  test('is 17 s to 4.6 h, and longer for who is further back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.nat(100_000),
        fc.nat(20_000_000),
        fc.string(),
        (slots, rank, hold, seed) => {
          const ms = retryAfterMs({ slots, typicalHoldMs: hold }, rank, seed);
          expect(ms).toBeGreaterThanOrEqual(17_000);
          expect(ms).toBeLessThanOrEqual(4.6 * 3_600_000);
          expect(retryAfterMs({ slots, typicalHoldMs: hold }, rank + 1, seed)).toBeGreaterThanOrEqual(ms);
        },
      ),
    );
  });

  test('a rank counts who lives before, and every number beyond the window', () => {
    const window = [1, 2, 5].map(
      (ticket): Waiter => ({
        host: `h${ticket}`,
        ticket,
        lastSeenMs: ticket === 2 ? 0 : NOW,
        intervalMs: 20_000,
        client: 'native',
      }),
    );
    expect([1, 2, 5, 6, 9].map((ticket) => rankOf(window, ticket, NOW))).toEqual([0, 1, 1, 2, 5]);
  });
});

test('patterns fit what they say', () => {
  expect(['', 'fl:', 'fl:x', 'xfl:'].map((name) => fitsPattern('fl:*', name))).toEqual([false, true, true, false]);
  expect([fitsPattern('a*b*c', 'abc'), fitsPattern('a*b*c', 'ac'), fitsPattern('*a', 'ba'), fitsPattern('aa*aa', 'aaa')]).toEqual(
    [true, false, true, false],
  );
  fc.assert(
    fc.property(
      fc.string(),
      (name) => (fitsPattern('*', name) && fitsPattern(name, name) === !name.includes('*')) || name.includes('*'),
    ),
  );
});

test('a declared lock gets what is declared, with a fingerprint that every change changes', () => {
  const wanted = (change: Parameters<typeof lockConfig>[0]) =>
    configFor(lockRules({ createOnFirstUse: [], locks: [{ name: 'l', config: lockConfig(change) }] }), 'l');
  const prints = [
    {},
    { slots: 2 },
    { enabled: false },
    { owner: 'x' },
    { comment: 'x' },
    { policy: { ...HOLD, offerMs: 1 } },
  ].map((one) => wanted(one)?.declared);
  expect(new Set(prints).size).toBe(prints.length);
  expect(configFor(lockRules({ createOnFirstUse: ['a*'] }), 'b')).toBeUndefined();
  expect(configFor(lockRules({ createOnFirstUse: ['a*'] }), 'ab')).toEqual({ config: lockConfig(), declared: undefined });
});

test('the table names every transition, and grants only by the last fence, enabled and within the budget', () => {
  expect(Object.keys(TRANSITION_TABLE).sort()).toEqual([...TRANSITIONS].sort());
  for (const { name, requires, givesFence } of Object.values(TRANSITION_TABLE)) {
    expect(
      requires.every((clause) => clause in CLAUSES),
      name,
    ).toBe(true);
    expect(
      ['last-fence', 'enabled', 'budget'].every((clause) => requires.includes(clause as never)),
      name,
    ).toBe(givesFence);
  }
});
