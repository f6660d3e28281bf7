import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grant, LastWrite, LockState } from '#domain/lock/lock-state.ts';
import type { HostLock, LockEvent } from '#domain/lock/outcomes.ts';
import type { LockAudit } from '#ports/lock-audit.ts';
import { recordLockEvents } from '../../functions/record-lock-events/record-lock-events.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';
import { lockConfig, silentLog } from '../support/lock-setup.ts';

const T = 1_800_000_000_000;

const grant = (host: string, fence: number, change: Partial<Grant> = {}): Grant => ({
  host,
  fence,
  state: 'held',
  grantedMs: T,
  askedMs: undefined,
  deadlineMs: undefined,
  leaseMs: undefined,
  requestId: `r${fence}`,
  client: 'native',
  claimed: undefined,
  acknowledged: false,
  ...change,
});

const wrote = (transition: LastWrite['transition'], atMs = T, change: Partial<LastWrite> = {}): LastWrite => ({
  transition,
  by: 'a',
  atMs,
  host: 'a',
  fence: 1,
  requestId: 'r1',
  reason: undefined,
  other: undefined,
  ...change,
});

const lock = (version: number, grants: readonly Grant[], last: LastWrite, change: Partial<LockState> = {}): LockState => ({
  ...lockConfig(),
  name: 'update',
  id: 1,
  version,
  fence: 9,
  failures: 0,
  grants,
  typicalHoldMs: undefined,
  declared: undefined,
  removed: false,
  createdMs: T,
  last,
  ...change,
});

/** The audit in memory, with the conditions of the real one. */
const memoryAudit = () => {
  const events = new Map<number, LockEvent>();
  const holds = new Map<string, { readonly held: HostLock; readonly version: number }>();
  const isNewer = (host: string, version: number): boolean => (holds.get(host)?.version ?? 0) > version;
  const audit: LockAudit = {
    record: async (event) => {
      if (events.has(event.version)) return 'known';
      events.set(event.version, event);
      return 'recorded';
    },
    hold: async (host, held, version) => {
      if (!isNewer(host, version)) holds.set(host, { held, version });
    },
    drop: async (host, _lock, version) => {
      if (!isNewer(host, version)) holds.delete(host);
    },
  };
  return { audit, events, holds, log: silentLog };
};

const MADE = lock(1, [], wrote('ensure', T, { host: undefined, fence: undefined }));
const OFFERED = lock(2, [grant('a', 1, { state: 'offered', deadlineMs: T + 120_000 })], wrote('grant'));
const HELD = lock(3, [grant('a', 1)], wrote('confirm'));
const HANDED_ON = lock(
  4,
  [grant('b', 2, { state: 'offered' })],
  wrote('hand-off', T + 1_000, { other: { host: 'b', fence: 2 } }),
);
const HISTORY = [MADE, OFFERED, HELD, HANDED_ON].map((after, index, all) => ({ before: all[index - 1], after }));

describe('recording a change of a lock', () => {
  it('adds one entry per version and keeps what each host holds', async () => {
    const world = memoryAudit();
    for (const change of HISTORY) expect(await recordLockEvents(world, change)).toEqual({ kind: 'recorded', signals: [] });
    expect([...world.events.values()].map(({ version, transition, host, fence }) => [version, transition, host, fence])).toEqual([
      [1, 'ensure', undefined, undefined],
      [2, 'grant', 'a', 1],
      [3, 'confirm', 'a', 1],
      [4, 'hand-off', 'a', 1],
    ]);
    expect(Object.fromEntries(world.holds)).toEqual({
      b: { held: { lock: 'update', fence: 2, state: 'offered', grantedMs: T }, version: 4 },
    });
  });

  it('ends the same however often and from wherever the stream is read again', async () => {
    const whole = memoryAudit();
    for (const change of HISTORY) await recordLockEvents(whole, change);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(HISTORY.length - 1), { maxLength: 6 }), async (starts) => {
        const world = memoryAudit();
        for (const start of [...starts, 0]) for (const change of HISTORY.slice(start)) await recordLockEvents(world, change);
        expect(world.holds).toEqual(whole.holds);
        expect([...world.events].toSorted(([left], [right]) => left - right)).toEqual([...whole.events]);
      }),
    );
  });

  it('ends the same when it was killed at any call', async () => {
    const whole = memoryAudit();
    for (const change of HISTORY) await recordLockEvents(whole, change);
    for (let at = 1; at <= 7; at += 1) {
      for (const side of ['before', 'after'] as const) {
        const world = memoryAudit();
        const kill = killSwitch(at, side);
        const mortal = { ...world, audit: kill.wrap(world.audit) };
        await expect(
          (async () => {
            for (const change of HISTORY) await recordLockEvents(mortal, change);
          })(),
        ).rejects.toBeInstanceOf(Killed);
        for (const change of HISTORY) await recordLockEvents(world, change);
        expect(world.holds).toEqual(whole.holds);
      }
    }
  });

  it('passes over what is not a lock', async () => {
    expect(await recordLockEvents(memoryAudit(), undefined)).toEqual({ kind: 'passed' });
  });

  it.each([
    [
      'an update that failed, at the budget',
      { before: HELD, after: lock(4, [grant('a', 1, { state: 'failed' })], wrote('fail'), { failures: 1 }) },
      ['LockFailures', 'LocksHalted'],
    ],
    [
      'a failure within the budget',
      {
        before: { ...HELD, failureBudget: 2 },
        after: lock(4, [grant('a', 1, { state: 'failed' })], wrote('fail'), { failures: 1, failureBudget: 2 }),
      },
      ['LockFailures'],
    ],
    [
      'a slot that was held for too long',
      { before: HELD, after: lock(4, [], wrote('release', T + 14_400_001)) },
      ['LocksHeldTooLong'],
    ],
    ['a slot that was held for just long enough', { before: HELD, after: lock(4, [], wrote('release', T + 14_400_000)) }, []],
    ['a version that was left out', { before: HELD, after: lock(5, [], wrote('release')) }, ['LockAuditGaps']],
    ['an edit that gives no new version', { before: HELD, after: lock(3, [], wrote('confirm')) }, ['LockAuditGaps']],
    [
      'a state that does not say who wrote it',
      { before: HELD, after: { ...lock(4, [], wrote('release')), last: undefined } },
      ['LockAuditGaps'],
    ],
    ['a lock whose item was deleted', { before: HELD, after: undefined }, ['LockAuditGaps']],
  ])('signals %s', async (_title, change, signals) => {
    expect(await recordLockEvents(memoryAudit(), change)).toMatchObject({ signals });
  });
});
