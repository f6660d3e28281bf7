import { randomUUID } from 'node:crypto';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { dynamoContentRules } from '#adapters/aws/dynamo-content-rules.ts';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeGarbage } from '#adapters/aws/s3-volume-garbage.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { HASH_PREFIXES } from '#domain/volume/garbage.ts';
import { eitherTrigger } from '#lambda/either-trigger.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { sqsBatch } from '#lambda/sqs-batch.ts';
import { parseConfig } from './config.ts';
import { sweepMetrics } from './sweep-metrics.ts';
import { sweepVolumes } from './sweep-volumes.ts';
import { hourly, parseSweepOrder, type SweepOrder } from './which-sweep.ts';

const [config, log, dynamo, clock] = [parseConfig(process.env), jsonLog(), dynamoClient(), { now: Date.now }];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.contentBucket };
const deps = {
  content: dynamoContentRules(dynamo, config.inventoryTable, clock),
  store: dynamoVolumeStore(dynamo, config.volumeTable),
  upstreams: dynamoUpstreamChecks(dynamo, config.volumeTable),
  dooms: dynamoVolumeDooms(dynamo, config.volumeTable),
  sweeps: dynamoVolumeSweeps(dynamo, config.volumeTable),
  objects: s3VolumeObjects(bucket),
  garbage: s3VolumeGarbage(bucket),
  ...{ prefixes: HASH_PREFIXES, newId: randomUUID, clock, log },
};
const sweep = async (order: SweepOrder) => {
  const outcome = await sweepVolumes(deps, order);
  for (const [name, value, unit] of sweepMetrics(outcome)) metric(name, value, unit);
  return outcome;
};

const work = (body: string) => sweep(parseSweepOrder(body));
export const handler = eitherTrigger(scheduled(log, hourly, sweep), sqsBatch(log, work));
