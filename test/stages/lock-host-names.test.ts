import { describe, expect, test } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { useEmulators } from '../support/emulators.ts';
import { createLockTable, lockDeps } from '../support/lock-setup.ts';

/** Hosts choose their names, and a lock's holders are a mapping by name: no name may make a holder invisible. */
const emulators = useEmulators();

describe('a host that is called as something of every JavaScript object', () => {
  test.each(['constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', '0'])('%s', async (host) => {
    const client = emulators.dynamoDb();
    const store = dynamoLockStore(client, await createLockTable(client, emulators.freshName('locks')));
    const operations = lockOperations(lockDeps(store, { now: () => 1_000_000 }));
    const call = { lock: 'update', host, arrivedMs: 1_000_000 };
    const asked = await operations.acquire({ ...call, requestId: 'r' });
    expect(asked).toMatchObject({ kind: 'granted', grant: { state: 'offered', fence: 1 } });
    expect(await operations.confirm({ ...call, fence: 1 })).toMatchObject({ kind: 'held', grant: { host, fence: 1 } });
    expect(await store.read('update', { withinMs: 5_000 })).toMatchObject({ grants: [{ host, state: 'held', fence: 1 }] });
    expect(await operations.acquire({ ...call, host: 'other', requestId: 'r' })).toMatchObject({ kind: 'queued' });
    expect(await operations.release({ ...call, fence: 1 })).toMatchObject({ kind: 'released' });
    expect(await operations.acquire({ ...call, host: 'other', requestId: 'r' })).toMatchObject({ kind: 'granted' });
  });
});
