import { Duration } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { FUNCTION_TIMEOUT_MS as ADMIN_TIMEOUT_MS, type EnvKey as AdminApiEnv } from '../functions/admin-api/config.ts';
import { FUNCTION_TIMEOUT_MS as HOSTS_TIMEOUT_MS, type EnvKey as HostsApiEnv } from '../functions/hosts-api/config.ts';
import type { NetworkStorage } from './constructs/network-storage.ts';
import type { PublishQueue } from './constructs/publish-queue.ts';
import type { MakeStage, StageFunction } from './constructs/stage-function.ts';
import type { WorkQueue } from './constructs/work-queue.ts';

interface HostsApiInput {
  readonly storage: NetworkStorage;
  readonly crawlQueue: WorkQueue;
  readonly publishQueue: PublishQueue;
}

/** What hosts say of themselves. A report of 400,000 directories and a manifest of as many are in memory at once. */
export const hostsApi = (stage: MakeStage, { storage, crawlQueue, publishQueue }: HostsApiInput): StageFunction => {
  const { inventory, pointers, observations, hosts, drains, data } = storage;
  const environment: Record<HostsApiEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_POINTER_TABLE: pointers.tableName,
    MIRRORTIDE_OBSERVATION_TABLE: observations.tableName,
    MIRRORTIDE_HOST_TABLE: hosts.tableName,
    MIRRORTIDE_DRAIN_TABLE: drains.tableName,
    MIRRORTIDE_BUCKET: data.bucketName,
    MIRRORTIDE_CRAWL_QUEUE_URL: crawlQueue.queue.queueUrl,
    MIRRORTIDE_PUBLISH_QUEUE_URL: publishQueue.queue.queueUrl,
  };
  const made = stage('hosts-api', environment, { memoryMib: 2048, timeout: Duration.millis(HOSTS_TIMEOUT_MS) });
  inventory.grantReadData(made.function);
  pointers.grantReadData(made.function);
  observations.grantReadWriteData(made.function);
  hosts.grantReadWriteData(made.function);
  drains.grantReadWriteData(made.function);
  made.allowObjects(data, ['s3:GetObject'], ['manifests/*']);
  made.allowObjects(data, ['s3:GetObject', 's3:PutObject'], ['facts/*']);
  crawlQueue.queue.grantSendMessages(made.function);
  publishQueue.queue.grantSendMessages(made.function);
  return made;
};

export const adminApi = (stage: MakeStage, { inventory, hosts }: NetworkStorage): StageFunction => {
  const environment: Record<AdminApiEnv, string> = {
    MIRRORTIDE_INVENTORY_TABLE: inventory.tableName,
    MIRRORTIDE_HOST_TABLE: hosts.tableName,
  };
  const made = stage('admin-api', environment, { memoryMib: 1024, timeout: Duration.millis(ADMIN_TIMEOUT_MS) });
  inventory.grantReadWriteData(made.function);
  hosts.grantReadWriteData(made.function);
  // The trail only grows, whatever the function's code should come to.
  made.function.addToRolePolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: ['dynamodb:DeleteItem', 'dynamodb:UpdateItem'],
      resources: [inventory.tableArn],
      conditions: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['audit', 'audit/*'] } },
    }),
  );
  return made;
};
