import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoLockRules } from '#adapters/aws/dynamo-lock-rules.ts';
import { Fault } from '#domain/errors.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import { heldRules } from '../../functions/lock-api/held-rules.ts';
import { freshTable } from '../contract/places.ts';
import { useEmulators } from '../support/emulators.ts';
import { anyInventory } from '../support/inventory-arbitrary.ts';
import { lockConfig, lockRules, silentLog } from '../support/lock-setup.ts';

const SECOND_MS = 1_000;
const KEPT_MS = 30 * SECOND_MS;
const OLD = lockRules({ createOnFirstUse: ['old-*'] });
const NEW = lockRules({ createOnFirstUse: ['new-*'] });

const setup = (first: LockRules | undefined | Error) => {
  const clock = { nowMs: 1_000_000 };
  const store = { holds: first, reads: [] as number[] };
  const warnings: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> | undefined }[] = [];
  const rules = heldRules({
    store: {
      read: async (withinMs) => {
        store.reads.push(withinMs);
        if (store.holds instanceof Error) throw store.holds;
        return store.holds;
      },
    },
    clock: { now: () => clock.nowMs },
    log: { ...silentLog, warn: (message, fields) => void warnings.push({ message, fields }) },
  });
  return { clock, store, warnings, rules };
};

describe('the rules that a function holds', () => {
  test('are read once in half a minute, and then anew', async () => {
    const { clock, store, rules } = setup(OLD);
    expect(await rules.current()).toEqual(OLD);
    store.holds = NEW;
    clock.nowMs += KEPT_MS - 1;
    expect(await rules.current()).toEqual(OLD);
    expect(store.reads).toEqual([3 * SECOND_MS]);
    clock.nowMs += 1;
    expect(await rules.current()).toEqual(NEW);
    expect(await rules.current()).toEqual(NEW);
    expect(store.reads).toEqual([3 * SECOND_MS, 3 * SECOND_MS]);
  });

  test('are read at once where somebody must not miss a change, and held from then on', async () => {
    const { clock, store, rules } = setup(OLD);
    await rules.current();
    store.holds = NEW;
    clock.nowMs += KEPT_MS - 1;
    expect(await rules.fresh()).toEqual(NEW);
    clock.nowMs += KEPT_MS - 1;
    expect(await rules.current()).toEqual(NEW);
    expect(store.reads).toHaveLength(2);
  });

  test('go on being used while they cannot be read, each time with a warning that says why, and are read again afterwards', async () => {
    const { clock, store, warnings, rules } = setup(OLD);
    await rules.current();
    const cause = new Error('throttled');
    store.holds = cause;
    for (let hours = 0; hours < 3; hours += 1) {
      clock.nowMs += 3_600 * SECOND_MS;
      expect(await rules.current()).toEqual(OLD);
    }
    expect(warnings).toEqual(
      [1, 2, 3].map(() => ({
        message: 'the rules of locks could not be read; older ones are used',
        fields: { error: cause },
      })),
    );
    store.holds = NEW;
    expect(await rules.current()).toEqual(NEW);
    expect(warnings).toHaveLength(3);
  });

  test('are not made up: the first reading, and one that must be fresh, fail with the store', async () => {
    const cause = new Error('throttled');
    const { store, rules } = setup(cause);
    await expect(rules.current()).rejects.toBe(cause);
    store.holds = OLD;
    expect(await rules.current()).toEqual(OLD);
    store.holds = cause;
    await expect(rules.fresh()).rejects.toBe(cause);
    expect(await rules.current()).toEqual(OLD);
  });

  test('of a network that declares none know nobody and make nothing', async () => {
    const { clock, store, rules } = setup(undefined);
    const none = lockRules({ createOnFirstUse: [] });
    expect(await rules.current()).toEqual(none);
    expect(none).toMatchObject({ tokens: [], operators: [], plain: [], locks: [], defaults: lockConfig() });
    // A network whose section was taken out forgets its rules; that is no failure.
    store.holds = NEW;
    clock.nowMs += KEPT_MS;
    await rules.current();
    store.holds = undefined;
    clock.nowMs += KEPT_MS;
    expect(await rules.current()).toEqual(none);
  });
});

describe('the stored rules', () => {
  const emulators = useEmulators();

  test('are those of the inventory that was applied last', async () => {
    const client = emulators.dynamoDb({ maxAttempts: 3 });
    const table = await freshTable(client, emulators.freshName('inventory'), 'kind', 'id');
    const inventories = dynamoInventoryStore(client, table);
    const store = dynamoLockRules(client, table);
    expect(await store.read(5_000)).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(anyInventory(2), async (inventory) => {
        await inventories.apply(inventory);
        expect(await store.read(5_000)).toEqual(inventory.locks);
      }),
      { numRuns: 15 },
    );
  });

  test('are waited for no longer than they may take', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = emulators.dynamoDb({ endpoint: `http://127.0.0.1:${port}` });
    await expect(dynamoLockRules(client, 'inventory').read(50)).rejects.toThrow(Fault);
    silent.closeAllConnections();
    silent.close();
  });
});
