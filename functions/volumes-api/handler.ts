import { randomUUID } from 'node:crypto';
import { dynamoClient, s3Client, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoContentRules } from '#adapters/aws/dynamo-content-rules.ts';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { s3VolumeUploads } from '#adapters/aws/s3-volume-uploads.ts';
import { sqsVolumeWork } from '#adapters/aws/sqs-volume-work.ts';
import { httpApi } from '#lambda/http-api.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { parseConfig } from './config.ts';
import { volumesApi } from './volumes-api.ts';

const config = parseConfig(process.env);
const clock = { now: Date.now };
const [dynamo, sqs] = [dynamoClient(), sqsClient()];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.contentBucket };
const deps = {
  content: dynamoContentRules(dynamo, config.inventoryTable, clock),
  volumes: dynamoVolumeStore(dynamo, config.volumeTable),
  dooms: dynamoVolumeDooms(dynamo, config.volumeTable),
  objects: s3VolumeObjects(bucket),
  uploads: s3VolumeUploads(bucket),
  upstreams: dynamoUpstreamChecks(dynamo, config.volumeTable),
  sweeps: dynamoVolumeSweeps(dynamo, config.volumeTable),
  checkQueue: sqsVolumeWork(sqs, config.checkQueueUrl),
  updateQueue: sqsVolumeWork(sqs, config.updateQueueUrl),
  sweepQueue: sqsVolumeWork(sqs, config.sweepQueueUrl),
  clock,
  newId: randomUUID,
  log: jsonLog(),
};

export const handler = httpApi((call) => volumesApi(deps, call));
