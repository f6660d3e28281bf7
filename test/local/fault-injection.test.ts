import {
  CreateTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useEmulators } from '../support/emulators.ts';
import { duplicateDeliveries, type Fault, injectFaults, onCommand, scripted } from '../support/fault-injection.ts';

const emulators = useEmulators();
const TableName = emulators.freshName('faults');

beforeAll(async () => {
  await emulators.dynamoDb().send(
    new CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});

async function exists(id: string): Promise<boolean> {
  const { Item } = await emulators.dynamoDb().send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
  return Item !== undefined;
}

function put(client: DynamoDBClient, id: string): Promise<unknown> {
  return client.send(new PutItemCommand({ TableName, Item: { id: { S: id } } }));
}

const FAILURES: readonly { title: string; fault: Fault; error: object; carriedOut: boolean }[] = [
  {
    title: 'DynamoDB throttling',
    fault: { kind: 'throttled' },
    error: { name: 'ProvisionedThroughputExceededException', $fault: 'client' },
    carriedOut: false,
  },
  {
    title: 'throttling',
    fault: { kind: 'throttled', name: 'ThrottlingException' },
    error: { name: 'ThrottlingException' },
    carriedOut: false,
  },
  { title: 'a lost request', fault: { kind: 'request-lost' }, error: { code: 'ECONNREFUSED' }, carriedOut: false },
  { title: 'a lost reply', fault: { kind: 'reply-lost' }, error: { code: 'ECONNRESET' }, carriedOut: true },
];

describe.each(FAILURES)('$title', ({ fault, error, carriedOut }) => {
  test('reaches the caller when retries are off', async () => {
    const id = emulators.freshName('off');
    const client = emulators.dynamoDb();
    const faults = injectFaults(client, scripted(fault));
    await expect(put(client, id)).rejects.toMatchObject(error);
    expect(faults.injected).toMatchObject([{ fault, attempt: { command: 'PutItemCommand', number: 1 } }]);
    expect(await exists(id)).toBe(carriedOut);
  });

  test('is survived when retries are on', async () => {
    const id = emulators.freshName('on');
    const client = emulators.dynamoDb({ maxAttempts: 3 });
    const faults = injectFaults(client, scripted(fault, fault));
    await put(client, id);
    expect(faults.attempts()).toBe(3);
    expect(await exists(id)).toBe(true);
  });
});

test('a transaction conflict carries its reasons and is not retried by the SDK', async () => {
  const id = emulators.freshName('conflict');
  const client = emulators.dynamoDb({ maxAttempts: 3 });
  const faults = injectFaults(client, onCommand('TransactWriteItemsCommand', { kind: 'transaction-conflict', items: 2 }));
  const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item: { id: { S: id } } } }] });
  const failure = await client.send(transaction).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(TransactionCanceledException);
  expect(failure).toMatchObject({
    name: 'TransactionCanceledException',
    CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
  });
  expect(faults.attempts()).toBe(1);
  expect(await exists(id)).toBe(false);
  await client.send(transaction);
  expect(await exists(id)).toBe(true);
});

test('a delay only delays', async () => {
  const id = emulators.freshName('delay');
  const client = emulators.dynamoDb();
  const faults = injectFaults(client, scripted({ kind: 'delayed', delayMs: 1 }));
  await put(client, id);
  expect(faults.injected).toHaveLength(1);
  expect(await exists(id)).toBe(true);
});

test('a stopped injection lets everything through', async () => {
  const client = emulators.dynamoDb();
  const faults = injectFaults(client, () => ({ kind: 'request-lost' }));
  faults.stop();
  await put(client, emulators.freshName('stopped'));
  expect(faults.injected).toEqual([]);
});

test('a queue delivers twice when told to', async () => {
  const client = emulators.sqs();
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: emulators.freshName('twice') }));
  for (const MessageBody of ['once', 'twice']) await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  duplicateDeliveries(client, (message) => 'Body' in message && message.Body === 'twice');
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  expect(Messages?.map(({ Body }) => Body).sort()).toEqual(['once', 'twice', 'twice']);
});
