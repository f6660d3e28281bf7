import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Observation } from '#domain/crawl/observation.ts';
import { Fault } from '#domain/errors.ts';
import type { ObservationStore } from '#ports/observation-store.ts';
import { onCommand } from '../support/fault-injection.ts';
import { leaseHistory } from './lease-history.ts';
import type { MakePlace } from './places.ts';

export const observationOf = (host: string, category: string, unproven = 0): Observation => ({
  host,
  category,
  generation: 3,
  facts: 'ab'.repeat(32),
  health: [
    {
      protocol: 'https',
      state: 'ok',
      sinceMs: 1,
      consecutiveFailures: 0,
      consecutiveSuccesses: 4,
      lastOkMs: 9,
      evidence: { atMs: 9, url: `https://${host}/`, text: 'HTTP 200' },
    },
    {
      protocol: 'rsync',
      state: 'unknown',
      sinceMs: 1,
      consecutiveFailures: 1,
      consecutiveSuccesses: 0,
      lastOkMs: undefined,
      evidence: { atMs: 8, url: `rsync://${host}/`, text: 'connection refused' },
    },
  ],
  checkedMs: { reach: 9, heads: 5 },
  unproven,
  notBeforeMs: 0,
  evidence: [{ atMs: 9, url: `https://${host}/x`, text: 'x' }],
});

const HISTORIES = 200;

export const observationStoreContract = (make: MakePlace<ObservationStore>): void => {
  describe('a lease', () => {
    test('is granted with fence 1 and no observation where nothing was ever written', async () => {
      const store = (await make()).open();
      expect(await store.acquire('a', 'c', 100, 200)).toEqual({ kind: 'granted', fence: 1, observation: undefined });
    });

    test('is held until its time is over, and then taken over with a higher fence', async () => {
      const store = (await make()).open();
      await store.acquire('a', 'c', 100, 200);
      expect(await store.acquire('a', 'c', 199, 299)).toEqual({ kind: 'held', untilMs: 200 });
      expect(await store.acquire('a', 'c', 200, 300)).toEqual({ kind: 'granted', fence: 2, observation: undefined });
    });

    test('goes to exactly one of many who ask at once', async () => {
      const place = await make();
      const grants = await Promise.all(Array.from({ length: 12 }, () => place.open().acquire('a', 'c', 100, 200)));
      expect(grants.filter(({ kind }) => kind === 'granted')).toEqual([{ kind: 'granted', fence: 1, observation: undefined }]);
      expect(grants.filter(({ kind }) => kind === 'held')).toEqual(Array(11).fill({ kind: 'held', untilMs: 200 }));
    });

    test('of one host and category says nothing of another', async () => {
      const store = (await make()).open();
      await store.acquire('a', 'c', 100, 200);
      for (const [host, category] of [
        ['b', 'c'],
        ['a', 'd'],
      ] as const) {
        expect(await store.acquire(host, category, 100, 200)).toEqual({ kind: 'granted', fence: 1, observation: undefined });
      }
    });

    test('whose granting reply was lost is granted to the same asker, and to nobody else', async () => {
      const place = await make();
      const unlucky = place.open(onCommand('UpdateItemCommand', { kind: 'reply-lost' }));
      expect(await unlucky.acquire('a', 'c', 100, 200)).toEqual({ kind: 'granted', fence: 1, observation: undefined });
      expect(await place.open().acquire('a', 'c', 150, 250)).toEqual({ kind: 'held', untilMs: 200 });
      expect(await unlucky.acquire('a', 'c', 150, 250)).toEqual({ kind: 'held', untilMs: 200 });
    });
  });

  describe('a write', () => {
    test('replaces the observation and gives the lease back', async () => {
      const store = (await make()).open();
      const observation = observationOf('a', 'c');
      await store.acquire('a', 'c', 100, 200);
      expect(await store.write(observation, 1)).toEqual({ kind: 'written' });
      expect(await store.list('c')).toEqual([observation]);
      expect(await store.acquire('a', 'c', 101, 201)).toEqual({ kind: 'granted', fence: 2, observation });
    });

    test('with an old fence is lost and changes nothing', async () => {
      const store = (await make()).open();
      const observation = observationOf('a', 'c', 1);
      await store.acquire('a', 'c', 100, 200);
      await store.acquire('a', 'c', 200, 300);
      expect(await store.write(observationOf('a', 'c', 7), 1)).toEqual({ kind: 'lost' });
      expect(await store.list('c')).toEqual([]);
      expect(await store.acquire('a', 'c', 250, 350)).toEqual({ kind: 'held', untilMs: 300 });
      expect(await store.write(observation, 2)).toEqual({ kind: 'written' });
      expect(await store.write(observationOf('a', 'c', 8), 1)).toEqual({ kind: 'lost' });
      expect(await store.list('c')).toEqual([observation]);
    });

    test('is lost where nobody ever had a lease', async () => {
      const store = (await make()).open();
      expect(await store.write(observationOf('a', 'c'), 0)).toEqual({ kind: 'lost' });
      expect(await store.list('c')).toEqual([]);
    });

    test('counts after the lease has lapsed, as long as nobody took it over', async () => {
      const store = (await make()).open();
      await store.acquire('a', 'c', 100, 200);
      expect(await store.write(observationOf('a', 'c'), 1)).toEqual({ kind: 'written' });
    });

    test('whose reply was lost is written, once', async () => {
      const place = await make();
      const store = place.open(onCommand('UpdateItemCommand', undefined, { kind: 'reply-lost' }));
      await store.acquire('a', 'c', 100, 200);
      expect(await store.write(observationOf('a', 'c', 1), 1)).toEqual({ kind: 'written' });
      expect(await store.write(observationOf('a', 'c', 2), 1)).toEqual({ kind: 'lost' });
      expect(await store.list('c')).toEqual([observationOf('a', 'c', 1)]);
    });
  });

  describe('the list', () => {
    test('is in host order and leaves out hosts that were leased and never written', async () => {
      const store = (await make()).open();
      for (const host of ['b', 'c', 'a']) {
        await store.acquire(host, 'c', 1, 2);
        if (host !== 'c') await store.write(observationOf(host, 'c'), 1);
      }
      expect(await store.list('c')).toEqual([observationOf('a', 'c'), observationOf('b', 'c')]);
      expect(await store.list('nothing')).toEqual([]);
    });

    test('goes on beyond one page of the table, one megabyte', async () => {
      const store = (await make()).open();
      const text = 'x'.repeat(100_000);
      const all = Array.from({ length: 12 }, (_, index): Observation => {
        const observation = observationOf(`h${String(index).padStart(2, '0')}`, 'c');
        return { ...observation, evidence: [{ atMs: 1, url: 'https://h/', text }] };
      });
      for (const observation of all) {
        await store.acquire(observation.host, 'c', 1, 2);
        await store.write(observation, 1);
      }
      expect(await store.list('c')).toEqual(all);
    });
  });

  describe('faults', () => {
    test.each([{ kind: 'throttled' } as const, { kind: 'request-lost' } as const])('$kind is survived twice', async (fault) => {
      const store = (await make()).open(onCommand('UpdateItemCommand', fault, fault));
      expect(await store.acquire('a', 'c', 100, 200)).toEqual({ kind: 'granted', fence: 1, observation: undefined });
    });

    test.each([{ kind: 'throttled' } as const, { kind: 'request-lost' } as const])(
      '$kind without end is a Fault',
      async (fault) => {
        const store = (await make()).open(() => fault);
        await expect(store.acquire('a', 'c', 100, 200)).rejects.toThrow(Fault);
        await expect(store.write(observationOf('a', 'c'), 1)).rejects.toThrow(Fault);
        await expect(store.list('c')).rejects.toThrow(Fault);
      },
    );
  });

  test(`over ${HISTORIES} histories of acquiring, writing, waiting and lost replies the store does what the rules say`, async () => {
    const history = leaseHistory(await make());
    const seed = Date.now();
    console.log(`lease histories: seed ${seed}`);
    await fc.assert(fc.asyncProperty(history.commands, history.run), { numRuns: HISTORIES, seed, endOnFailure: true });
  });
};
