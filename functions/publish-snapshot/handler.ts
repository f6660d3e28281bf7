import { randomUUID } from 'node:crypto';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { s3StaticLists } from '#adapters/aws/s3-static-lists.ts';
import { viewerEdgeTable } from '#adapters/aws/viewer-edge-table.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { parsePublishOrder, publishMemory, publishSnapshot } from './publish-snapshot.ts';

const [config, log, dynamo] = [parseConfig(process.env), jsonLog(), dynamoClient()];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.bucket };
const deps = {
  inventory: dynamoInventoryStore(dynamo, config.inventoryTable),
  manifests: dynamoManifestStore(dynamo, config.pointerTable, bucket),
  observations: dynamoObservationStore(dynamo, config.observationTable),
  facts: s3FactsStore(bucket),
  drains: dynamoDrainStore(dynamo, config.drainTable),
  snapshots: s3SnapshotStore(bucket),
  edgeTable: viewerEdgeTable(bucket, config.edgeTableArn),
  staticLists: s3StaticLists(bucket),
  clock: { now: Date.now },
  newId: randomUUID,
  log,
  memory: publishMemory(),
};

/** The alarms "publisher is silent", "snapshot was refused" and "a group has nobody else" watch these. */
export const handler = scheduled(log, parsePublishOrder, async (order) => {
  const outcome = await publishSnapshot(deps, order);
  const counts = { PublishRuns: 1, SnapshotRefused: outcome.kind === 'refused' ? 1 : 0, HostsKeptThoughAway: deps.memory.kept };
  for (const [name, count] of Object.entries(counts)) metric(name, count, 'Count');
  return outcome;
});
