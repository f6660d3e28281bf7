import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { fromAttributes, toAttributes } from './plain-item.ts';

/** The items of one partition of a table whose keys are `pk` and `sk`, those whose `sk` begins so, in order. Strongly consistent. */
export const queryPartition = async (
  dynamo: DynamoDBClient,
  table: string,
  pk: string,
  beginning = '',
): Promise<readonly Record<string, unknown>[]> => {
  const query = {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: beginning === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :beginning)',
    ExpressionAttributeValues: toAttributes({ ':pk': pk, ...(beginning === '' ? {} : { ':beginning': beginning }) }),
  };
  const found: Record<string, unknown>[] = [];
  for await (const { Items: items = [] } of paginateQuery({ client: dynamo }, query)) found.push(...items.map(fromAttributes));
  return found;
};
