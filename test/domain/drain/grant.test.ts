import { describe, expect, test } from 'vitest';
import type { SyncPair } from '#domain/drain/drain-state.ts';
import { ASKS_WITHIN_MS, chanceOf, type Rival, turnOf } from '#domain/drain/grant.ts';
import type { BoundGroup } from '#domain/drain/groups.ts';
import { aPair } from '../../support/a-drain.ts';

const NOW = 10_000_000;
const group = (key: string, inService: readonly string[], draining: readonly string[] = [], maxDraining = 1): BoundGroup => ({
  key,
  minInService: 1,
  maxDraining,
  inService,
  draining,
});

const waiter = (host: string, groups: readonly BoundGroup[], changed: Partial<SyncPair> = {}): Rival => ({
  pair: aPair({ host, state: 'WAITING', ticketMs: NOW - 1_000, seenMs: NOW, groups: [], ...changed }),
  groups,
});

describe('the chance of a host', () => {
  test.each([
    ['is free where enough stay and nobody is away', [group('global:*', ['a', 'b'])], 'free'],
    ['is free where nothing bounds it', [], 'free'],
    ['is none of being missed where nobody counts on it', [group('global:*', ['b'])], 'not-listed'],
    ['is refused by the minimum', [group('global:*', ['a'])], 'minimum'],
    ['is refused by the maximum', [group('global:*', ['a', 'b'], ['c'])], 'maximum'],
    ['is refused by one group of several', [group('global:*', ['a', 'b', 'c']), group('region:eu', ['a'])], 'minimum'],
    ['is unsettled where only some groups count on it', [group('global:*', ['a', 'b']), group('region:eu', ['b'])], 'unsettled'],
  ])('%s', (_, groups, expected) => {
    const chance = chanceOf('a', groups);
    expect(chance.kind === 'refused' ? chance.by : chance.kind).toBe(expected);
  });
});

describe('the turn of a host', () => {
  const free = [group('global:*', ['a', 'b', 'c'])];

  test('comes after those who came first and could go themselves', () => {
    expect(turnOf('a', NOW, free, [waiter('b', free)], NOW)).toEqual({ kind: 'wait', reason: 'b came first' });
    expect(turnOf('a', NOW - 2_000, free, [waiter('b', free)], NOW)).toEqual({ kind: 'go', groups: ['global:*'] });
  });

  test('is decided by name between those who came in the same millisecond', () => {
    const same = { ticketMs: NOW };
    expect(turnOf('a', NOW, free, [waiter('b', free, same)], NOW).kind).toBe('go');
    expect(turnOf('c', NOW, free, [waiter('b', free, same)], NOW).kind).toBe('wait');
  });

  test('does not wait for somebody whose own region is at its minimum', () => {
    const stuck = [...free, group('region:us', ['b'])];
    expect(turnOf('a', NOW, free, [waiter('b', stuck, { ticketMs: 0 })], NOW).kind).toBe('go');
  });

  test('does not wait for somebody who shares no group, or no longer asks', () => {
    const elsewhere = [group('region:us', ['b', 'x'])];
    expect(turnOf('a', NOW, [group('region:eu', ['a', 'y'])], [waiter('b', elsewhere)], NOW).kind).toBe('go');
    const silent = { seenMs: NOW - ASKS_WITHIN_MS - 1 };
    expect(turnOf('a', NOW, free, [waiter('b', free, silent)], NOW).kind).toBe('go');
  });

  test('leaves slots to somebody who has waited for long for all of theirs at one time', () => {
    const own = [group('provider:p', ['a', 'b', 'c'])];
    const both = [...own, group('region:us', ['b', 'x'], ['y'])];
    const young = { ticketMs: NOW - 60_000 };
    const old = { ticketMs: NOW - 20 * 60_000 };
    expect(turnOf('a', NOW, own, [waiter('b', both, young)], NOW).kind).toBe('go');
    expect(turnOf('a', NOW, own, [waiter('b', both, old)], NOW)).toEqual({ kind: 'wait', reason: 'b came first' });
  });
});
