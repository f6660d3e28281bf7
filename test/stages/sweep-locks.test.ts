import { describe, expect, it } from 'vitest';
import type { Grant, LockState } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { LockEvent } from '#domain/lock/outcomes.ts';
import { sweepLocks } from '../../functions/sweep-locks/sweep-locks.ts';
import { lockConfig, silentLog } from '../support/lock-setup.ts';

const T = 1_800_000_000_000;
const HOUR = 3_600_000;
const LEASE = { mode: 'lease', leaseMs: 600_000, offerMs: 120_000, queue: 'fifo', staleMs: 4 * HOUR } as const;

const grant = (change: Partial<Grant>): Grant => ({
  host: 'a',
  fence: 7,
  state: 'held',
  grantedMs: T - HOUR,
  askedMs: undefined,
  deadlineMs: undefined,
  leaseMs: undefined,
  requestId: 'r',
  client: 'native',
  claimed: undefined,
  acknowledged: false,
  ...change,
});

const lock = (grants: readonly Grant[], change: Partial<LockState> = {}): LockState => ({
  ...lockConfig(),
  name: 'update',
  id: 1,
  version: 3,
  fence: 7,
  failures: 0,
  grants,
  typicalHoldMs: undefined,
  declared: undefined,
  removed: false,
  createdMs: T - HOUR,
  last: undefined,
  ...change,
});

const sweep = async (state: LockState, audited: readonly number[] = [1, 2, 3]) => {
  const written: LockWrite[] = [];
  const events = audited.map((version) => ({ version }) as LockEvent);
  const outcome = await sweepLocks({
    store: {
      list: async () => [state],
      events: async (_lock, after) => events.filter(({ version }) => version > after),
      write: async (_lock, write) => {
        written.push(write);
        return { kind: 'refused', seen: state };
      },
    },
    clock: { now: () => T },
    log: silentLog,
  });
  return {
    outcome,
    ended: written.map((write) => (write.kind === 'evict' ? [write.host, write.fence, write.lapsedBeforeMs] : write.kind)),
  };
};

const CLEAN = { kind: 'swept', locks: 1, ended: 0, heldTooLong: 0, failed: 0, halted: 0, auditGaps: 0 };

describe('sweeping the locks', () => {
  it.each([
    ['finds nothing about a lock that is held', lock([grant({})]), {}],
    [
      'takes a holder that asks again and again for no younger',
      lock([grant({ grantedMs: T - 4 * HOUR - 1, askedMs: T })]),
      { heldTooLong: 1 },
    ],
    ['reports who holds for too long and takes nothing away', lock([grant({ grantedMs: T - 4 * HOUR - 1 })]), { heldTooLong: 1 }],
    ['reports a failed update that holds', lock([grant({ state: 'failed' })], { failures: 1 }), { failed: 1, halted: 1 }],
    ['says no more of a failure that an operator acknowledged', lock([grant({ state: 'failed', acknowledged: true })]), {}],
    ['leaves an offer alone whose time is not over by the guard', lock([grant({ state: 'offered', deadlineMs: T - 5_000 })]), {}],
    [
      'leaves a lease alone that may still be renewed',
      lock([grant({ deadlineMs: T - 60_000, leaseMs: 1 })], { policy: LEASE }),
      {},
    ],
  ])('%s', async (_title, state, found) => {
    expect(await sweep(state)).toEqual({ outcome: { ...CLEAN, ...found }, ended: [] });
  });

  it.each([
    ['an offer that nobody confirmed', lock([grant({ state: 'offered', deadlineMs: T - 5_001 })])],
    ['a lease that lapsed some time ago', lock([grant({ deadlineMs: T - 305_001, leaseMs: 1 })], { policy: LEASE })],
  ])('ends %s', async (_title, state) => {
    expect(await sweep(state)).toEqual({ outcome: { ...CLEAN, ended: 1 }, ended: [['a', 7, T - 5_000]] });
  });

  it.each([
    ['nothing, when each version has one', 3, [1, 2, 3], 0],
    ['a version without one', 3, [1, 3], 1],
    ['the newest, when the stream should have told it', 3, [1, 2], 1],
    ['only the newest hundred versions', 250, Array.from({ length: 100 }, (_, index) => index + 151), 0],
  ])('misses entries of the audit: %s', async (_title, version, audited, auditGaps) => {
    expect((await sweep(lock([], { version }), audited)).outcome).toEqual({ ...CLEAN, auditGaps });
  });

  it('waits for the stream before it misses the newest', async () => {
    const last = {
      transition: 'release',
      by: 'a',
      atMs: T - 600_000,
      host: 'a',
      fence: 1,
      requestId: 'r',
      reason: undefined,
      other: undefined,
    } as const;
    expect((await sweep(lock([], { last }), [1])).outcome.auditGaps).toBe(0);
    expect((await sweep(lock([], { last: { ...last, atMs: T - 600_001 } }), [1])).outcome.auditGaps).toBe(2);
  });
});
