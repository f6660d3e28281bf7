import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { LockConfig, LockPolicy } from '#domain/lock/lock-state.ts';
import type { Clock } from '#ports/clock.ts';
import type { LockStore } from '#ports/lock-store.ts';
import { lockTableInput } from '#wire/lock/lock-table.ts';
import type { LockDeps } from '../../functions/lock-api/lock-deps.ts';

export const HOLD: LockPolicy = { mode: 'hold', leaseMs: 600_000, offerMs: 120_000, queue: 'fifo', staleMs: 14_400_000 };
export const LEASE: LockPolicy = { ...HOLD, mode: 'lease' };

export const lockConfig = (change: Partial<LockConfig> = {}): LockConfig => ({
  enabled: true,
  slots: 1,
  failureBudget: 1,
  policy: HOLD,
  group: undefined,
  owner: undefined,
  comment: undefined,
  ...change,
});

/** Every lock is made on first use, with these rules. */
export const lockRules = (change: Partial<LockRules> = {}): LockRules => ({
  defaults: lockConfig(),
  locks: [],
  createOnFirstUse: ['*'],
  tokens: [],
  plain: [],
  plainFrom: [],
  operators: [],
  groups: [],
  ...change,
});

export const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const lockDeps = (store: LockStore, clock: Clock, rules: LockRules = lockRules()): LockDeps => {
  let ids = 0;
  return {
    store,
    clock,
    rules: { current: async () => rules, fresh: async () => rules },
    newId: () => {
      ids += 1;
      return `id-${ids}-${Math.random()}`;
    },
    log: silentLog,
  };
};

export const createLockTable = async (client: DynamoDBClient, name: string): Promise<string> => {
  await client.send(new CreateTableCommand(lockTableInput(name)));
  return name;
};
