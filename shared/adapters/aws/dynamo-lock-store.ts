import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { Fault } from '#domain/errors.ts';
import type { LockName, LockState } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { LockStore, Within, WriteResult } from '#ports/lock-store.ts';
import { parseLockItem } from '#wire/lock/lock-item.ts';
import { LOCK_TABLE, type LockKey, lockKey } from '#wire/lock/lock-table.ts';
import { callAws } from './call-aws.ts';
import { dynamoLockQueue } from './dynamo-lock-queue.ts';
import { dynamoLockRecords } from './dynamo-lock-records.ts';
import type { Item } from './flat-item.ts';
import { lockExpression } from './lock-expressions.ts';
import { limits } from './lock-table-calls.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';

/** Of BatchGetItem. */
const BATCH_KEYS = 100;
const BATCH_TRIES = 5;

const stateOf = (item: Item | undefined): LockState | undefined =>
  item === undefined ? undefined : parseLockItem(fromAttributes(item));

/** The state of a lock: one small item, read strongly and changed by one conditional update at a time. */
const lockItems = (dynamo: DynamoDBClient, table: string): Pick<LockStore, 'read' | 'write' | 'list'> => {
  const update = async (lock: LockName, write: LockWrite, within: Within): Promise<WriteResult> => {
    const { condition, update: text, names, values } = lockExpression(lock, write);
    try {
      const { Attributes: item } = await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toAttributes({ ...lockKey(lock) }),
          ConditionExpression: condition,
          UpdateExpression: text,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: toAttributes(values),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
        limits(within),
      );
      return { kind: 'written', state: parseLockItem(fromAttributes(item ?? {})) };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { kind: 'refused', seen: stateOf(error.Item) };
      return { kind: 'unknown', cause: error };
    }
  };

  const names = async (within: Within): Promise<readonly LockKey[]> => {
    const keys: LockKey[] = [];
    const query = {
      TableName: table,
      IndexName: LOCK_TABLE.globalIndex.name,
      KeyConditionExpression: '#kind = :lock',
      ExpressionAttributeNames: { '#kind': LOCK_TABLE.globalIndex.partitionKey },
      ExpressionAttributeValues: toAttributes({ ':lock': 'lock' }),
    };
    const { abortSignal } = limits(within);
    for await (const { Items: items = [] } of paginateQuery({ client: dynamo }, query, { abortSignal })) {
      keys.push(...items.map((item) => ({ pk: item['pk']?.S ?? '', sk: item['sk']?.S ?? '' })));
    }
    return keys;
  };

  const readBatch = async (keys: readonly LockKey[], within: Within): Promise<readonly LockState[]> => {
    const states: LockState[] = [];
    let left: Item[] = keys.map((key) => toAttributes({ ...key }));
    for (let tries = 0; left.length > 0; tries += 1) {
      if (tries === BATCH_TRIES) throw new Fault(`${left.length} locks were still unread after ${BATCH_TRIES} tries`);
      const { Responses: found, UnprocessedKeys: unread } = await dynamo.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
        limits(within),
      );
      states.push(...(found?.[table] ?? []).map((item) => parseLockItem(fromAttributes(item))));
      left = unread?.[table]?.Keys ?? [];
    }
    return states;
  };

  return {
    read: (lock, within) =>
      callAws(`reading the lock ${lock}`, async () => {
        const { Item: item } = await dynamo.send(
          new GetItemCommand({ TableName: table, Key: toAttributes({ ...lockKey(lock) }), ConsistentRead: true }),
          limits(within),
        );
        return stateOf(item);
      }),
    write: update,
    list: (within) =>
      callAws('listing the locks', async () => {
        const keys = await names(within);
        const states: LockState[] = [];
        for (let start = 0; start < keys.length; start += BATCH_KEYS) {
          states.push(...(await readBatch(keys.slice(start, start + BATCH_KEYS), within)));
        }
        const present = states.filter(({ removed }) => !removed);
        return present.toSorted((left, right) => (left.name < right.name ? -1 : 1));
      }),
  };
};

/**
 * One item per lock, one per waiter. Time runs to the right; fences are the numbers:
 *
 *   A asks, is offered 1        A releases 1; in the same write C, first of the queue, is offered 2
 *   ────●──────●━━━━━━━━━━━━━━━━●──────●━━━━━━━━━━━▶
 *       offer  A confirms 1     offer  C confirms 2
 *         ┊                            ┊   ● A's release of 1 comes again: own-fence is false, nothing changes
 *         ┊   ● B asks: slot-free is false, B gets a ticket
 *         ┊        (had A never confirmed: after deadline and guard, B's evict-and-grant ends offer 1)
 *         ● the SDK repeats A's grant, whose reply it missed: last-fence is false; the state shows A's own request
 *
 * Conditions are the clauses of the table of transitions, see lock-expressions.ts. A refused write returns the item as it was
 * (ALL_OLD), so that telling one's own earlier write from somebody else's costs no read.
 */
export const dynamoLockStore = (dynamo: DynamoDBClient, table: string): LockStore => ({
  ...lockItems(dynamo, table),
  ...dynamoLockQueue(dynamo, table),
  ...dynamoLockRecords(dynamo, table),
});
