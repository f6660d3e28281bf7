import { ConditionalCheckFailedException, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import {
  FENCE_ATTRIBUTE,
  parseUpstreamCheck,
  printUpstreamCheck,
  UPSTREAM_PARTITION,
  upstreamCheckKey,
} from '#wire/volume/upstream-check-item.ts';
import { callAws } from './call-aws.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';
import { queryPartition } from './query-partition.ts';

/** One item per volume, in the table of volumes. */
export const dynamoUpstreamChecks = (dynamo: DynamoDBClient, table: string): UpstreamChecks => ({
  read: (volume) =>
    callAws(`reading what is known of the upstream of ${volume}`, async () => {
      const Key = toAttributes({ ...upstreamCheckKey(volume) });
      const { Item: item } = await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return item === undefined ? undefined : parseUpstreamCheck(fromAttributes(item));
    }),

  readAll: () =>
    callAws('reading what is known of all upstreams', async () => {
      const items = await queryPartition(dynamo, table, UPSTREAM_PARTITION);
      return new Map(items.map(parseUpstreamCheck).map((check) => [check.volume, check]));
    }),

  write: (check, fence) =>
    callAws(`writing what is known of the upstream of ${check.volume}`, async () => {
      try {
        await dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: toAttributes({ ...upstreamCheckKey(check.volume), ...printUpstreamCheck(check, fence) }),
            ConditionExpression: 'attribute_not_exists(#fence) OR #fence <= :fence',
            ExpressionAttributeNames: { '#fence': FENCE_ATTRIBUTE },
            ExpressionAttributeValues: toAttributes({ ':fence': fence }),
          }),
        );
        return 'written';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'fenced';
        throw error;
      }
    }),
});
