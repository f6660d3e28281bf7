import { setTimeout as pause } from 'node:timers/promises';
import { dynamoClient, s3Client, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoContentRules } from '#adapters/aws/dynamo-content-rules.ts';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3ObjectIntake } from '#adapters/aws/s3-object-intake.ts';
import { s3UpstreamMemory } from '#adapters/aws/s3-upstream-memory.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { sqsVolumeWork } from '#adapters/aws/sqs-volume-work.ts';
import { byPolicy } from '#adapters/net/by-policy.ts';
import { networkPeers } from '#adapters/net/network-peers.ts';
import { nodeDecompress as decompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester as digester } from '#adapters/node/node-digester.ts';
import { eitherTrigger } from '#lambda/either-trigger.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { sqsBatch } from '#lambda/sqs-batch.ts';
import { parseConfig } from './config.ts';
import { byMessage, bySchedule, parseUpdateEvent, type TriggerDeps } from './update-triggers.ts';

const [config, log, dynamo, sqs, clock] = [parseConfig(process.env), jsonLog(), dynamoClient(), sqsClient(), { now: Date.now }];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.contentBucket };
const deps: TriggerDeps = {
  content: dynamoContentRules(dynamo, config.inventoryTable, clock),
  volumes: dynamoVolumeStore(dynamo, config.volumeTable),
  checks: dynamoUpstreamChecks(dynamo, config.volumeTable),
  dooms: dynamoVolumeDooms(dynamo, config.volumeTable),
  objects: s3VolumeObjects(bucket),
  intake: s3ObjectIntake(bucket),
  memory: s3UpstreamMemory(bucket),
  checkQueue: sqsVolumeWork(sqs, config.checkQueueUrl),
  updateQueue: sqsVolumeWork(sqs, config.updateQueueUrl),
  count: (name, value) => metric(name, value, 'Count'),
  ...{ peers: byPolicy(networkPeers), decompress, digester, clock, pause, log, runMs: config.runMs },
};
export const handler = eitherTrigger(scheduled(log, parseUpdateEvent, bySchedule(deps)), sqsBatch(log, byMessage(deps)));
