import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { describe, expect, test } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { Fault } from '#domain/errors.ts';
import type { Grant, LockState } from '#domain/lock/lock-state.ts';
import type { LockWrite, WriteKind, WriteOf } from '#domain/lock/lock-write.ts';
import type { LockStore } from '#ports/lock-store.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { type FaultPlan, injectFaults, onCommand } from '../support/fault-injection.ts';
import { createLockTable, HOLD, lockConfig } from '../support/lock-setup.ts';
import type { MakePlace } from './places.ts';

export const lockStores =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<LockStore> =>
  async () => {
    const table = await createLockTable(dynamoDb(), emulators.freshName('locks'));
    return {
      open: (plan?: FaultPlan) => {
        const client: DynamoDBClient = dynamoDb({ retryStrategy: new ConfiguredRetryStrategy(3, 0) });
        if (plan !== undefined) injectFaults(client, plan);
        return dynamoLockStore(client, table);
      },
    };
  };

const IN_TIME = { withinMs: 30_000 };
const LOCK = 'update';
const cause = { by: 'test', atMs: 1_000, requestId: 'request', reason: undefined };

type Draft<Kind extends WriteKind> = Omit<WriteOf<Kind>, 'kind' | 'cause'>;
const write = <Kind extends WriteKind>(kind: Kind, draft: Draft<Kind>): LockWrite =>
  ({ kind, cause, ...draft }) as unknown as LockWrite;

const grantTo = (host: string, fence: number, change: Partial<Grant> = {}): Grant => ({
  host,
  fence,
  state: 'offered',
  grantedMs: 1_000,
  askedMs: undefined,
  deadlineMs: 2_000,
  leaseMs: undefined,
  requestId: `asked-by-${host}`,
  client: 'native',
  claimed: undefined,
  acknowledged: false,
  ...change,
});

const ENSURE = write('ensure', { config: lockConfig({ slots: 2 }), declared: undefined, id: 7 });
const grant = (host: string, fence: number, change: Partial<Grant> = {}): LockWrite =>
  write('grant', { grant: grantTo(host, fence, change) });
const confirm = (host: string, fence: number, leaseMs?: number): LockWrite =>
  write('confirm', { host, fence, heldSinceMs: 1_500, claimed: undefined, leaseMs });
const restamp = (host: string, fence: number, arrivedMs: number): LockWrite => write('restamp', { host, fence, arrivedMs });
const release = (host: string, fence: number, arrivedMs?: number): LockWrite =>
  write('release', { host, fence, arrivedMs, typicalHoldMs: undefined });
const handOff = (host: string, fence: number, next: Grant): LockWrite =>
  write('hand-off', { host, fence, next, arrivedMs: undefined, typicalHoldMs: undefined });
const evict = (host: string, fence: number, lapsedBeforeMs: number): LockWrite => write('evict', { host, fence, lapsedBeforeMs });
const evictAndGrant = (next: Grant, lapsed: { host: string; fence: number }, lapsedBeforeMs: number): LockWrite =>
  write('evict-and-grant', { grant: next, lapsed, lapsedBeforeMs });
const extend = (host: string, fence: number, deadlineMs: number): LockWrite => write('extend-offer', { host, fence, deadlineMs });
const renew = (host: string, fence: number, deadlineMs: number): LockWrite => write('renew', { host, fence, deadlineMs });
const fail = (host: string, fence: number): LockWrite => write('fail', { host, fence });
const force = (host: string, fence: number, seen: Grant['state'], counted: boolean): LockWrite =>
  write('force-release', { host, fence, seen, counted });
const resume = (version: number, ...acknowledged: string[]): LockWrite => write('resume', { version, acknowledged });
const configure = (version: number, change: Parameters<typeof lockConfig>[0]): LockWrite =>
  write('configure', { version, config: lockConfig(change), declared: 'd' });
const remove = (version: number): LockWrite => write('remove', { version });

/** Every transition once where its condition is true, and once for each clause where just that clause is false. */
const CASES: readonly {
  readonly title: string;
  readonly before: readonly LockWrite[];
  readonly tried: LockWrite;
  readonly done: boolean;
}[] = [
  { title: 'a lock is made', before: [], tried: ENSURE, done: true },
  { title: 'a lock that is there is not made again', before: [ENSURE], tried: ENSURE, done: false },
  { title: 'a removed lock is made again', before: [ENSURE, remove(1)], tried: ENSURE, done: true },
  { title: 'a slot is granted', before: [ENSURE], tried: grant('a.example.org', 1), done: true },
  { title: 'no slot of no lock is granted', before: [], tried: grant('a', 1), done: false },
  { title: 'no fence is given twice', before: [ENSURE, grant('a', 1)], tried: grant('b', 1), done: false },
  { title: 'a host has one grant', before: [ENSURE, grant('a', 1)], tried: grant('a', 2), done: false },
  { title: 'a full lock grants nothing', before: [ENSURE, grant('a', 1), grant('b', 2)], tried: grant('c', 3), done: false },
  {
    title: 'a disabled lock grants nothing',
    before: [ENSURE, configure(1, { enabled: false })],
    tried: grant('a', 1),
    done: false,
  },
  { title: 'a removed lock grants nothing', before: [ENSURE, remove(1)], tried: grant('a', 1), done: false },
  {
    title: 'a lock at its failure budget grants nothing',
    before: [ENSURE, grant('a', 1), confirm('a', 1), fail('a', 1)],
    tried: grant('b', 2),
    done: false,
  },
  { title: 'an offer is confirmed', before: [ENSURE, grant('a', 1)], tried: confirm('a', 1), done: true },
  { title: 'an offer is confirmed once', before: [ENSURE, grant('a', 1), confirm('a', 1)], tried: confirm('a', 1), done: false },
  { title: 'no other fence is confirmed', before: [ENSURE, grant('a', 1)], tried: confirm('a', 2), done: false },
  {
    title: 'a lease is confirmed as one',
    before: [ENSURE, grant('a', 1, { leaseMs: 60 })],
    tried: confirm('a', 1, 60),
    done: true,
  },
  {
    title: 'a lease is not confirmed for ever',
    before: [ENSURE, grant('a', 1, { leaseMs: 60 })],
    tried: confirm('a', 1),
    done: false,
  },
  {
    title: 'what has no lease is not confirmed with one',
    before: [ENSURE, grant('a', 1)],
    tried: confirm('a', 1, 60),
    done: false,
  },
  { title: 'an offer is extended', before: [ENSURE, grant('a', 1)], tried: extend('a', 1, 3_000), done: true },
  { title: 'an offer is not shortened', before: [ENSURE, grant('a', 1)], tried: extend('a', 1, 1_999), done: false },
  {
    title: 'what is held is no offer',
    before: [ENSURE, grant('a', 1), confirm('a', 1)],
    tried: extend('a', 1, 3_000),
    done: false,
  },
  {
    title: 'a lease is renewed',
    before: [ENSURE, grant('a', 1, { leaseMs: 60 }), confirm('a', 1, 60)],
    tried: renew('a', 1, 9_000),
    done: true,
  },
  {
    title: 'a late renewal does not shorten a lease',
    before: [ENSURE, grant('a', 1, { leaseMs: 60 }), confirm('a', 1, 60), renew('a', 1, 9_000)],
    tried: renew('a', 1, 8_999),
    done: false,
  },
  { title: 'an offer is not renewed', before: [ENSURE, grant('a', 1)], tried: renew('a', 1, 9_000), done: false },
  {
    title: 'what is held until released gets no deadline',
    before: [ENSURE, grant('a', 1), confirm('a', 1)],
    tried: renew('a', 1, 9_000),
    done: false,
  },
  { title: 'a slot is released', before: [ENSURE, grant('a', 1), confirm('a', 1)], tried: release('a', 1), done: true },
  { title: 'a slot is released once', before: [ENSURE, grant('a', 1), release('a', 1)], tried: release('a', 1), done: false },
  {
    title: 'a late release frees no later grant',
    before: [ENSURE, grant('a', 1), release('a', 1), grant('a', 2)],
    tried: release('a', 1),
    done: false,
  },
  {
    title: 'a release that arrived after the grant frees it',
    before: [ENSURE, grant('a', 1)],
    tried: release('a', 1, 1_000),
    done: true,
  },
  {
    title: 'a release that arrived before the grant does not',
    before: [ENSURE, grant('a', 1)],
    tried: release('a', 1, 999),
    done: false,
  },
  { title: 'a slot is handed on', before: [ENSURE, grant('a', 1)], tried: handOff('a', 1, grantTo('b', 2)), done: true },
  {
    title: 'a slot is handed on with a new fence',
    before: [ENSURE, grant('a', 1)],
    tried: handOff('a', 1, grantTo('b', 1)),
    done: false,
  },
  {
    title: 'a slot is not handed to a host that has one',
    before: [ENSURE, grant('a', 1), grant('b', 2)],
    tried: handOff('a', 1, grantTo('b', 3)),
    done: false,
  },
  {
    title: 'a disabled lock hands nothing on',
    before: [ENSURE, grant('a', 1), configure(2, { enabled: false })],
    tried: handOff('a', 1, grantTo('b', 2)),
    done: false,
  },
  {
    title: 'a lock at its failure budget hands nothing on',
    before: [ENSURE, grant('a', 1), confirm('a', 1), fail('a', 1)],
    tried: handOff('a', 1, grantTo('b', 2)),
    done: false,
  },
  {
    title: 'a lock that was made smaller hands nothing on',
    before: [ENSURE, grant('a', 1), grant('b', 2), configure(3, { slots: 1 })],
    tried: handOff('a', 1, grantTo('c', 3)),
    done: false,
  },
  {
    title: 'a lapsed offer of a full lock is taken over',
    before: [ENSURE, grant('a', 1), grant('b', 2)],
    tried: evictAndGrant(grantTo('c', 3), { host: 'a', fence: 1 }, 2_001),
    done: true,
  },
  {
    title: 'an offer is not taken over before its time',
    before: [ENSURE, grant('a', 1), grant('b', 2)],
    tried: evictAndGrant(grantTo('c', 3), { host: 'a', fence: 1 }, 2_000),
    done: false,
  },
  {
    title: 'what is held until released is never taken over',
    before: [ENSURE, grant('a', 1), grant('b', 2), confirm('a', 1)],
    tried: evictAndGrant(grantTo('c', 3), { host: 'a', fence: 1 }, 9_999),
    done: false,
  },
  {
    title: 'a lock at its failure budget takes nothing over',
    before: [ENSURE, grant('a', 1), grant('b', 2), confirm('b', 2), fail('b', 2)],
    tried: evictAndGrant(grantTo('c', 3), { host: 'a', fence: 1 }, 9_999),
    done: false,
  },
  {
    title: 'a grant counts from a later request',
    before: [ENSURE, grant('a', 1, { state: 'held' })],
    tried: restamp('a', 1, 1_001),
    done: true,
  },
  {
    title: 'a grant counts from a yet later request',
    before: [ENSURE, grant('a', 1, { state: 'held' }), restamp('a', 1, 1_001)],
    tried: restamp('a', 1, 1_002),
    done: true,
  },
  {
    title: 'a grant counts from no earlier request than its own',
    before: [ENSURE, grant('a', 1, { state: 'held' })],
    tried: restamp('a', 1, 1_000),
    done: false,
  },
  {
    title: 'a grant counts from no earlier request than the last',
    before: [ENSURE, grant('a', 1, { state: 'held' }), restamp('a', 1, 1_005)],
    tried: restamp('a', 1, 1_005),
    done: false,
  },
  { title: 'an offer counts from no request', before: [ENSURE, grant('a', 1)], tried: restamp('a', 1, 1_001), done: false },
  {
    title: 'a grant with another fence counts from no request',
    before: [ENSURE, grant('a', 1, { state: 'held' })],
    tried: restamp('a', 2, 1_001),
    done: false,
  },
  {
    title: 'a release that arrived before the last request does not free its grant',
    before: [ENSURE, grant('a', 1, { state: 'held' }), restamp('a', 1, 1_005)],
    tried: release('a', 1, 1_004),
    done: false,
  },
  {
    title: 'a release that arrived after the last request does',
    before: [ENSURE, grant('a', 1, { state: 'held' }), restamp('a', 1, 1_005)],
    tried: release('a', 1, 1_005),
    done: true,
  },
  { title: 'a lapsed offer ends', before: [ENSURE, grant('a', 1)], tried: evict('a', 1, 2_001), done: true },
  { title: 'an offer does not end before its time', before: [ENSURE, grant('a', 1)], tried: evict('a', 1, 2_000), done: false },
  {
    title: 'what is held does not end',
    before: [ENSURE, grant('a', 1), confirm('a', 1)],
    tried: evict('a', 1, 9_999),
    done: false,
  },
  { title: 'a failure is noted', before: [ENSURE, grant('a', 1), confirm('a', 1)], tried: fail('a', 1), done: true },
  {
    title: 'a failure counts once',
    before: [ENSURE, grant('a', 1), confirm('a', 1), fail('a', 1)],
    tried: fail('a', 1),
    done: false,
  },
  { title: 'an offer does not fail', before: [ENSURE, grant('a', 1)], tried: fail('a', 1), done: false },
  {
    title: 'a second failure after a resumption counts',
    before: [ENSURE, grant('a', 1), confirm('a', 1), fail('a', 1), resume(4, 'a')],
    tried: fail('a', 1),
    done: true,
  },
  { title: 'an operator takes a slot', before: [ENSURE, grant('a', 1)], tried: force('a', 1, 'offered', false), done: true },
  {
    title: 'not one that changed',
    before: [ENSURE, grant('a', 1), confirm('a', 1)],
    tried: force('a', 1, 'offered', false),
    done: false,
  },
  { title: 'not one with another fence', before: [ENSURE, grant('a', 1)], tried: force('a', 2, 'offered', false), done: false },
  {
    title: 'a failure that was acknowledged gives nothing back',
    before: [ENSURE, grant('a', 1), confirm('a', 1), fail('a', 1), resume(4, 'a')],
    tried: force('a', 1, 'failed', true),
    done: false,
  },
  { title: 'a lock is resumed', before: [ENSURE], tried: resume(1), done: true },
  { title: 'a lock that changed is not resumed', before: [ENSURE, grant('a', 1)], tried: resume(1), done: false },
  { title: 'a lock is configured', before: [ENSURE], tried: configure(1, { slots: 3 }), done: true },
  {
    title: 'a lock that changed is not configured',
    before: [ENSURE, grant('a', 1)],
    tried: configure(1, { slots: 3 }),
    done: false,
  },
  { title: 'a removed lock is not configured', before: [ENSURE, remove(1)], tried: configure(2, { slots: 3 }), done: false },
  { title: 'a lock is removed', before: [ENSURE], tried: remove(1), done: true },
  { title: 'a lock that is held is not removed', before: [ENSURE, grant('a', 1)], tried: remove(2), done: false },
];

const after = async (store: LockStore, writes: readonly LockWrite[]): Promise<LockState | undefined> => {
  for (const one of writes) expect(await store.write(LOCK, one, IN_TIME)).toMatchObject({ kind: 'written' });
  return store.read(LOCK, IN_TIME);
};

export const lockStoreContract = (make: MakePlace<LockStore>): void => {
  describe('conditions', () => {
    test.each(CASES)('$title', async ({ before, tried, done }) => {
      const store = (await make()).open();
      const was = await after(store, before);
      const result = await store.write(LOCK, tried, IN_TIME);
      const is = await store.read(LOCK, IN_TIME);
      if (done) {
        expect(result).toEqual({ kind: 'written', state: is });
        expect(is?.version).toBe((was?.version ?? 0) + 1);
        expect(is?.last).toMatchObject({ transition: tried.kind, by: 'test', atMs: 1_000, requestId: 'request' });
      } else {
        expect(result).toEqual({ kind: 'refused', seen: was });
        expect(is).toEqual(was);
      }
    });
  });

  test('a lock comes back whole', async () => {
    const store = (await make()).open();
    const leased = { state: 'held', leaseMs: 60, claimed: 'A', client: 'dlmengine' } as const;
    expect(await after(store, [ENSURE, grant('a.b', 1, leased), grant('b', 2)])).toEqual({
      ...lockConfig({ slots: 2 }),
      name: LOCK,
      id: 7,
      version: 3,
      fence: 2,
      failures: 0,
      grants: [grantTo('a.b', 1, leased), grantTo('b', 2)],
      typicalHoldMs: undefined,
      declared: undefined,
      removed: false,
      createdMs: 1_000,
      policy: HOLD,
      last: { transition: 'grant', ...cause, host: 'b', fence: 2, other: undefined },
    });
  });

  test('a confirmation notes the name that the holder goes by, and keeps the one that is there', async () => {
    const store = (await make()).open();
    const claimed = (host: string, fence: number, name: string | undefined): LockWrite =>
      write('confirm', { host, fence, heldSinceMs: 1_500, claimed: name, leaseMs: undefined });
    const before = [ENSURE, grant('a', 1), grant('b', 2, { claimed: 'B' })];
    const is = await after(store, [...before, claimed('a', 1, 'A.Example'), claimed('b', 2, undefined)]);
    expect(is?.grants.map((one) => [one.state, one.claimed])).toEqual([
      ['held', 'A.Example'],
      ['held', 'B'],
    ]);
  });

  test('a grant remembers the last request beside its own date', async () => {
    const store = (await make()).open();
    const is = await after(store, [ENSURE, grant('a', 1, { state: 'held' }), restamp('a', 1, 1_001)]);
    expect(is?.grants).toEqual([grantTo('a', 1, { state: 'held', askedMs: 1_001 })]);
    expect(is?.last).toEqual({ transition: 'restamp', ...cause, host: 'a', fence: 1, other: undefined });
  });

  test('a removed lock keeps its fence and its number', async () => {
    const store = (await make()).open();
    const again = write('ensure', { config: lockConfig(), declared: undefined, id: 9 });
    const is = await after(store, [ENSURE, grant('a', 1), release('a', 1), remove(3), again]);
    expect([is?.fence, is?.id, is?.version, is?.removed]).toEqual([1, 7, 5, false]);
    expect(await store.list(IN_TIME)).toEqual([is]);
  });

  test('of many who want the last slot one gets it', async () => {
    const place = await make();
    await after(place.open(), [ENSURE, grant('a', 1)]);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, at) => place.open().write(LOCK, grant(`h${at}`, 2), IN_TIME)),
    );
    expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
  });

  test('a grant whose reply was lost is refused when it is repeated, and shows the request that it was made for', async () => {
    const place = await make();
    await after(place.open(), [ENSURE]);
    const unlucky = place.open(onCommand('UpdateItemCommand', { kind: 'reply-lost' }));
    expect(await unlucky.write(LOCK, grant('a', 1), IN_TIME)).toMatchObject({
      kind: 'refused',
      seen: { fence: 1, grants: [{ host: 'a', fence: 1, requestId: 'asked-by-a' }] },
    });
  });

  test('a write without any reply is unknown, a read without one is a Fault', async () => {
    const store = (await make()).open(() => ({ kind: 'request-lost' }));
    expect(await store.write(LOCK, ENSURE, IN_TIME)).toMatchObject({ kind: 'unknown' });
    await expect(store.read(LOCK, IN_TIME)).rejects.toThrow(Fault);
  });

  describe('the queue', () => {
    const newcomer = (host: string, nowMs = 10) =>
      ({ host, client: 'native', nowMs, intervalMs: (ticket: number) => ticket * 100 }) as const;

    test('is in the order of arrival, and whoever asks again keeps the place', async () => {
      const store = (await make()).open();
      for (const host of ['c', 'a', 'b']) await store.enqueue(LOCK, newcomer(host), IN_TIME);
      const again = await store.enqueue(LOCK, newcomer('c', 99), IN_TIME);
      expect(again).toEqual({ host: 'c', ticket: 1, lastSeenMs: 10, intervalMs: 100, client: 'native' });
      expect((await store.waiters(LOCK, 10, IN_TIME)).map(({ host, ticket }) => [host, ticket])).toEqual([
        ['c', 1],
        ['a', 2],
        ['b', 3],
      ]);
      expect(await store.waiters(LOCK, 2, IN_TIME)).toHaveLength(2);
      expect(await store.waiters('other', 2, IN_TIME)).toEqual([]);
    });

    test('notes who is alive, and forgets nobody for it', async () => {
      const store = (await make()).open();
      const own = await store.enqueue(LOCK, newcomer('a'), IN_TIME);
      const noted = { ...own, lastSeenMs: 500, intervalMs: 7 };
      await store.touch(LOCK, noted, IN_TIME);
      expect(await store.waiter(LOCK, 'a', IN_TIME)).toEqual(noted);
      await store.touch(LOCK, { ...noted, host: 'gone' }, IN_TIME);
      expect(await store.waiter(LOCK, 'gone', IN_TIME)).toBeUndefined();
    });

    test('is left with the ticket that one had', async () => {
      const store = (await make()).open();
      await store.enqueue(LOCK, newcomer('a'), IN_TIME);
      expect(await store.dequeue(LOCK, 'a', 2, IN_TIME)).toBe(false);
      expect(await store.dequeue(LOCK, 'a', 1, IN_TIME)).toBe(true);
      expect(await store.dequeue(LOCK, 'a', undefined, IN_TIME)).toBe(false);
    });
  });

  test('numbers of locks are never given twice', async () => {
    const store = (await make()).open();
    expect(await store.allocateId('x', IN_TIME)).toBe(1);
    expect(await store.allocateId('y', IN_TIME)).toBe(2);
    expect([await store.nameOf(1, IN_TIME), await store.nameOf(2, IN_TIME), await store.nameOf(3, IN_TIME)]).toEqual([
      'x',
      'y',
      undefined,
    ]);
  });
};
