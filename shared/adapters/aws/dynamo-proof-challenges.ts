import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { HostId } from '#domain/inventory/inventory.ts';
import type { ProofChallenge, ProofChallenges } from '#ports/proof-challenges.ts';
import { callAws } from './call-aws.ts';
import { fromItem, type Item, toItem, wholeNumber } from './flat-item.ts';
import { readItem, type TableKey } from './inventory-table.ts';

export const challengeKey = (host: HostId): TableKey => ({ kind: 'challenge', id: host });

const challengeOf = (item: Item | undefined): ProofChallenge | undefined => {
  if (item === undefined) return undefined;
  const { token, checkedMs } = fromItem(item);
  return {
    token: String(token),
    createdMs: wholeNumber(item, 'createdMs'),
    checkedMs: typeof checkedMs === 'number' ? checkedMs : undefined,
  };
};

/** In the inventory's table, so that a host and its challenge go in one transaction. */
export const dynamoProofChallenges = (dynamo: DynamoDBClient, table: string): ProofChallenges => {
  const read = async (host: HostId): Promise<ProofChallenge | undefined> =>
    challengeOf(await readItem(dynamo, table, challengeKey(host)));
  return {
    read: (host) => callAws('reading a challenge', () => read(host)),
    make: (host, challenge, unlessAfterMs) =>
      callAws('making a challenge', async () => {
        const { token, createdMs } = challenge;
        try {
          await dynamo.send(
            new PutItemCommand({
              TableName: table,
              Item: toItem({ ...challengeKey(host), token, createdMs }),
              ConditionExpression: 'attribute_not_exists(#created) OR #created <= :after',
              ExpressionAttributeNames: { '#created': 'createdMs' },
              ExpressionAttributeValues: toItem({ ':after': unlessAfterMs }),
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            }),
          );
          return challenge;
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
          return challengeOf(error.Item) ?? challenge;
        }
      }),
    beginCheck: (host, token, nowMs, unlessAfterMs) =>
      callAws('noting the check of a challenge', async () => {
        try {
          await dynamo.send(
            new UpdateItemCommand({
              TableName: table,
              Key: toItem({ ...challengeKey(host) }),
              UpdateExpression: 'SET #checked = :now',
              ConditionExpression: '#token = :token AND (attribute_not_exists(#checked) OR #checked <= :after)',
              ExpressionAttributeNames: { '#checked': 'checkedMs', '#token': 'token' },
              ExpressionAttributeValues: toItem({ ':now': nowMs, ':after': unlessAfterMs, ':token': token }),
            }),
          );
          return true;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return false;
          throw error;
        }
      }),
  };
};
