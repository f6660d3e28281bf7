import { randomUUID } from 'node:crypto';
import { dynamoClient, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestPointers } from '#adapters/aws/dynamo-manifest-pointer.ts';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { scheduled } from '#lambda/scheduled.ts';
import { parseConfig } from './config.ts';
import { sweepDrains } from './sweep-drains.ts';

const config = parseConfig(process.env);
const log = jsonLog();
const dynamo = dynamoClient();
const deps = {
  inventory: dynamoInventoryStore(dynamo, config.inventoryTable),
  pointers: dynamoManifestPointers(dynamo, config.pointerTable),
  drains: dynamoDrainStore(dynamo, config.drainTable),
  crawls: sqsCrawlQueue(sqsClient(), config.crawlQueueUrl),
  clock: { now: Date.now },
  newId: randomUUID,
  log,
};

/** The alarms about synchronising hosts watch these; `DrainSweeps` shows that somebody looks. */
export const handler = scheduled(
  log,
  () => undefined,
  async () => {
    const outcome = await sweepDrains(deps);
    metric('DrainSweeps', 1, 'Count');
    metric('HostsAway', outcome.away, 'Count');
    metric('HostsWaiting', outcome.waiting, 'Count');
    metric('HostsHeld', outcome.held, 'Count');
    metric('HostsUnverifiedTooLong', outcome.unverifiedTooLong, 'Count');
    return outcome;
  },
);
