import { randomUUID } from 'node:crypto';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { dynamoClient, s3Client, sqsClient } from '#adapters/aws/clients.ts';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3EdgeTable } from '#adapters/aws/s3-edge-table.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { s3StaticLists } from '#adapters/aws/s3-static-lists.ts';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { sqsPublishRequests } from '#adapters/aws/sqs-publish-requests.ts';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { directoryLister } from '#adapters/net/directory-lister.ts';
import { fileHashes } from '#adapters/net/file-hashes.ts';
import { httpPeer } from '#adapters/net/http-peer.ts';
import { masterReader } from '#adapters/net/master-reader.ts';
import { rsyncLister } from '#adapters/net/rsync-lister.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { Log } from '#ports/log.ts';
import { parseCrawlRequest } from '#wire/crawl-request.ts';
import { crawlMirror } from '../../functions/crawl-mirror/crawl-mirror.ts';
import { warmReads } from '../../functions/crawl-mirror/warm-reads.ts';
import { planCrawls } from '../../functions/plan-crawls/plan-crawls.ts';
import { publishMemory, publishSnapshot } from '../../functions/publish-snapshot/publish-snapshot.ts';
import { scanMaster } from '../../functions/scan-master/scan-master.ts';
import type { Resources } from '../../local/runtime/provision.ts';

/**
 * Scans, plans, crawls and publishes in a loop until somebody kills it. The stories and adapters are the stages' own; only the
 * lease is short, so that a killed crawl does not keep its mirror for minutes. Emulators are found by the SDK's own variables.
 */
export const LEASE_MS = 1_500;

const resources = JSON.parse(process.env['PIPELINE_RESOURCES'] ?? '') as Resources;
const quiet: Log = { info: () => undefined, warn: () => undefined, error: (message, fields) => console.error(message, fields) };
const clock = { now: Date.now };
const dynamo = dynamoClient();
const sqs = sqsClient();
const bucket = { client: s3Client(true), name: resources.bucket };
const inventory = dynamoInventoryStore(dynamo, resources.inventoryTable);
const manifests = dynamoManifestStore(dynamo, resources.pointerTable, bucket);
const observations = dynamoObservationStore(dynamo, resources.observationTable);
const facts = s3FactsStore(bucket);
const network = ({ allowedAddresses, contact, connectionsPerHost }: CrawlPolicy) => {
  const guard = addressGuard({ allow: allowedAddresses });
  const http = httpPeer({ guard, version: '0', contact, allowedPorts: 'any', maxSocketsPerHost: connectionsPerHost });
  return { http, lister: rsyncLister({ guard, allowedPorts: 'any' }) };
};
const peersOnce = new Map<string, ReturnType<typeof network>>();
const peers = (policy: CrawlPolicy) => {
  const known = peersOnce.get('') ?? network(policy);
  peersOnce.set('', known);
  return known;
};

const scanDeps = {
  inventory,
  manifests,
  masters: (master: Parameters<typeof masterReader>[0], policy: CrawlPolicy) => {
    const { http, lister } = peers(policy);
    return masterReader(master, { http, rsync: lister, directories: directoryLister() });
  },
  hashes: fileHashes,
  clock,
  log: quiet,
};
const drains = dynamoDrainStore(dynamo, resources.drainTable);
const planDeps = {
  inventory,
  manifests,
  observations,
  queue: sqsCrawlQueue(sqs, resources.crawlQueueUrl, { planWindowMs: 100 }),
  clock,
  log: quiet,
};
const crawlDeps = {
  drains,
  newId: randomUUID,
  reads: warmReads(inventory, manifests, clock),
  manifests,
  publish: sqsPublishRequests(sqs, resources.publishQueueUrl, { now: Date.now }),
  observations,
  facts,
  peers,
  clock,
  log: quiet,
  times: { checkMs: 1_000, leaseMs: LEASE_MS },
};
const publishDeps = {
  drains,
  newId: randomUUID,
  inventory,
  manifests,
  observations,
  facts,
  snapshots: s3SnapshotStore(bucket),
  edgeTable: s3EdgeTable(bucket),
  staticLists: s3StaticLists(bucket),
  clock,
  log: quiet,
  memory: publishMemory(),
};

/** `PutObject#3 after`: dies when the third PutObject has been answered, before anybody here hears of it. */
const [killOn = '', killSide = ''] = (process.env['PIPELINE_KILL'] ?? '').split(' ');
let calls = 0;
for (const client of [dynamo, sqs, bucket.client] as {
  middlewareStack: { add: (middleware: unknown, options: object) => void };
}[]) {
  client.middlewareStack.add(
    (next: (args: unknown) => Promise<unknown>, context: { commandName?: string }) => async (args: unknown) => {
      const name = (context.commandName ?? '').replace(/Command$/, '');
      const chosen = killOn === `${name}#${name === killOn.split('#')[0] ? ++calls : 0}`;
      if (chosen && killSide === 'before') process.kill(process.pid, 'SIGKILL');
      const reply = await next(args);
      if (chosen) process.kill(process.pid, 'SIGKILL');
      return reply;
    },
    { step: 'initialize', name: 'dieHere' },
  );
}

const drain = async (): Promise<void> => {
  for (;;) {
    const received = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: resources.crawlQueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1 }),
    );
    if ((received.Messages ?? []).length === 0) return;
    await Promise.all(
      (received.Messages ?? []).map(async ({ Body = '', ReceiptHandle }) => {
        await crawlMirror(crawlDeps, parseCrawlRequest(Body));
        await sqs.send(new DeleteMessageCommand({ QueueUrl: resources.crawlQueueUrl, ReceiptHandle }));
      }),
    );
  }
};

process.stdout.write('loaded\n');
for (;;) {
  await scanMaster(scanDeps, { category: undefined });
  await planCrawls(planDeps);
  await drain();
  await publishSnapshot(publishDeps, { force: undefined });
}
