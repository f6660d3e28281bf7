import {
  type AttributeDefinition,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { lockTableInput } from '#wire/lock/lock-table.ts';
import { PUBLISH_SLOT_MS } from '#wire/publish-queue.ts';
import type { Emulators } from '../emulators/start-emulators.ts';

/** Names of everything the stages keep their data in. */
export interface Resources {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly lockTable: string;
  /** Every change of the lock table, in order. */
  readonly lockStreamArn: string;
  readonly bucket: string;
  readonly crawlQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly publishQueueUrl: string;
  /** What is known of hosts beside the inventory: their tokens, their last check-ins. */
  readonly hostTable: string;
  readonly drainTable: string;
  /** Pointers, releases, logs and dooms of volumes; what proxy volumes hold. */
  readonly volumeTable: string;
  /** Files of volumes, and documents of their trees. */
  readonly contentBucket: string;
  readonly checkQueueUrl: string;
  readonly updateQueueUrl: string;
  readonly sweepQueueUrl: string;
}

export interface LocalClients {
  readonly dynamoDb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
}

const TABLES = {
  inventoryTable: { name: 'mirrortide-inventory', keys: ['kind', 'id'] },
  pointerTable: { name: 'mirrortide-pointers', keys: ['pointer'] },
  observationTable: { name: 'mirrortide-observations', keys: ['category', 'host'] },
  hostTable: { name: 'mirrortide-hosts', keys: ['pk', 'sk'] },
  drainTable: { name: 'mirrortide-drains', keys: ['pk', 'sk'] },
  volumeTable: { name: 'mirrortide-volumes', keys: ['pk', 'sk'] },
} as const;
const LOCK_TABLE = 'mirrortide-locks';
const BUCKET = 'mirrortide-data';
const CONTENT_BUCKET = 'mirrortide-content';
const QUEUE = 'mirrortide-crawl.fifo';
const PUBLISH_QUEUE = 'mirrortide-publish.fifo';
/** Of work on volumes, each for one stage. */
const CHECK_QUEUE = 'mirrortide-check-release.fifo';
const UPDATE_QUEUE = 'mirrortide-update-volume.fifo';
const SWEEP_QUEUE = 'mirrortide-sweep-volumes.fifo';
const DEAD_LETTERS = 'mirrortide-crawl-dead-letters.fifo';
/** As deployed: deliveries of one message before it is set aside. */
const MAX_RECEIVE_COUNT = 4;

export function localClients(emulators: Emulators): LocalClients {
  const common = () => ({ region: emulators.region, credentials: { ...emulators.credentials } });
  return {
    dynamoDb: new DynamoDBClient({ ...common(), endpoint: emulators.dynamoDbEndpoint }),
    s3: new S3Client({ ...common(), endpoint: emulators.s3Endpoint, forcePathStyle: true }),
    sqs: new SQSClient({ ...common(), endpoint: emulators.sqsEndpoint }),
  };
}

/** The names by which services refuse to make what is already there. */
const ALREADY_THERE = new Set(['ResourceInUseException', 'BucketAlreadyOwnedByYou', 'BucketAlreadyExists']);

async function unlessThere(create: Promise<unknown>): Promise<void> {
  try {
    await create;
  } catch (error) {
    if (!(error instanceof Error && ALREADY_THERE.has(error.name))) throw error;
  }
}

async function createTable(client: DynamoDBClient, name: string, keys: readonly string[]): Promise<void> {
  const KeySchema = keys.map((key, index): KeySchemaElement => ({ AttributeName: key, KeyType: index === 0 ? 'HASH' : 'RANGE' }));
  const AttributeDefinitions = keys.map((key): AttributeDefinition => ({ AttributeName: key, AttributeType: 'S' }));
  await unlessThere(
    client.send(new CreateTableCommand({ TableName: name, KeySchema, AttributeDefinitions, BillingMode: 'PAY_PER_REQUEST' })),
  );
}

/** Returns the table's stream. */
async function createLockTable(client: DynamoDBClient): Promise<string> {
  await unlessThere(client.send(new CreateTableCommand(lockTableInput(LOCK_TABLE))));
  const { Table } = await client.send(new DescribeTableCommand({ TableName: LOCK_TABLE }));
  if (Table?.LatestStreamArn === undefined) throw new Error(`the table ${LOCK_TABLE} has no stream`);
  return Table.LatestStreamArn;
}

type Attributes = Readonly<Record<string, string>>;

/** The emulator names itself by a host that not every machine resolves; the SDK goes where the URL of a queue says. */
async function createQueue(clients: LocalClients, endpoint: string, name: string, attributes: Attributes): Promise<string> {
  const { QueueUrl } = await clients.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { FifoQueue: 'true', ...attributes } }),
  );
  if (QueueUrl === undefined) throw new Error(`the queue ${name} was made without a URL`);
  return new URL(new URL(QueueUrl).pathname, endpoint).href;
}

/** Queue URLs name a host; the account and queue name at the end are what their ARN is made of. */
function queueArn(url: string, region: string): string {
  const [account = '', name = ''] = new URL(url).pathname.split('/').filter(Boolean).slice(-2);
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

/** How long a message is hidden while somebody works on it: longer than its function runs. */
export interface QueueVisibility {
  readonly crawlSeconds: number;
  readonly publishSeconds: number;
  /** Of the three queues of work on volumes. */
  readonly volumeSeconds: number;
}

/** Makes tables, bucket and queues as the deployed stack has them; harmless when they are there already. */
export async function provision(emulators: Emulators, clients: LocalClients, visibility: QueueVisibility): Promise<Resources> {
  const tables = Object.values(TABLES).map(({ name, keys }) => createTable(clients.dynamoDb, name, keys));
  const buckets = [BUCKET, CONTENT_BUCKET].map((Bucket) => unlessThere(clients.s3.send(new CreateBucketCommand({ Bucket }))));
  const volumeQueue = (name: string): Promise<string> =>
    createQueue(clients, emulators.sqsEndpoint, name, { VisibilityTimeout: String(visibility.volumeSeconds) });
  const deadLetterQueueUrl = await createQueue(clients, emulators.sqsEndpoint, DEAD_LETTERS, {});
  const crawlQueueUrl = await createQueue(clients, emulators.sqsEndpoint, QUEUE, {
    VisibilityTimeout: String(visibility.crawlSeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: queueArn(deadLetterQueueUrl, emulators.region),
      maxReceiveCount: MAX_RECEIVE_COUNT,
    }),
  });
  // What nobody could publish is published by the schedule: here no queue is needed for what failed.
  const publishQueueUrl = await createQueue(clients, emulators.sqsEndpoint, PUBLISH_QUEUE, {
    VisibilityTimeout: String(visibility.publishSeconds),
    DelaySeconds: String(PUBLISH_SLOT_MS / 1000),
  });
  const [lockStreamArn] = await Promise.all([createLockTable(clients.dynamoDb), ...tables, ...buckets]);
  return {
    inventoryTable: TABLES.inventoryTable.name,
    pointerTable: TABLES.pointerTable.name,
    observationTable: TABLES.observationTable.name,
    lockTable: LOCK_TABLE,
    lockStreamArn,
    bucket: BUCKET,
    crawlQueueUrl,
    deadLetterQueueUrl,
    publishQueueUrl,
    hostTable: TABLES.hostTable.name,
    drainTable: TABLES.drainTable.name,
    volumeTable: TABLES.volumeTable.name,
    contentBucket: CONTENT_BUCKET,
    checkQueueUrl: await volumeQueue(CHECK_QUEUE),
    updateQueueUrl: await volumeQueue(UPDATE_QUEUE),
    sweepQueueUrl: await volumeQueue(SWEEP_QUEUE),
  };
}
