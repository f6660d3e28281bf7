import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { takeTransition } from '#domain/drain/take-transition.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import { aBegin, admitAll, allListed, aPair, aView, changeOf, EVERYBODY, groupNow, wantedNow } from '../support/a-drain.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { onCommand } from '../support/fault-injection.ts';
import { faulty, freshTable, type MakePlace, quickRetries } from './places.ts';

export const drainStores =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<DrainStore> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('drains'), 'pk', 'sk');
    return { open: (plan) => dynamoDrainStore(faulty(dynamoDb(quickRetries()), plan), table) };
  };

const KEY = { host: 'a', category: 'linux' };
const REGION = { key: 'region:eu', minInService: 1, maxDraining: 1 };
const BOTH = [EVERYBODY, REGION];

export const drainStoreContract = (make: MakePlace<DrainStore>, options: { readonly faults: boolean }): void => {
  describe('a pair', () => {
    test('comes back as it was written, with everything or with nothing in it', async () => {
      const store = (await make()).open();
      expect(await store.pair(KEY)).toBeUndefined();
      const full = aPair({
        version: 1,
        expectedMs: 5,
        ticketMs: 7,
        endedMs: 8,
        publishedMs: 9,
        retractions: 2,
        baseline: { facts: 'ab', generation: 4 },
        served: false,
        hold: { by: 'eve', reason: 'disk', atMs: 3 },
        reason: 'why',
        groups: ['global:*', 'region:eu'],
      });
      const bare = aPair({ version: 2, leaseUntilMs: undefined, capMs: undefined, groups: [], writeId: 'other' });
      for (const next of [full, bare]) {
        expect(await store.write({ transition: 'renew', seen: next.version - 1, next, slots: [], event: undefined })).toEqual({
          kind: 'written',
        });
        expect(await store.pair(KEY)).toEqual(next);
      }
      expect(await store.pairs('linux')).toEqual([bare]);
      expect(await store.pairs('other')).toEqual([]);
    });

    test('is written only from the version that was read', async () => {
      const store = (await make()).open();
      const change = (seen: number, writeId: string) =>
        ({ transition: 'renew', seen, next: aPair({ version: seen + 1, writeId }), slots: [], event: undefined }) as const;
      expect(await store.write(change(1, 'too-early'))).toEqual({ kind: 'refused' });
      expect(await store.write(change(0, 'first'))).toEqual({ kind: 'written' });
      expect(await store.write(change(0, 'again'))).toEqual({ kind: 'refused' });
      expect(await store.write(change(1, 'second'))).toEqual({ kind: 'written' });
      expect(await store.write(change(1, 'late'))).toEqual({ kind: 'refused' });
      expect((await store.pair(KEY))?.writeId).toBe('second');
    });
  });

  describe('a slot', () => {
    test('is taken in all groups or in none', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a', 'b', 'c']);
      await admitAll(store, ['a', 'b'], ['region:eu']);
      const first = await wantedNow(store, 'a', aBegin(), BOTH);
      if (first === undefined) throw new Error('a has nothing to write');
      expect(first.slots.map(({ kind, group }) => `${kind} ${group}`)).toEqual(['take global:*', 'take region:eu']);
      expect(await store.write(first)).toEqual({ kind: 'written' });
      expect(await groupNow(store)).toEqual({ inService: ['b', 'c'], draining: ['a'] });
      expect(await groupNow(store, 'region:eu')).toEqual({ inService: ['b'], draining: ['a'] });

      // Decided from groups that allowed it: the region's minimum refuses, and nothing of the rest happens.
      const limits = [{ ...EVERYBODY, maxDraining: 2 }, REGION];
      const late = changeOf(aView('b', { groups: allListed(['a', 'b', 'c'], limits) }), aBegin());
      expect(await store.write(late)).toEqual({ kind: 'refused' });
      expect(await store.pair({ host: 'b', category: 'linux' })).toBeUndefined();
      expect(await groupNow(store)).toEqual({ inService: ['b', 'c'], draining: ['a'] });
    });

    test.each([
      ['the minimum is reached', ['a']],
      ['the host is not in service', ['b', 'c']],
      ['nobody is in the group at all', []],
    ])('is refused when %s, whatever the decision believed', async (_, listed) => {
      const store = (await make()).open();
      if (listed.length > 0) await admitAll(store, listed);
      expect(await store.write(changeOf(aView('a', { groups: allListed(['a', 'b', 'c', 'd']) }), aBegin()))).toEqual({
        kind: 'refused',
      });
      expect(await store.pair(KEY)).toBeUndefined();
      expect(await groupNow(store)).toEqual({ inService: listed, draining: [] });
    });

    test('is refused when the maximum is reached, whatever the decision believed', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a', 'b', 'c']);
      const groups = allListed(['a', 'b', 'c']);
      expect(await store.write(changeOf(aView('b', { groups }), aBegin()))).toEqual({ kind: 'written' });
      expect(await store.write(changeOf(aView('a', { groups }), aBegin()))).toEqual({ kind: 'refused' });
      expect(await groupNow(store)).toEqual({ inService: ['a', 'c'], draining: ['b'] });
    });

    test('goes to exactly one of two hosts that begin at once where one must stay', async () => {
      const place = await make();
      for (let round = 0; round < 10; round += 1) {
        const store = (await make()).open();
        await admitAll(store, ['a', 'b']);
        const changes = ['a', 'b'].map((host) => changeOf(aView(host, { groups: allListed(['a', 'b']) }), aBegin()));
        const results = await Promise.all(changes.map((change) => store.write(change)));
        // Both may be refused when their transactions collide; whoever asks again then gets it.
        const again = results.every(({ kind }) => kind === 'refused')
          ? await Promise.all(changes.slice(0, 1).map(store.write))
          : [];
        expect([...results, ...again].filter(({ kind }) => kind === 'written')).toHaveLength(1);
        const { inService, draining } = await groupNow(store);
        expect([inService.length, draining.length]).toEqual([1, 1]);
      }
      expect(await place.open().pairs('linux')).toEqual([]);
    });

    test('goes to exactly one of twelve that ask until they are told', async () => {
      const store = (await make()).open();
      const hosts = Array.from({ length: 12 }, (_, at) => `h${String(at).padStart(2, '0')}`);
      await admitAll(store, hosts);
      const began = await Promise.all(
        hosts.map((host) =>
          store.change({ host, category: 'linux' }, ['global:*'], ({ pair, groups }) =>
            changeOf(aView(host, { pair, groups: groups.map((group) => ({ ...EVERYBODY, ...group })) }), aBegin()),
          ),
        ),
      );
      expect(began.map(({ pair }) => pair?.state).toSorted()).toEqual(['DRAINING', ...Array(11).fill('WAITING')]);
      expect((await groupNow(store)).draining).toHaveLength(1);
    });

    test('is given back, and the host is not in service before a publisher says so', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a', 'b']);
      const drained = await wantedNow(store, 'a', aBegin());
      if (drained !== undefined) await store.write(drained);
      const { pair } = await store.change(KEY, [], (now) =>
        takeTransition('end', aView('a', { pair: now.pair }), { endedMs: 1 }),
      );
      expect(pair?.groups).toEqual(['global:*']);
      await store.change(KEY, [], (now) => takeTransition('return', aView('a', { pair: now.pair }), {}));
      expect(await groupNow(store)).toEqual({ inService: ['b'], draining: [] });
      await admitAll(store, ['a']);
      expect(await groupNow(store)).toEqual({ inService: ['a', 'b'], draining: [] });
    });

    test('is not needed by a host that is not listed, as long as it is not', async () => {
      const store = (await make()).open();
      await admitAll(store, ['b']);
      const alone = changeOf(aView('a', { groups: allListed(['b']) }), aBegin());
      expect(alone.transition).toBe('provision');
      await admitAll(store, ['a']);
      expect(await store.write(alone)).toEqual({ kind: 'refused' });
      expect(await store.pair(KEY)).toBeUndefined();
    });

    test('is not asked for by a hold, which leaves the group whatever remains', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a']);
      await store.change(KEY, [], () => takeTransition('hold', aView('a', { groups: allListed(['a']) }), {}));
      expect(await groupNow(store)).toEqual({ inService: [], draining: [] });
    });
  });

  describe('those in service', () => {
    test('are only such that are not away', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a', 'b']);
      const drained = await wantedNow(store, 'a', aBegin());
      if (drained !== undefined) await store.write(drained);
      const [group] = await store.groups('linux');
      const edit = { category: 'linux', key: 'global:*', revision: group?.revision ?? 0, hosts: ['a', 'c'] };
      expect(await store.admit([edit])).toEqual({ kind: 'refused' });
      expect(await groupNow(store)).toEqual({ inService: ['b'], draining: ['a'] });
      expect(await store.admit([{ ...edit, hosts: ['c'] }])).toEqual({ kind: 'written' });
      expect(await groupNow(store)).toEqual({ inService: ['b', 'c'], draining: ['a'] });
    });

    test('change only as the publisher read them', async () => {
      const store = (await make()).open();
      await admitAll(store, ['a', 'b']);
      const edit = { category: 'linux', key: 'global:*', revision: 1, hosts: ['b'] };
      expect(await store.expel({ ...edit, revision: 0 })).toEqual({ kind: 'refused' });
      expect(await store.expel(edit)).toEqual({ kind: 'written' });
      expect(await store.admit([edit])).toEqual({ kind: 'refused' });
      expect(await store.groups('linux')).toEqual([
        { category: 'linux', key: 'global:*', inService: ['a'], draining: [], revision: 2 },
      ]);
      expect(await store.expel({ ...edit, revision: 2, hosts: ['a'] })).toEqual({ kind: 'written' });
      expect(await groupNow(store)).toEqual({ inService: [], draining: [] });
    });

    test('may be more than fit one transaction', async () => {
      const store = (await make()).open();
      const hosts = Array.from({ length: 230 }, (_, at) => `h${String(at).padStart(3, '0')}`);
      await admitAll(store, hosts, ['global:*', 'region:eu']);
      expect(await groupNow(store, 'region:eu')).toEqual({ inService: hosts, draining: [] });
      expect(await groupNow(store)).toEqual({ inService: hosts, draining: [] });
    });
  });

  test('the history is newest first, in pages', async () => {
    const store = (await make()).open();
    await admitAll(store, ['a', 'b']);
    const drained = await wantedNow(store, 'a', aBegin());
    if (drained !== undefined) await store.write(drained);
    await store.change(KEY, [], (now) => takeTransition('end', aView('a', { pair: now.pair, nowMs: 2_000_000 }), { endedMs: 1 }));
    const told = (await store.history(KEY, 10)).map(({ version, transition, from, to, by }) => [
      version,
      transition,
      from,
      to,
      by,
    ]);
    expect(told).toEqual([
      [2, 'end', 'DRAINING', 'VERIFYING', 'host:a'],
      [1, 'drain', 'none', 'DRAINING', 'host:a'],
    ]);
    expect((await store.history(KEY, 1)).map(({ version }) => version)).toEqual([2]);
    expect((await store.history(KEY, 10, 2)).map(({ version }) => version)).toEqual([1]);
    expect(await store.history({ host: 'b', category: 'linux' }, 10)).toEqual([]);
  });

  // A store in memory has no replies that could be lost.
  if (!options.faults) return;
  describe('a reply that is lost', () => {
    test.each(['TransactWriteItemsCommand', 'PutItemCommand'])(
      'after %s changes nothing and is not taken for a refusal',
      async (command) => {
        const place = await make();
        const store = place.open(onCommand(command, { kind: 'reply-lost' }));
        await admitAll(place.open(), ['a', 'b']);
        const drained = await wantedNow(store, 'a', aBegin());
        if (drained === undefined) throw new Error('nothing to write');
        const change = command === 'PutItemCommand' ? { ...drained, slots: [], event: undefined } : drained;
        expect(await store.write(change)).toEqual({ kind: 'written' });
        expect((await store.pair(KEY))?.version).toBe(1);
        expect(await store.write({ ...change, next: { ...change.next, writeId: randomUUID() } })).toEqual({ kind: 'refused' });
      },
    );

    test('of every try leaves the change for the next decision to find', async () => {
      const place = await make();
      const lost = { kind: 'reply-lost' } as const;
      const store = place.open(onCommand('TransactWriteItemsCommand', lost, lost, lost));
      await admitAll(place.open(), ['a', 'b']);
      const drained = await wantedNow(store, 'a', aBegin());
      if (drained === undefined) throw new Error('nothing to write');
      await expect(store.write(drained)).rejects.toThrow('writing the synchronisation of a in linux failed');
      expect(await store.pair(KEY)).toEqual(drained.next);
      expect(await wantedNow(store, 'a', aBegin())).toBeUndefined();
      expect(await groupNow(store)).toEqual({ inService: ['b'], draining: ['a'] });
    });

    test('of a collision with another transaction is a refusal', async () => {
      const place = await make();
      await admitAll(place.open(), ['a', 'b']);
      const store = place.open(onCommand('TransactWriteItemsCommand', { kind: 'transaction-conflict', items: 3 }));
      const drained = await wantedNow(store, 'a', aBegin());
      if (drained === undefined) throw new Error('nothing to write');
      const { pair } = await store.change(KEY, [], (now) =>
        now.pair === undefined ? { ...drained, next: { ...drained.next, writeId: randomUUID() } } : undefined,
      );
      expect(pair?.state).toBe('DRAINING');
    });
  });
};
