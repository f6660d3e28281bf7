import { randomUUID } from 'node:crypto';
import { dynamoClient, s3Client, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { sqsPublishRequests } from '#adapters/aws/sqs-publish-requests.ts';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { byPolicy } from '#adapters/net/by-policy.ts';
import { httpPeer } from '#adapters/net/http-peer.ts';
import { PRODUCT_VERSION as version } from '#adapters/net/product-version.ts';
import { rsyncLister } from '#adapters/net/rsync-lister.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { sqsBatch } from '#lambda/sqs-batch.ts';
import { parseCrawlRequest } from '#wire/crawl-request.ts';
import { parseConfig } from './config.ts';
import { crawlMirror } from './crawl-mirror.ts';
import { warmReads } from './warm-reads.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const clock = { now: Date.now };
const dynamo = dynamoClient();
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.bucket };
const manifests = dynamoManifestStore(dynamo, config.pointerTable, bucket);
const reads = warmReads(dynamoInventoryStore(dynamo, config.inventoryTable), manifests, clock);
const peers = byPolicy(({ contact, allowedAddresses, allowedPorts, connectionsPerHost: maxSocketsPerHost }) => {
  const guard = addressGuard({ allow: allowedAddresses });
  return {
    http: httpPeer({ guard, version, contact, maxSocketsPerHost, allowedPorts }),
    lister: rsyncLister({ guard, allowedPorts: allowedPorts === 'any' ? 'any' : [873, ...allowedPorts] }),
  };
});
const stores = { observations: dynamoObservationStore(dynamo, config.observationTable), facts: s3FactsStore(bucket) };
const publish = sqsPublishRequests(sqsClient(), config.publishQueueUrl, clock);
const drains = dynamoDrainStore(dynamo, config.drainTable);
const deps = { drains, newId: randomUUID, reads, manifests, ...stores, publish, peers, clock, log, times: config.times };

export const handler = sqsBatch(log, async (body) => (await crawlMirror(deps, parseCrawlRequest(body))).kind);
