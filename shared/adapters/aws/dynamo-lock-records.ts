import { type DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { LockStore } from '#ports/lock-store.ts';
import { parseEvent, parseHostLock } from '#wire/lock/lock-item.ts';
import { eventKey, eventsOf, ID_COUNTER, idKey } from '#wire/lock/lock-table.ts';
import { callAws } from './call-aws.ts';
import { countUp, limits } from './lock-table-calls.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';

/** Numbers of locks, the audit, and what hosts hold. */
export const dynamoLockRecords = (
  dynamo: DynamoDBClient,
  table: string,
): Pick<LockStore, 'allocateId' | 'nameOf' | 'events' | 'hostLocks'> => ({
  allocateId: (lock, within) =>
    callAws(`numbering the lock ${lock}`, async () => {
      const id = await countUp(dynamo, table, ID_COUNTER, within);
      await dynamo.send(new PutItemCommand({ TableName: table, Item: toAttributes({ ...idKey(id), lock }) }), limits(within));
      return id;
    }),
  nameOf: (id, within) =>
    callAws(`looking up the lock with number ${id}`, async () => {
      const { Item: item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: toAttributes({ ...idKey(id) }), ConsistentRead: true }),
        limits(within),
      );
      return item?.['lock']?.S;
    }),
  events: (lock, afterVersion, limit, within) =>
    callAws(`reading the history of ${lock}`, async () => {
      const { Items: items = [] } = await dynamo.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#pk = :pk AND #sk > :after',
          ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
          ExpressionAttributeValues: toAttributes({ ':pk': eventsOf(lock), ':after': eventKey(lock, afterVersion).sk }),
          Limit: limit,
        }),
        limits(within),
      );
      return items.map((item) => parseEvent(fromAttributes(item)));
    }),
  hostLocks: (host, within) =>
    callAws(`reading what ${host} holds`, async () => {
      const { Items: items = [] } = await dynamo.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :locks)',
          ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
          ExpressionAttributeValues: toAttributes({ ':pk': `H#${host}`, ':locks': 'L#' }),
        }),
        limits(within),
      );
      return items.map((item) => parseHostLock(fromAttributes(item)));
    }),
});
