import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DynamoDbEmulator, startDynamoDb, startDynamoDbLocal } from '../../local/emulators/dynamodb.ts';
import { startEmulators } from '../../local/emulators/start-emulators.ts';
import { emulatorClients, useEmulators } from '../support/emulators.ts';
import { runScript } from '../support/script-process.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };
const DYNAMODB_MODULE = new URL('../../local/emulators/dynamodb.ts', import.meta.url).href;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'emulators-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The command lines of processes that were started for this port: engine, guard and all. */
function processesAt(endpoint: string): string[] {
  const { port } = new URL(endpoint);
  const processes = execFileSync('ps', ['-A', '-o', 'args'], { encoding: 'utf8' }).split('\n');
  return processes.filter((line) => line.split(/\s/).includes(port));
}

function dynamoDbClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
}

async function createTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}

const ENGINES: [string, typeof startDynamoDb, boolean][] = [
  ['the default DynamoDB', startDynamoDb, true],
  ['DynamoDB Local', startDynamoDbLocal, hasJava()],
];

describe.each(ENGINES)('%s', (_name, start, available) => {
  async function restarted(emulator: DynamoDbEmulator): Promise<DynamoDbEmulator> {
    await emulator.stop();
    return start({ directory });
  }

  test.runIf(available)('checks conditions, keeps tables in its directory and leaves no process', async () => {
    const first = await start({ directory });
    const client = dynamoDbClient(first.endpoint);
    await createTable(client, 'things');
    const create = new PutItemCommand({
      TableName: 'things',
      Item: { id: { S: '1' } },
      ConditionExpression: 'attribute_not_exists(id)',
    });
    await client.send(create);
    await expect(client.send(create)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    const transaction = client.send(
      new TransactWriteItemsCommand({ TransactItems: [{ Put: { ...create.input, Item: create.input.Item } }] }),
    );
    await expect(transaction).rejects.toMatchObject({ CancellationReasons: [{ Code: 'ConditionalCheckFailed' }] });
    client.destroy();
    expect(processesAt(first.endpoint)).not.toEqual([]);

    const second = await restarted(first);
    expect(processesAt(first.endpoint)).toEqual([]);
    const again = dynamoDbClient(second.endpoint);
    const { Item } = await again.send(new GetItemCommand({ TableName: 'things', Key: { id: { S: '1' } } }));
    expect(Item).toEqual({ id: { S: '1' } });
    again.destroy();
    await second.stop();
    await vi.waitFor(() => expect(processesAt(second.endpoint)).toEqual([]), PATIENCE);
  });
});

describe('the DynamoDB engine', () => {
  test('ends when the process that started it is killed hard', async () => {
    const script = await runScript(`
      const { startDynamoDb } = await import(${JSON.stringify(DYNAMODB_MODULE)});
      console.log((await startDynamoDb()).endpoint);
      setInterval(() => {}, 1000);
    `);
    expect(processesAt(script.firstLine)).not.toEqual([]);
    await script.killHard();
    await vi.waitFor(() => expect(processesAt(script.firstLine)).toEqual([]), PATIENCE);
  });

  test('is reported when it dies by itself', async () => {
    const crashes: string[] = [];
    const emulator = await startDynamoDb({ onCrash: (error) => crashes.push(error.message) });
    const { port } = new URL(emulator.endpoint);
    const engine = execFileSync('ps', ['-A', '-o', 'pid,args'], { encoding: 'utf8' })
      .split('\n')
      .find((line) => line.split(/\s/).includes(port) && !line.includes('guard'));
    process.kill(Number(engine!.trim().split(/\s+/)[0]), 'SIGKILL');
    await vi.waitFor(() => expect(crashes).toHaveLength(1), PATIENCE);
    expect(crashes[0]).toContain('ended with');
    await emulator.stop();
    await vi.waitFor(() => expect(processesAt(emulator.endpoint)).toEqual([]), PATIENCE);
  });
});

test('tables and objects, but no queues, survive a restart of all emulators with a directory', async () => {
  const first = await startEmulators({ directory });
  const before = emulatorClients(first);
  await createTable(before.dynamoDb(), 'things');
  await before.s3().send(new CreateBucketCommand({ Bucket: 'things' }));
  await before.s3().send(new PutObjectCommand({ Bucket: 'things', Key: 'k', Body: 'kept' }));
  await before.sqs().send(new CreateQueueCommand({ QueueName: 'things' }));
  before.destroy();
  await first.stop();

  const second = await startEmulators({ directory });
  const after = emulatorClients(second);
  const { Body } = await after.s3().send(new GetObjectCommand({ Bucket: 'things', Key: 'k' }));
  expect(await Body!.transformToString()).toBe('kept');
  const { Item } = await after.dynamoDb().send(new GetItemCommand({ TableName: 'things', Key: { id: { S: '1' } } }));
  expect(Item).toBeUndefined();
  const { QueueUrl } = await after.sqs().send(new CreateQueueCommand({ QueueName: 'things' }));
  expect(QueueUrl).toContain(new URL(second.sqsEndpoint).port);
  after.destroy();
  await second.stop();
  expect(processesAt(second.dynamoDbEndpoint)).toEqual([]);
});

test('without a directory every start is empty', async () => {
  for (const _round of [1, 2]) {
    const emulators = await startEmulators();
    const clients = emulatorClients(emulators);
    await createTable(clients.dynamoDb(), 'things');
    await clients.s3().send(new CreateBucketCommand({ Bucket: 'things' }));
    await clients.s3().send(new PutObjectCommand({ Bucket: 'things', Key: 'k', Body: 'b', IfNoneMatch: '*' }));
    clients.destroy();
    await emulators.stop();
  }
});

describe('a FIFO queue with a dead-letter queue', () => {
  const emulators = useEmulators();

  async function queues(): Promise<{ queue: string; deadLetters: string }> {
    const sqs = emulators.sqs();
    const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true', VisibilityTimeout: '60' };
    const dead = await sqs.send(new CreateQueueCommand({ QueueName: `${emulators.freshName('dead')}.fifo`, Attributes: fifo }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes?.QueueArn, maxReceiveCount: 2 });
    const live = await sqs.send(
      new CreateQueueCommand({ QueueName: `${emulators.freshName('live')}.fifo`, Attributes: { ...fifo, RedrivePolicy } }),
    );
    return { queue: live.QueueUrl!, deadLetters: dead.QueueUrl! };
  }

  async function receive(QueueUrl: string): Promise<{ body: string; receipt: string }[]> {
    const { Messages = [] } = await emulators.sqs().send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body, ReceiptHandle }) => ({ body: Body!, receipt: ReceiptHandle! }));
  }

  async function send(QueueUrl: string, MessageGroupId: string, ...bodies: string[]): Promise<void> {
    for (const MessageBody of bodies)
      await emulators.sqs().send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId }));
  }

  test('keeps a group back while one of its messages is in flight, and other groups not', async () => {
    const { queue } = await queues();
    await send(queue, 'a', 'a1', 'a2');
    const [first] = await receive(queue);
    expect(first?.body).toBe('a1');
    expect(await receive(queue)).toEqual([]);
    await send(queue, 'b', 'b1');
    expect((await receive(queue)).map(({ body }) => body)).toEqual(['b1']);
    await emulators.sqs().send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: first!.receipt }));
    expect((await receive(queue)).map(({ body }) => body)).toEqual(['a2']);
  });

  test('moves a message away after as many receives as allowed, and frees its group', async () => {
    const { queue, deadLetters } = await queues();
    await send(queue, 'a', 'poison', 'next');
    for (const _attempt of [1, 2]) {
      const [message] = await receive(queue);
      expect(message?.body).toBe('poison');
      await emulators
        .sqs()
        .send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: message!.receipt, VisibilityTimeout: 0 }));
    }
    expect((await receive(queue)).map(({ body }) => body)).toEqual(['next']);
    expect((await receive(deadLetters)).map(({ body }) => body)).toEqual(['poison']);
  });

  test('brings back only what a partial batch deletion left', async () => {
    const { queue } = await queues();
    const Entries = ['a', 'b', 'c'].map((group) => ({ Id: group, MessageBody: group, MessageGroupId: group }));
    await emulators.sqs().send(new SendMessageBatchCommand({ QueueUrl: queue, Entries }));
    const received = await receive(queue);
    expect(received.map(({ body }) => body).sort()).toEqual(['a', 'b', 'c']);
    const [kept, ...done] = received;
    const deletions = done.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
    await emulators.sqs().send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries: deletions }));
    await emulators
      .sqs()
      .send(new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle: kept!.receipt, VisibilityTimeout: 0 }));
    expect((await receive(queue)).map(({ body }) => body)).toEqual([kept!.body]);
  });

  test('drops a repeated message', async () => {
    const { queue } = await queues();
    await send(queue, 'a', 'same', 'same');
    const [message] = await receive(queue);
    await emulators.sqs().send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message!.receipt }));
    expect(await receive(queue)).toEqual([]);
  });
});
