import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { dynamoClient, s3Client, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoCheckInHints } from '#adapters/aws/dynamo-check-in-hints.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoHostTokens } from '#adapters/aws/dynamo-host-tokens.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { sqsPublishRequests } from '#adapters/aws/sqs-publish-requests.ts';
import { httpApi } from '#lambda/http-api.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { parseConfig } from './config.ts';
import { hostsApi } from './hosts-api.ts';
import { networkReads } from './network-reads.ts';

const config = parseConfig(process.env);
const [log, clock] = [jsonLog(), { now: Date.now }];
const [dynamo, sqs] = [dynamoClient(), sqsClient()];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.bucket };
const manifests = dynamoManifestStore(dynamo, config.pointerTable, bucket);
const deps = {
  tokens: dynamoHostTokens(dynamo, config.hostTable),
  reads: networkReads(dynamoInventoryStore(dynamo, config.inventoryTable), manifests, clock, log),
  manifests,
  observations: dynamoObservationStore(dynamo, config.observationTable),
  facts: s3FactsStore(bucket),
  hints: dynamoCheckInHints(dynamo, config.hostTable),
  crawls: sqsCrawlQueue(sqs, config.crawlQueueUrl),
  publish: sqsPublishRequests(sqs, config.publishQueueUrl, clock),
  drains: dynamoDrainStore(dynamo, config.drainTable),
  clock,
  newId: randomUUID,
  pause: delay,
  log,
};

export const handler = httpApi((call) => hostsApi(deps, call));
