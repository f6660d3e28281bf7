import { Duration, Size } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { EnvKey as CheckReleaseEnv } from '../functions/check-release/config.ts';
import type { EnvKey as ContentEnv } from '../functions/content/config.ts';
import type { EnvKey as SweepVolumesEnv } from '../functions/sweep-volumes/config.ts';
import { FUNCTION_TIMEOUT_MS as UPDATE_TIMEOUT_MS, type EnvKey as UpdateVolumeEnv } from '../functions/update-volume/config.ts';
import { FUNCTION_TIMEOUT_MS as VOLUMES_TIMEOUT_MS, type EnvKey as VolumesApiEnv } from '../functions/volumes-api/config.ts';
import { doomPartition } from '../shared/wire/volume/doom-item.ts';
import { proxiedPartition } from '../shared/wire/volume/proxied-item.ts';
import { SWEEPS_PARTITION } from '../shared/wire/volume/sweep-item.ts';
import { UPSTREAM_PARTITION } from '../shared/wire/volume/upstream-check-item.ts';
import { logPartition, VOLUMES_PARTITION, volumePartition } from '../shared/wire/volume/volume-table.ts';
import { StageSchedule } from './constructs/schedule.ts';
import type { MakeStage, StageFunction } from './constructs/stage-function.ts';
import { OBJECTS, PROXIED, UPSTREAMS, type VolumeStorage } from './constructs/volume-storage.ts';
import { WorkQueue } from './constructs/work-queue.ts';

export interface VolumeStages {
  readonly stages: Readonly<Record<'volumesApi' | 'checkRelease' | 'updateVolume' | 'sweepVolumes' | 'content', StageFunction>>;
  readonly queues: VolumeQueues;
}

export interface VolumeQueues {
  readonly checks: WorkQueue;
  readonly updates: WorkQueue;
  readonly sweeps: WorkQueue;
}

interface Shared {
  readonly scope: Construct;
  readonly stage: MakeStage;
  readonly storage: VolumeStorage;
  readonly inventory: TableV2;
  readonly queues: VolumeQueues;
}

/** The longest that a function may run; what is not done by then is taken up again. */
const WORK_TIMEOUT = Duration.minutes(15);
/** Just above it, instead of the usual six times: whatever failed holds up all that is asked of the same volume behind it. */
const WORK_VISIBILITY = Duration.minutes(16);
const CHECKS_AT_ONCE = 10;
const UPDATES_AT_ONCE = 5;
/** A whole core: releases are unpacked and hashed, pages are compressed. */
const ONE_CORE_MIB = 1769;

/** Of which volumes there is something, pointers and releases, and the log. Every decision is one transaction that puts all it changes. */
const DECISIONS = [VOLUMES_PARTITION, volumePartition('*'), logPartition('*')];

/** What a network declares of its content are two items; the thousands of hosts beside them are nobody's business here. */
const readDeclared = ({ inventory }: Shared, made: StageFunction): void => {
  made.function.addToRolePolicy(
    new PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'], resources: [inventory.tableArn] }),
  );
};

const decide = ({ storage }: Shared, made: StageFunction): void => {
  storage.allow(made, ['GetItem', 'BatchGetItem', 'Query']);
  storage.allow(made, ['PutItem'], DECISIONS);
};

/** What is put is put by publishers, with URLs that this stage's rights are lent to: each is for one object and its hash. */
const volumesApi = (shared: Shared): StageFunction => {
  const { storage, inventory, queues } = shared;
  const environment: Record<VolumesApiEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_VOLUME_TABLE: storage.table.tableName,
    MIRRORTIDE_CONTENT_BUCKET: storage.content.bucketName,
    MIRRORTIDE_CHECK_QUEUE_URL: queues.checks.queue.queueUrl,
    MIRRORTIDE_UPDATE_QUEUE_URL: queues.updates.queue.queueUrl,
    MIRRORTIDE_SWEEP_QUEUE_URL: queues.sweeps.queue.queueUrl,
  };
  const made = shared.stage('volumes-api', environment, { memoryMib: 1024, timeout: Duration.millis(VOLUMES_TIMEOUT_MS) });
  readDeclared(shared, made);
  decide(shared, made);
  made.allowObjects(storage.content, ['s3:GetObject', 's3:PutObject'], [OBJECTS]);
  for (const { queue } of Object.values(queues)) queue.grantSendMessages(made.function);
  return made;
};

const checkRelease = (shared: Shared): StageFunction => {
  const { storage, inventory, queues } = shared;
  const environment: Record<CheckReleaseEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_VOLUME_TABLE: storage.table.tableName,
    MIRRORTIDE_CONTENT_BUCKET: storage.content.bucketName,
  };
  const made = shared.stage('check-release', environment, { memoryMib: ONE_CORE_MIB, timeout: WORK_TIMEOUT });
  readDeclared(shared, made);
  decide(shared, made);
  made.allowObjects(storage.content, ['s3:GetObject'], [OBJECTS]);
  queues.checks.consumedBy(made, CHECKS_AT_ONCE);
  return made;
};

const updateVolume = (shared: Shared): StageFunction => {
  const { storage, inventory, queues } = shared;
  const environment: Record<UpdateVolumeEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_VOLUME_TABLE: storage.table.tableName,
    MIRRORTIDE_CONTENT_BUCKET: storage.content.bucketName,
    MIRRORTIDE_CHECK_QUEUE_URL: queues.checks.queue.queueUrl,
    MIRRORTIDE_UPDATE_QUEUE_URL: queues.updates.queue.queueUrl,
  };
  const made = shared.stage('update-volume', environment, {
    memoryMib: 2048,
    timeout: Duration.millis(UPDATE_TIMEOUT_MS),
    // What has no known hash waits there until it has one; one file is at most 5 GiB.
    files: Size.gibibytes(6),
  });
  readDeclared(shared, made);
  decide(shared, made);
  storage.allow(made, ['PutItem'], [UPSTREAM_PARTITION]);
  made.allowObjects(storage.content, ['s3:GetObject', 's3:PutObject'], [OBJECTS, UPSTREAMS]);
  for (const { queue } of [queues.checks, queues.updates]) queue.grantSendMessages(made.function);
  queues.updates.consumedBy(made, UPDATES_AT_ONCE);
  new StageSchedule(shared.scope, 'UpdateVolumes', { stage: made, every: Duration.minutes(5), input: {} });
  return made;
};

/** The only stage that may delete an object of a volume. */
const sweepVolumes = (shared: Shared): StageFunction => {
  const { storage, inventory, queues } = shared;
  const environment: Record<SweepVolumesEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_VOLUME_TABLE: storage.table.tableName,
    MIRRORTIDE_CONTENT_BUCKET: storage.content.bucketName,
  };
  const made = shared.stage('sweep-volumes', environment, {
    // What is needed is in memory at once: the hashes of ten million objects.
    memoryMib: 3008,
    timeout: WORK_TIMEOUT,
    // Its schedule and its queue share it: there is never more than one at a time.
    concurrency: 1,
  });
  readDeclared(shared, made);
  decide(shared, made);
  storage.allow(made, ['PutItem'], [SWEEPS_PARTITION]);
  storage.allow(made, ['PutItem', 'DeleteItem'], [doomPartition('*')]);
  made.allowObjects(storage.content, ['s3:GetObject', 's3:DeleteObject'], [OBJECTS]);
  queues.sweeps.consumedBy(made, 2);
  new StageSchedule(shared.scope, 'SweepVolumes', { stage: made, every: Duration.hours(1), input: {} });
  return made;
};

/** Serves what is released, and fills proxy volumes: it may write nothing that a release is made of. */
const content = (shared: Shared): StageFunction => {
  const { storage, inventory } = shared;
  const environment: Record<ContentEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_VOLUME_TABLE: storage.table.tableName,
    MIRRORTIDE_CONTENT_BUCKET: storage.content.bucketName,
  };
  const made = shared.stage('content', environment, {
    memoryMib: ONE_CORE_MIB,
    // Below the thirty seconds that the CDN waits; a proxy volume asks its upstream meanwhile.
    timeout: Duration.seconds(28),
    files: Size.gibibytes(2),
  });
  readDeclared(shared, made);
  storage.allow(made, ['GetItem', 'Query'], [volumePartition('*')]);
  storage.allow(made, ['GetItem', 'UpdateItem'], [proxiedPartition('*')]);
  made.allowObjects(storage.content, ['s3:GetObject'], [OBJECTS]);
  made.allowObjects(storage.content, ['s3:GetObject', 's3:PutObject'], [PROXIED]);
  return made;
};

/** The functions of content, which share nothing with the mirrors' but the inventory, where volumes are declared. */
export const volumeStages = (scope: Construct, stage: MakeStage, storage: VolumeStorage, inventory: TableV2): VolumeStages => {
  const queues = {
    checks: new WorkQueue(scope, 'CheckQueue', WORK_VISIBILITY),
    updates: new WorkQueue(scope, 'UpdateQueue', WORK_VISIBILITY),
    sweeps: new WorkQueue(scope, 'SweepQueue', WORK_VISIBILITY),
  };
  const shared = { scope, stage, storage, inventory, queues };
  const stages = {
    volumesApi: volumesApi(shared),
    checkRelease: checkRelease(shared),
    updateVolume: updateVolume(shared),
    sweepVolumes: sweepVolumes(shared),
    content: content(shared),
  };
  return { stages, queues };
};
