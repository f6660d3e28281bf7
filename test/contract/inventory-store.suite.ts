import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, Fault } from '#domain/errors.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import { onCommand } from '../support/fault-injection.ts';
import { anyHost, anyInventory } from '../support/inventory-arbitrary.ts';
import type { MakePlace } from './places.ts';

const namesOf = ({ sites, categories, hosts, locks, content }: Inventory): readonly string[] => [
  ...sites.map((one) => `site/${one.id}`),
  ...categories.map((one) => `category/${one.id}`),
  ...hosts.map((one) => `host/${one.id}`),
  'settings',
  ...(locks === undefined ? [] : ['locks']),
  ...(content === undefined ? [] : ['content']),
];

const sample = (seed: number): Inventory => fc.sample(anyInventory(), { seed, numRuns: 1 })[0]!;

/** More than one batch and, at a kilobyte each, more than one page of a query. */
const large = (hosts: number, bytes: number): Inventory => {
  const base = sample(5);
  const [host] = fc.sample(anyHost(fc.constant(base.sites[0]!.id), fc.constant(base.categories[0]!.id)), { seed: 1, numRuns: 1 });
  const all = Array.from({ length: hosts }, (_, at) => ({
    ...host!,
    id: `host-${String(at).padStart(6, '0')}`,
    netblocks: ['x'.repeat(bytes)],
  }));
  return { ...base, hosts: all };
};

/** What every InventoryStore does, whatever it keeps its entities in. */
export const inventoryStoreContract = (makePlace: MakePlace<InventoryStore>): void => {
  describe('an inventory store', { timeout: 120_000 }, () => {
    test('ends with one of two files that are applied at the same time, whole', async () => {
      const place = await makePlace();
      const [left, right] = [
        large(120, 10),
        { ...large(130, 20), sites: sample(5).sites.map((one) => ({ ...one, name: 'other' })) },
      ];
      await Promise.all([place.open().apply(left), place.open().apply(right)]);
      const found = await place.open().load();
      expect([left, right]).toContainEqual(found);
    });

    test('has nothing to load before the first apply', async () => {
      const store = (await makePlace()).open();
      await expect(store.load()).rejects.toThrow(ConfigError);
    });

    test('gives back what was applied, and tells that all of it was added', async () => {
      const store = (await makePlace()).open();
      const inventory = sample(1);
      const change = await store.apply(inventory);
      expect({ ...change, added: change.added.toSorted() }).toEqual({
        added: namesOf(inventory).toSorted(),
        changed: [],
        removed: [],
      });
      expect(await store.load()).toEqual(inventory);
    });

    test('tells beforehand what an apply would do, and does none of it', async () => {
      const store = (await makePlace()).open();
      await store.apply(sample(2));
      const told = await store.compare(sample(3));
      expect(await store.load()).toEqual(sample(2));
      expect(await store.apply(sample(3))).toEqual(told);
    });

    test('changes nothing when the same inventory is applied again', async () => {
      const store = (await makePlace()).open();
      await store.apply(sample(1));
      expect(await store.apply(sample(1))).toEqual({ added: [], changed: [], removed: [] });
    });

    test('names what was added, changed and removed', async () => {
      const store = (await makePlace()).open();
      const before = sample(2);
      const [host] = before.hosts;
      const after: Inventory = {
        ...before,
        settings: { ...before.settings, name: 'another name' },
        hosts: [
          { ...host!, bandwidthMbps: 7 },
          { ...host!, id: 'zz-new' },
        ],
      };
      await store.apply(before);
      expect(await store.apply(after)).toEqual({
        added: ['host/zz-new'],
        changed: [`host/${host!.id}`, 'settings'],
        removed: before.hosts.slice(1).map((one) => `host/${one.id}`),
      });
      expect(await store.load()).toEqual(after);
    });

    test('always holds what was applied last', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyInventory(), { minLength: 1, maxLength: 4 }), async (inventories) => {
          const store = (await makePlace()).open();
          for (const inventory of inventories) {
            await store.apply(inventory);
            expect(await store.load()).toEqual(inventory);
          }
        }),
        { numRuns: 15 },
      );
    });

    test('reads more than one page', async () => {
      const store = (await makePlace()).open();
      const inventory = large(300, 5_000);
      await store.apply(inventory);
      expect(await store.load()).toEqual(inventory);
    });

    test('is not loadable while a first apply was cut off, and whole after a repeat', async () => {
      const place = await makePlace();
      const store = place.open();
      const inventory = large(120, 10);
      // Three tries for each request: the second transaction is lost for good.
      const lost = { kind: 'request-lost' } as const;
      const cut = place.open(onCommand('TransactWriteItemsCommand', undefined, lost, lost, lost));
      await expect(cut.apply(inventory)).rejects.toThrow(Fault);
      await expect(store.load()).rejects.toThrow(ConfigError);
      await store.apply(inventory);
      expect(await store.load()).toEqual(inventory);
    });

    test('is whole, with every reference held, wherever a change was cut off', async () => {
      const before = large(130, 10);
      const next = sample(9);
      const renamed = next.categories.map((one) => ({ ...one, id: `new-${one.id}` }));
      const after: Inventory = {
        ...next,
        categories: renamed,
        hosts: next.hosts.map((host) => ({
          ...host,
          carries: host.carries.map((one) => ({ ...one, category: `new-${one.category}` })),
        })),
      };
      for (let cutAt = 1; cutAt <= 4; cutAt += 1) {
        const place = await makePlace();
        const store = place.open();
        await store.apply(before);
        let writes = 0;
        const cut = place.open(({ command }) => {
          if (command !== 'TransactWriteItemsCommand') return undefined;
          writes += 1;
          return writes >= cutAt ? { kind: 'request-lost' } : undefined;
        });
        await cut.apply(after).catch((error: unknown) => expect(error).toBeInstanceOf(Fault));
        const between = await store.load();
        const categories = new Set(between.categories.map((one) => one.id));
        expect(between.hosts.flatMap((host) => host.carries.filter((one) => !categories.has(one.category)))).toEqual([]);
        await store.apply(after);
        expect(await store.load()).toEqual(after);
      }
    });

    test('loses nothing to throttling and lost replies', async () => {
      const place = await makePlace();
      const inventory = large(160, 10);
      const throttled = { kind: 'throttled' } as const;
      const lost = { kind: 'reply-lost' } as const;
      const store = place.open(onCommand('TransactWriteItemsCommand', lost, throttled, undefined, throttled, undefined, lost));
      await store.apply(inventory);
      expect(await place.open().load()).toEqual(inventory);
    });
  });
};
