import { randomUUID } from 'node:crypto';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { cloudfrontEdgeTable, keyValueStoreClient } from '#adapters/aws/cloudfront-edge-table.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3EdgeTable } from '#adapters/aws/s3-edge-table.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { s3StaticLists } from '#adapters/aws/s3-static-lists.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { parsePublishOrder, publishMemory, publishSnapshot } from './publish-snapshot.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const dynamo = dynamoClient();
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.bucket };
const { edgeTableArn } = config;
const deps = {
  inventory: dynamoInventoryStore(dynamo, config.inventoryTable),
  manifests: dynamoManifestStore(dynamo, config.pointerTable, bucket),
  observations: dynamoObservationStore(dynamo, config.observationTable),
  facts: s3FactsStore(bucket),
  drains: dynamoDrainStore(dynamo, config.drainTable),
  snapshots: s3SnapshotStore(bucket),
  edgeTable: edgeTableArn === undefined ? s3EdgeTable(bucket) : cloudfrontEdgeTable(keyValueStoreClient(), edgeTableArn),
  staticLists: s3StaticLists(bucket),
  clock: { now: Date.now },
  newId: randomUUID,
  log,
  memory: publishMemory(),
};

/** The alarms "publisher is silent", "snapshot was refused" and "a group has nobody else" watch these. */
export const handler = scheduled(log, parsePublishOrder, async (order) => {
  const outcome = await publishSnapshot(deps, order);
  metric('PublishRuns', 1, 'Count');
  metric('SnapshotRefused', outcome.kind === 'refused' ? 1 : 0, 'Count');
  metric('HostsKeptThoughAway', deps.memory.kept, 'Count');
  return outcome;
});
