import { setTimeout as delay } from 'node:timers/promises';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { dynamoContentRules } from '#adapters/aws/dynamo-content-rules.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { sqsBatch } from '#lambda/sqs-batch.ts';
import { parseVolumeWork } from '#wire/volume/volume-work.ts';
import { checkRelease } from './check-release.ts';
import { parseConfig } from './config.ts';

const config = parseConfig(process.env);
const [log, clock, dynamo] = [jsonLog(), { now: Date.now }, dynamoClient()];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.contentBucket };
const deps = {
  content: dynamoContentRules(dynamo, config.inventoryTable, clock),
  volumes: dynamoVolumeStore(dynamo, config.volumeTable),
  objects: s3VolumeObjects(bucket),
  dooms: dynamoVolumeDooms(dynamo, config.volumeTable),
  decompress: nodeDecompress,
  digester: nodeDigester,
  clock,
  pause: delay,
  log,
};

/** Alarms watch the rejected ones; of the others, the counts show that somebody publishes. */
export const handler = sqsBatch(log, async (body) => {
  const { kind } = await checkRelease(deps, parseVolumeWork(body, 'check'));
  metric('ReleaseChecks', 1, 'Count');
  metric('ReleasesValidated', Number(kind === 'validated'), 'Count');
  metric('ReleasesRejected', Number(kind === 'rejected'), 'Count');
  metric('ReleasesAborted', Number(kind === 'aborted'), 'Count');
  return { kind };
});
