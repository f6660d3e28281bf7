import { dynamoClient, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestPointers } from '#adapters/aws/dynamo-manifest-pointer.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { planCrawls } from './plan-crawls.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const dynamo = dynamoClient();
const deps = {
  inventory: dynamoInventoryStore(dynamo, config.inventoryTable),
  manifests: dynamoManifestPointers(dynamo, config.pointerTable),
  observations: dynamoObservationStore(dynamo, config.observationTable),
  queue: sqsCrawlQueue(sqsClient(), config.crawlQueueUrl),
  clock: { now: Date.now },
  log,
};

export const handler = scheduled(
  log,
  () => undefined,
  () => planCrawls(deps),
);
