import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { HostName, LockName, Waiter } from '#domain/lock/lock-state.ts';
import type { LockStore, Newcomer, Within } from '#ports/lock-store.ts';
import { parseWaiter } from '#wire/lock/lock-item.ts';
import { LOCK_TABLE, queueOf, ticketKey, waiterKey } from '#wire/lock/lock-table.ts';
import { callAws } from './call-aws.ts';
import { countUp, limits } from './lock-table-calls.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';

/** A waiter that was forgotten is garbage; long after its place has lapsed the table may delete it. */
const FORGOTTEN_MS = 86_400_000;

const forgottenAt = (lastSeenMs: number, intervalMs: number): number =>
  Math.ceil((lastSeenMs + 3 * intervalMs + FORGOTTEN_MS) / 1000);

interface Table {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
}

const join = async ({ dynamo, table }: Table, lock: LockName, newcomer: Newcomer, within: Within): Promise<Waiter> => {
  // A number that is taken and not used harms nobody: tickets only have an order.
  const ticket = await countUp(dynamo, table, ticketKey(lock), within);
  const { host, client, nowMs } = newcomer;
  const intervalMs = newcomer.intervalMs(ticket);
  try {
    await dynamo.send(
      new PutItemCommand({
        TableName: table,
        Item: toAttributes({
          ...waiterKey(lock, host),
          k: ticket,
          ls: nowMs,
          iv: intervalMs,
          w: client,
          ttl: forgottenAt(nowMs, intervalMs),
        }),
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      limits(within),
    );
    return { host, ticket, lastSeenMs: nowMs, intervalMs, client };
  } catch (error) {
    // In the queue already: by another request of the host, or by this one, whose reply the SDK missed.
    if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) {
      return parseWaiter(fromAttributes(error.Item));
    }
    throw error;
  }
};

const note = async ({ dynamo, table }: Table, lock: LockName, waiter: Waiter, within: Within): Promise<void> => {
  try {
    await dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toAttributes({ ...waiterKey(lock, waiter.host) }),
        ConditionExpression: '#k = :k',
        UpdateExpression: 'SET #ls = :ls, #iv = :iv, #ttl = :ttl',
        ExpressionAttributeNames: { '#k': 'k', '#ls': 'ls', '#iv': 'iv', '#ttl': 'ttl' },
        ExpressionAttributeValues: toAttributes({
          ':k': waiter.ticket,
          ':ls': waiter.lastSeenMs,
          ':iv': waiter.intervalMs,
          ':ttl': forgottenAt(waiter.lastSeenMs, waiter.intervalMs),
        }),
      }),
      limits(within),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
};

const leave = async (
  { dynamo, table }: Table,
  lock: LockName,
  host: HostName,
  ticket: number | undefined,
  within: Within,
): Promise<boolean> => {
  const guarded = ticket !== undefined && {
    ConditionExpression: '#k = :k',
    ExpressionAttributeNames: { '#k': 'k' },
    ExpressionAttributeValues: toAttributes({ ':k': ticket }),
  };
  try {
    const { Attributes: item } = await dynamo.send(
      new DeleteItemCommand({
        TableName: table,
        Key: toAttributes({ ...waiterKey(lock, host) }),
        ReturnValues: 'ALL_OLD',
        ...guarded,
      }),
      limits(within),
    );
    return item !== undefined;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

type QueuePart = Pick<LockStore, 'waiters' | 'waiter' | 'enqueue' | 'touch' | 'dequeue'>;

/** The queue of a lock: one item per waiter and a counter, all under another partition key than the lock. */
export const dynamoLockQueue = (dynamo: DynamoDBClient, table: string): QueuePart => ({
  waiters: (lock, limit, within) =>
    callAws(`reading the queue of ${lock}`, async () => {
      const { Items: items = [] } = await dynamo.send(
        new QueryCommand({
          TableName: table,
          IndexName: LOCK_TABLE.localIndex.name,
          ConsistentRead: true,
          KeyConditionExpression: '#pk = :pk',
          ExpressionAttributeNames: { '#pk': 'pk' },
          ExpressionAttributeValues: toAttributes({ ':pk': queueOf(lock) }),
          Limit: limit,
        }),
        limits(within),
      );
      return items.map((item) => parseWaiter(fromAttributes(item)));
    }),
  waiter: (lock, host, within) =>
    callAws(`reading the place of ${host} in the queue of ${lock}`, async () => {
      const { Item: item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: toAttributes({ ...waiterKey(lock, host) }), ConsistentRead: true }),
        limits(within),
      );
      return item === undefined ? undefined : parseWaiter(fromAttributes(item));
    }),
  enqueue: (lock, newcomer, within) =>
    callAws(`putting ${newcomer.host} into the queue of ${lock}`, () => join({ dynamo, table }, lock, newcomer, within)),
  touch: (lock, waiter, within) =>
    callAws(`noting ${waiter.host} in the queue of ${lock}`, () => note({ dynamo, table }, lock, waiter, within)),
  dequeue: (lock, host, ticket, within) =>
    callAws(`taking ${host} out of the queue of ${lock}`, () => leave({ dynamo, table }, lock, host, ticket, within)),
});
