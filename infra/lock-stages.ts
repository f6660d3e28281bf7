import { Duration } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { FUNCTION_TIMEOUT_MS as LOCK_TIMEOUT_MS, type EnvKey as LockApiEnv } from '../functions/lock-api/config.ts';
import type { EnvKey as RecordLockEventsEnv } from '../functions/record-lock-events/config.ts';
import type { EnvKey as SweepLocksEnv } from '../functions/sweep-locks/config.ts';
import type { LockStorage } from './constructs/lock-storage.ts';
import { StageSchedule } from './constructs/schedule.ts';
import type { MakeStage, StageFunction } from './constructs/stage-function.ts';

export interface LockStages {
  readonly lockApi: StageFunction;
  readonly recordLockEvents: StageFunction;
  readonly sweepLocks: StageFunction;
}

const lockApi = (stage: MakeStage, locks: LockStorage, inventory: TableV2): StageFunction => {
  const environment: Record<LockApiEnv, string> = {
    MIRRORTIDE_LOCK_TABLE: locks.table.tableName,
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
  };
  const made = stage('lock-api', environment, { memoryMib: 512, timeout: Duration.millis(LOCK_TIMEOUT_MS) });
  made.function.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:GetItem'], resources: [inventory.tableArn] }));
  const actions = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'] as const;
  locks.allow(made, actions, ['byTicket', 'byKind']);
  return made;
};

const recordLockEvents = (stage: MakeStage, locks: LockStorage): StageFunction => {
  const environment: Record<RecordLockEventsEnv, string> = { MIRRORTIDE_LOCK_TABLE: locks.table.tableName };
  const made = stage('record-lock-events', environment, { memoryMib: 256, timeout: Duration.minutes(1) });
  locks.allow(made, ['PutItem', 'DeleteItem']);
  locks.changesTo(made);
  return made;
};

const sweepLocks = (scope: Construct, stage: MakeStage, locks: LockStorage): StageFunction => {
  const environment: Record<SweepLocksEnv, string> = { MIRRORTIDE_LOCK_TABLE: locks.table.tableName };
  const made = stage('sweep-locks', environment, { memoryMib: 256, timeout: Duration.minutes(1), concurrency: 1 });
  locks.allow(made, ['BatchGetItem', 'Query', 'UpdateItem'], ['byKind']);
  new StageSchedule(scope, 'SweepLocks', { stage: made, every: Duration.minutes(5), input: {} });
  return made;
};

/** The locks' own functions: they share nothing with the mirrors' but the inventory, where the rules of locks are. */
export const lockStages = (scope: Construct, stage: MakeStage, locks: LockStorage, inventory: TableV2): LockStages => ({
  lockApi: lockApi(stage, locks, inventory),
  recordLockEvents: recordLockEvents(stage, locks),
  sweepLocks: sweepLocks(scope, stage, locks),
});
