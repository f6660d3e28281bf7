import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LockAudit } from '#ports/lock-audit.ts';
import { printEvent, printHostLock } from '#wire/lock/lock-item.ts';
import { eventKey, hostKey } from '#wire/lock/lock-table.ts';
import { callAws } from './call-aws.ts';
import { toAttributes } from './plain-item.ts';

const unlessRefused = async (call: Promise<unknown>): Promise<'done' | 'refused'> => {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return 'refused';
    throw error;
  }
};

/** A batch that is delivered again tells older versions after newer ones: each item keeps the version that it was written for. */
const NOT_NEWER = {
  ConditionExpression: 'attribute_not_exists(#v) OR #v <= :v',
  ExpressionAttributeNames: { '#v': 'v' },
};

/** Audit entries and what each host holds, in the table of the locks. */
export const dynamoLockAudit = (dynamo: DynamoDBClient, table: string): LockAudit => ({
  record: (event) =>
    callAws(`recording version ${event.version} of ${event.lock}`, async () => {
      const item = { ...eventKey(event.lock, event.version), ...printEvent(event) };
      const put = new PutItemCommand({
        TableName: table,
        Item: toAttributes(item),
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return (await unlessRefused(dynamo.send(put))) === 'done' ? 'recorded' : 'known';
    }),
  hold: (host, held, version) =>
    callAws(`noting what ${host} holds`, async () => {
      const item = { ...hostKey(host, held.lock), ...printHostLock(held), v: version };
      await unlessRefused(
        dynamo.send(
          new PutItemCommand({
            TableName: table,
            Item: toAttributes(item),
            ...NOT_NEWER,
            ExpressionAttributeValues: toAttributes({ ':v': version }),
          }),
        ),
      );
    }),
  drop: (host, lock, version) =>
    callAws(`noting that ${host} holds nothing of ${lock}`, async () => {
      await unlessRefused(
        dynamo.send(
          new DeleteItemCommand({
            TableName: table,
            Key: toAttributes({ ...hostKey(host, lock) }),
            ...NOT_NEWER,
            ExpressionAttributeValues: toAttributes({ ':v': version }),
          }),
        ),
      );
    }),
});
