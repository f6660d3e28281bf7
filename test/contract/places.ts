import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { dynamoCheckInHints } from '#adapters/aws/dynamo-check-in-hints.ts';
import { dynamoHostTokens } from '#adapters/aws/dynamo-host-tokens.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3EdgeTable } from '#adapters/aws/s3-edge-table.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import type { Bucket } from '#adapters/aws/s3-object.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { s3StaticLists } from '#adapters/aws/s3-static-lists.ts';
import { sqsCrawlQueue } from '#adapters/aws/sqs-crawl-queue.ts';
import { sqsPublishRequests } from '#adapters/aws/sqs-publish-requests.ts';
import type { CheckInHints } from '#ports/check-in-hints.ts';
import type { CrawlQueue, CrawlRequest } from '#ports/crawl-queue.ts';
import type { EdgeTable } from '#ports/edge-table.ts';
import type { HostTokens } from '#ports/host-tokens.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';
import type { FactsStore, ObservationStore } from '#ports/observation-store.ts';
import type { SnapshotStore } from '#ports/snapshot-store.ts';
import type { StaticLists } from '#ports/static-lists.ts';
import { parseCrawlRequest } from '#wire/crawl-request.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { type FaultPlan, injectFaults } from '../support/fault-injection.ts';
import type { PublishPlace } from './publish-requests.suite.ts';

/** An empty place that several independent users of a port can open, each with its own faults on the way. */
export interface Place<Port> {
  open(plan?: FaultPlan): Port;
}

export type MakePlace<Port> = () => Promise<Place<Port>>;

/** Three tries as deployed, without the waiting between them. */
export const quickRetries = () => ({ retryStrategy: new ConfiguredRetryStrategy(3, 0) });

export const faulty = <Client extends Parameters<typeof injectFaults>[0]>(
  client: Client,
  plan: FaultPlan | undefined,
): Client => {
  if (plan !== undefined) injectFaults(client, plan);
  return client;
};

export const freshTable = async (client: DynamoDBClient, TableName: string, ...keys: string[]): Promise<string> => {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
    }),
  );
  return TableName;
};

export const freshBucket = async (emulators: EmulatorsInTest): Promise<string> => {
  const Bucket = emulators.freshName('bucket');
  await emulators.s3().send(new CreateBucketCommand({ Bucket }));
  return Bucket;
};

const inBucket =
  <Port>(emulators: EmulatorsInTest, open: (bucket: Bucket) => Port): MakePlace<Port> =>
  async () => {
    const name = await freshBucket(emulators);
    return { open: (plan) => open({ client: faulty(emulators.s3(quickRetries()), plan), name }) };
  };

/** `dynamoDb` is where tables are; objects are always in the emulators' S3. */
type DynamoDb = EmulatorsInTest['dynamoDb'];

export const manifestStores =
  (emulators: EmulatorsInTest, dynamoDb: DynamoDb = emulators.dynamoDb): MakePlace<ManifestStore> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('pointers'), 'pointer');
    const name = await freshBucket(emulators);
    return {
      open: (plan) =>
        dynamoManifestStore(faulty(dynamoDb(quickRetries()), plan), table, {
          client: faulty(emulators.s3(quickRetries()), plan),
          name,
        }),
    };
  };

export const observationStores =
  (emulators: EmulatorsInTest, dynamoDb: DynamoDb = emulators.dynamoDb): MakePlace<ObservationStore> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('observations'), 'category', 'host');
    return { open: (plan) => dynamoObservationStore(faulty(dynamoDb(quickRetries()), plan), table) };
  };

export const hostTokens =
  (emulators: EmulatorsInTest, dynamoDb: DynamoDb = emulators.dynamoDb): MakePlace<HostTokens> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('hosts'), 'pk', 'sk');
    return { open: (plan) => dynamoHostTokens(faulty(dynamoDb(quickRetries()), plan), table) };
  };

export const checkInHints =
  (emulators: EmulatorsInTest, dynamoDb: DynamoDb = emulators.dynamoDb): MakePlace<CheckInHints> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('hosts'), 'pk', 'sk');
    return { open: (plan) => dynamoCheckInHints(faulty(dynamoDb(quickRetries()), plan), table) };
  };

export const factsStores = (emulators: EmulatorsInTest): MakePlace<FactsStore> => inBucket(emulators, s3FactsStore);
export const snapshotStores = (emulators: EmulatorsInTest): MakePlace<SnapshotStore> => inBucket(emulators, s3SnapshotStore);
export const edgeTables = (emulators: EmulatorsInTest): MakePlace<EdgeTable> => inBucket(emulators, s3EdgeTable);
export const staticLists = (emulators: EmulatorsInTest): MakePlace<StaticLists> => inBucket(emulators, s3StaticLists);

/** A queue with a consumer's view of it. */
export interface QueuePlace extends Place<CrawlQueue> {
  /** Receives and deletes until the queue is empty, one message of a group at a time; in order of arrival. */
  drain(): Promise<readonly CrawlRequest[]>;
  /** Receives once without deleting: the hosts whose requests are in work now. */
  hostsInWork(): Promise<readonly string[]>;
}

export const crawlQueues = (emulators: EmulatorsInTest) => async (): Promise<QueuePlace> => {
  const client = emulators.sqs();
  const { QueueUrl = '' } = await client.send(
    new CreateQueueCommand({ QueueName: `${emulators.freshName('crawl')}.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  const receive = async () => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['MessageGroupId'] }),
    );
    return Messages;
  };
  return {
    open: (plan) => sqsCrawlQueue(faulty(emulators.sqs(quickRetries()), plan), QueueUrl, { retryDelayMs: 1 }),
    drain: async () => {
      const requests: CrawlRequest[] = [];
      for (let messages = await receive(); messages.length > 0; messages = await receive()) {
        for (const { Body = '', ReceiptHandle } of messages) {
          requests.push(parseCrawlRequest(Body));
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
      return requests;
    },
    hostsInWork: async () => (await receive()).map(({ Attributes }) => Attributes?.['MessageGroupId'] ?? ''),
  };
};

export const publishRequests = (emulators: EmulatorsInTest) => async (): Promise<PublishPlace> => {
  const client = emulators.sqs();
  const { QueueUrl = '' } = await client.send(
    new CreateQueueCommand({ QueueName: `${emulators.freshName('publish')}.fifo`, Attributes: { FifoQueue: 'true' } }),
  );
  return {
    open: (nowMs, plan) => sqsPublishRequests(faulty(emulators.sqs(quickRetries()), plan), QueueUrl, { now: () => nowMs }),
    drain: async () => {
      const bodies: unknown[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) return bodies;
        for (const { Body = '', ReceiptHandle } of Messages) {
          bodies.push(JSON.parse(Body));
          await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    },
  };
};
