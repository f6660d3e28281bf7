import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { Fault } from '#domain/errors.ts';
import type { Within } from '#ports/lock-store.ts';
import type { LockKey } from '#wire/lock/lock-table.ts';
import { wholeNumber } from './flat-item.ts';
import { toAttributes } from './plain-item.ts';

/** What is left of the time; a call that has none left is not made. */
export const limits = ({ withinMs }: Within): { readonly abortSignal: AbortSignal } => {
  if (withinMs <= 0) throw new Fault('no time is left for a call to the table');
  return { abortSignal: AbortSignal.timeout(withinMs) };
};

/** Adds one to a counter and returns it; numbers are never given twice, and some never. */
export const countUp = async (dynamo: DynamoDBClient, table: string, key: LockKey, within: Within): Promise<number> => {
  const { Attributes: item } = await dynamo.send(
    new UpdateItemCommand({
      TableName: table,
      Key: toAttributes({ ...key }),
      UpdateExpression: 'ADD #c :one',
      ExpressionAttributeNames: { '#c': 'c' },
      ExpressionAttributeValues: toAttributes({ ':one': 1 }),
      ReturnValues: 'UPDATED_NEW',
    }),
    limits(within),
  );
  return wholeNumber(item, 'c');
};
