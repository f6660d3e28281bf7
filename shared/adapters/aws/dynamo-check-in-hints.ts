import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { CheckInHints } from '#ports/check-in-hints.ts';
import { callAws } from './call-aws.ts';
import { toItem, wholeNumber } from './flat-item.ts';

/** One small item per host and category that ever checked in, beside the host's tokens. The last writer wins: they differ by moments. */
export const dynamoCheckInHints = (dynamo: DynamoDBClient, table: string): CheckInHints => {
  const keyOf = (host: string, category: string) => ({ pk: `host#${host}`, sk: `checkin#${category}` });
  return {
    last: (host, category) =>
      callAws(`reading the last check-in of ${host}`, async () => {
        const { Item: item } = await dynamo.send(
          new GetItemCommand({ TableName: table, Key: toItem(keyOf(host, category)), ConsistentRead: true }),
        );
        return item === undefined ? undefined : wholeNumber(item, 'lastMs');
      }),
    note: (host, category, nowMs) =>
      callAws(`noting a check-in of ${host}`, async () => {
        await dynamo.send(new PutItemCommand({ TableName: table, Item: toItem({ ...keyOf(host, category), lastMs: nowMs }) }));
      }),
  };
};
