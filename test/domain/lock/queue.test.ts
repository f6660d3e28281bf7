import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LockState, Waiter } from '#domain/lock/lock-state.ts';
import { candidates, isAlive, isNear, nextTypicalHoldMs, rankOf } from '#domain/lock/queue.ts';
import { lockConfig } from '../../support/lock-setup.ts';

const NOW = 100_000_000;
const OFFER_MS = 120_000;
const GRACE_MS = 60_000;
const LATEST_MS = 600_000;
const UNNOTED_MS = 300_000;

const lockWith = (change: Partial<LockState>): LockState => ({
  ...lockConfig(),
  name: 'l',
  id: 1,
  version: 1,
  fence: 0,
  failures: 0,
  grants: [],
  typicalHoldMs: undefined,
  declared: undefined,
  removed: false,
  createdMs: 0,
  last: undefined,
  ...change,
});

const intervals = fc.integer({ min: 17_000, max: 16_560_000 });
const clients = fc.constantFrom('native' as const, 'foreman' as const, 'dlmengine' as const, 'fleetlock' as const);

const waiterLateBy = (
  lateMs: number,
  intervalMs: number,
  client: Waiter['client'] = 'native',
  host = 'a',
  ticket = 1,
): Waiter => ({
  host,
  ticket,
  lastSeenMs: NOW - intervalMs - lateMs - (client === 'native' ? 0 : UNNOTED_MS),
  intervalMs,
  client,
});

describe('a waiter', () => {
  test('keeps its place until it is ten minutes late, however long or short it was told to sleep', () => {
    fc.assert(
      fc.property(intervals, clients, fc.integer({ min: -10_000, max: 2 * LATEST_MS }), (intervalMs, client, lateMs) => {
        expect(isAlive(waiterLateBy(lateMs, intervalMs, client), NOW)).toBe(lateMs <= LATEST_MS);
      }),
    );
  });

  test('is offered a slot when it is about to ask or a minute late at most, and never loses its place by being passed over', () => {
    fc.assert(
      fc.property(intervals, clients, fc.integer({ min: -16_560_000, max: 2 * LATEST_MS }), (intervalMs, client, lateMs) => {
        const late = Math.max(-intervalMs, lateMs);
        const waiter = waiterLateBy(late, intervalMs, client);
        const near = isNear(waiter, OFFER_MS, NOW);
        if (late > GRACE_MS) expect(near).toBe(false);
        else if (late >= -OFFER_MS || intervalMs <= OFFER_MS / 2) expect(near).toBe(true);
        if (near) expect(isAlive(waiter, NOW)).toBe(true);
      }),
    );
  });

  test('that was late is the first to be offered a slot as soon as it has asked', () => {
    const punctual = waiterLateBy(0, 20_000, 'native', 'b', 2);
    const late = waiterLateBy(GRACE_MS + 1, 20_000);
    const hosts = (waiters: readonly Waiter[]) => candidates(lockWith({}), waiters, NOW).map(({ host }) => host);
    expect(hosts([late, punctual])).toEqual(['b']);
    expect(hosts([{ ...late, lastSeenMs: NOW }, punctual])).toEqual(['a', 'b']);
    expect(rankOf([late, punctual], 2, NOW)).toBe(1);
  });
});

describe('the typical hold', () => {
  test('is the first hold, and then moves by a twentieth of what the newest differs', () => {
    const next = (typicalHoldMs: number | undefined, heldMs: number) => nextTypicalHoldMs(lockWith({ typicalHoldMs }), heldMs);
    expect([next(undefined, 480_000), next(undefined, -1), next(400_000, 800_000), next(400_000, 0)]).toEqual([
      480_000, 0, 420_000, 380_000,
    ]);
  });

  test('does not double within eight updates that take three times as long', () => {
    const raised = Array.from({ length: 8 }).reduce<number>(
      (typicalHoldMs) => nextTypicalHoldMs(lockWith({ typicalHoldMs }), 1_440_000),
      480_000,
    );
    expect(raised).toBeLessThan(960_000);
  });
});
