import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { LockRulesStore } from '#ports/lock-rules-store.ts';
import { parseEntity } from '#wire/inventory-item.ts';
import { callAws } from './call-aws.ts';
import { toItem } from './flat-item.ts';

/** One item of the inventory: those who ask for locks need nothing else of it, and it may have ten thousand hosts. */
export const dynamoLockRules = (dynamo: DynamoDBClient, inventoryTable: string): LockRulesStore => ({
  read: (withinMs) =>
    callAws('reading the rules of locks', async () => {
      const { Item: item } = await dynamo.send(
        new GetItemCommand({
          TableName: inventoryTable,
          Key: toItem({ kind: 'locks', id: 'network' }),
          ConsistentRead: true,
        }),
        { abortSignal: AbortSignal.timeout(withinMs) },
      );
      const text = item?.['entity']?.S;
      const entity = text === undefined ? undefined : parseEntity(text);
      return entity?.kind === 'locks' ? entity.value : undefined;
    }),
});
