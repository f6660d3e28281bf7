import { join } from 'node:path';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  DynamoDBRecord,
  LambdaFunctionURLEvent,
} from 'aws-lambda';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import type { Bucket } from '#adapters/aws/s3-object.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { InventoryChange } from '#ports/inventory-store.ts';
import { lockOfKey } from '#wire/lock/lock-table.ts';
import { bundleFunctions } from '../../infra/bundling.ts';
import type { ApiStage } from '../edge/api-routes.ts';
import { type Emulators, startEmulators } from '../emulators/start-emulators.ts';
import { type EdgeStore, edgeStore } from './edge-store.ts';
import { type FunctionJournal, functionJournal } from './function-journal.ts';
import { type FunctionPool, functionPool } from './function-pool.ts';
import { type LocalClients, localClients, provision, type Resources } from './provision.ts';
import { pendingMessages, type QueueSource, queueSource, takeDeadLetters } from './queue-source.ts';
import {
  CRAWL_INSTANCES,
  QUEUE_VISIBILITY,
  STAGES,
  type Stage,
  stageFunctions,
  VOLUME_INSTANCES,
  type VolumeStage,
} from './stage-functions.ts';
import { type StreamSource, streamSource } from './stream-source.ts';

export interface PublishedSnapshot {
  readonly pointer: SnapshotPointer;
  readonly bytes: Uint8Array;
}

/** All functions of the system on this machine, over emulators, with their queues consumed; schedules and the edge come on top. */
export interface LocalSystem {
  readonly engine: string;
  readonly journal: FunctionJournal;
  /** What the edge reads from the bucket. */
  readonly edgeStore: EdgeStore;
  applyInventory(inventory: Inventory): Promise<InventoryChange>;
  /** Runs a function once; rejects with FunctionFailure. */
  invoke(stage: Stage, event: unknown): Promise<unknown>;
  answer(event: LambdaFunctionURLEvent): Promise<APIGatewayProxyStructuredResultV2>;
  content(event: LambdaFunctionURLEvent): Promise<APIGatewayProxyStructuredResultV2>;
  /** What the CDN reads by itself, beside the functions. */
  readonly contentBucket: Bucket;
  /** What the API in front of a function does with a request. */
  api(stage: ApiStage, event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>;
  /** Crawl requests that wait or are being worked on. */
  pendingCrawls(): Promise<number>;
  crawlsDrained(signal: AbortSignal): Promise<void>;
  /** Bodies of crawl requests that failed for good since the last call. */
  takeDeadLetters(): Promise<readonly string[]>;
  published(): Promise<PublishedSnapshot | undefined>;
  stop(): Promise<void>;
}

export interface LocalSystemOptions {
  /** Holds the bundles and the functions' log; with `keep`, tables and objects too. */
  readonly folder: string;
  readonly keep: boolean;
  readonly onFault: (doing: string, error: unknown) => void;
}

const MOST_DEAD_LETTERS = 100;

interface Started {
  readonly emulators: Emulators;
  readonly pools: ReadonlyMap<Stage, FunctionPool>;
  readonly sources: Sources;
}

async function stopAll(started: Partial<Started>): Promise<void> {
  // Consumers first, so that none is cut off between a crawl and the deletion of its message.
  await Promise.all(Object.values(started.sources ?? {}).map((source) => source.stop()));
  await Promise.all([...(started.pools?.values() ?? [])].map((pool) => pool.stop()));
  await started.emulators?.stop();
}

/** The deployed event source's filter, in code. */
function isLock({ dynamodb }: DynamoDBRecord): boolean {
  const { pk, sk } = dynamodb?.Keys ?? {};
  return lockOfKey({ pk: pk?.S ?? '', sk: sk?.S ?? '' }) !== undefined;
}

interface SourcesInput extends Pick<LocalSystemOptions, 'onFault'> {
  readonly emulators: Emulators;
  readonly clients: LocalClients;
  readonly resources: Resources;
  readonly invoke: (stage: Stage, event: unknown) => Promise<unknown>;
  readonly edge: EdgeStore;
}

interface Sources {
  readonly queue: QueueSource;
  readonly publishQueue: QueueSource;
  readonly checkQueue: QueueSource;
  readonly updateQueue: QueueSource;
  readonly sweepQueue: QueueSource;
  readonly stream: StreamSource;
}

/** What brings events to functions by itself: the queues, and the stream of the locks. */
function startSources({ emulators, clients, resources, invoke, edge, onFault }: SourcesInput): Sources {
  const queues = { client: clients.sqs, region: emulators.region };
  const queue = queueSource({
    ...queues,
    queueUrl: resources.crawlQueueUrl,
    concurrency: CRAWL_INSTANCES,
    invoke: (event) => invoke('crawl-mirror', event),
    onFault: (error) => onFault('crawling', error),
  });
  const stream = streamSource({
    emulators,
    streamArn: resources.lockStreamArn,
    filter: isLock,
    invoke: (event) => invoke('record-lock-events', event),
    onFault: (error) => onFault('recording what happened to locks', error),
  });
  const publishQueue = queueSource({
    ...queues,
    queueUrl: resources.publishQueueUrl,
    concurrency: 1,
    invoke: async (event) => {
      const answer = await invoke('publish-snapshot', event);
      await edge.refreshTable();
      return answer;
    },
    onFault: (error) => onFault('publishing', error),
  });
  const volumeQueue = (stage: VolumeStage, queueUrl: string): QueueSource =>
    queueSource({
      ...queues,
      queueUrl,
      concurrency: VOLUME_INSTANCES[stage],
      invoke: (event) => invoke(stage, event),
      onFault: (error) => onFault(stage, error),
    });
  return {
    queue,
    publishQueue,
    checkQueue: volumeQueue('check-release', resources.checkQueueUrl),
    updateQueue: volumeQueue('update-volume', resources.updateQueueUrl),
    sweepQueue: volumeQueue('sweep-volumes', resources.sweepQueueUrl),
    stream,
  };
}

export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const journal = functionJournal(join(options.folder, 'functions.log'));
  const [emulators, bundles] = await Promise.all([
    startEmulators(options.keep ? { directory: join(options.folder, 'aws') } : {}),
    bundleFunctions(join(options.folder, 'bundles')),
  ]);
  const clients = localClients(emulators);
  const resources = await provision(emulators, clients, QUEUE_VISIBILITY);
  const definitions = await stageFunctions(bundles, emulators, resources);
  const pools = new Map(STAGES.map((stage) => [stage, functionPool(definitions[stage], journal.write)]));
  const invoke = async (stage: Stage, event: unknown): Promise<unknown> => pools.get(stage)?.invoke(event);
  const bucket = { client: clients.s3, name: resources.bucket };
  const edge = edgeStore(bucket);
  const sources = startSources({ ...options, emulators, clients, resources, invoke, edge });
  const snapshots = s3SnapshotStore(bucket);

  return {
    engine: emulators.dynamoDbEngine,
    journal,
    edgeStore: edge,
    applyInventory: (inventory) => dynamoInventoryStore(clients.dynamoDb, resources.inventoryTable).apply(inventory),
    invoke,
    answer: async (event) => (await invoke('answer', event)) as APIGatewayProxyStructuredResultV2,
    content: async (event) => (await invoke('content', event)) as APIGatewayProxyStructuredResultV2,
    contentBucket: { client: clients.s3, name: resources.contentBucket },
    api: async (stage, event) => (await invoke(stage, event)) as APIGatewayProxyStructuredResultV2,
    pendingCrawls: () => pendingMessages({ client: clients.sqs, queueUrl: resources.crawlQueueUrl }),
    crawlsDrained: (signal) => sources.queue.drained(signal),
    async takeDeadLetters() {
      const letters: string[] = [];
      let taken = await takeDeadLetters(clients.sqs, resources.deadLetterQueueUrl);
      while (taken.length > 0 && letters.length < MOST_DEAD_LETTERS) {
        letters.push(...taken);
        taken = await takeDeadLetters(clients.sqs, resources.deadLetterQueueUrl);
      }
      return letters;
    },
    async published() {
      const found = await snapshots.readPointer();
      const bytes = found === undefined ? undefined : await snapshots.getSnapshot(found.pointer.name);
      return found === undefined || bytes === undefined ? undefined : { pointer: found.pointer, bytes };
    },
    async stop() {
      await stopAll({ emulators, pools, sources });
      for (const client of [clients.dynamoDb, clients.s3, clients.sqs]) client.destroy();
      await journal.flush();
    },
  };
}
