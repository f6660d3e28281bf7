import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { EpochMs, HostId } from '#domain/inventory/inventory.ts';
import type { HostToken, HostTokens, TokenId, TokenIssue, TokenWish } from '#ports/host-tokens.ts';
import { parseHostToken, parseStoredToken, printHostToken, type StoredToken } from '#wire/host-token.ts';
import { callAws } from './call-aws.ts';
import { fromItem, type Item, toItem } from './flat-item.ts';

/** More than a host has any use for; the list stays short enough to look through. */
const MOST_TOKENS = 20;
/** A use is noted at most this often. */
const NOTE_USE_MS = 60_000;
const SECRET_BYTES = 32;
const ID_BYTES = 6;
const PREFIX = 'token#';

const keyOf = (host: HostId, id: TokenId): Item => toItem({ pk: `host#${host}`, sk: `${PREFIX}${id}` });

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const sameHash = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));

const isGood = ({ revokedMs, expiresMs }: HostToken, nowMs: EpochMs): boolean =>
  revokedMs === undefined && (expiresMs === undefined || nowMs < expiresMs);

/** A refused condition is no fault: somebody else did it, or there is nothing to do it to. */
const isDone = async (write: Promise<unknown>): Promise<boolean> => {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

interface Place {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly bytes: (count: number) => Buffer;
}

const stored = async ({ dynamo, table }: Place, host: HostId): Promise<readonly StoredToken[]> => {
  const pages = paginateQuery(
    { client: dynamo },
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toItem({ ':pk': `host#${host}`, ':prefix': PREFIX }),
      ConsistentRead: true,
    },
  );
  const tokens: StoredToken[] = [];
  for await (const { Items: items = [] } of pages) tokens.push(...items.map((item) => parseStoredToken(fromItem(item))));
  return tokens;
};

const put = async (
  { dynamo, table, bytes }: Place,
  { host, by, label, expiresMs }: TokenWish,
  nowMs: EpochMs,
): Promise<TokenIssue> => {
  const id = bytes(ID_BYTES).toString('hex');
  const secret = bytes(SECRET_BYTES).toString('base64url');
  const sha256 = hashOf(secret);
  const fields = { host, id, sha256, label, createdMs: nowMs, createdBy: by };
  const issued = { kind: 'issued', id, token: printHostToken({ host, tokenId: id, secret }) } as const;
  try {
    await dynamo.send(
      new PutItemCommand({
        TableName: table,
        Item: { ...keyOf(host, id), ...toItem({ ...fields, ...(expiresMs === undefined ? {} : { expiresMs }) }) },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return issued;
  } catch (error) {
    // The reply of an earlier try was lost: the SDK's repeat met what it had written itself.
    if (error instanceof ConditionalCheckFailedException && error.Item?.['sha256']?.S === sha256) return issued;
    throw error;
  }
};

const noteUse = async ({ dynamo, table }: Place, { host, id, lastUsedMs }: HostToken, nowMs: EpochMs): Promise<void> => {
  if (lastUsedMs !== undefined && nowMs - lastUsedMs < NOTE_USE_MS) return;
  await isDone(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: keyOf(host, id),
        UpdateExpression: 'SET lastUsedMs = :now',
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(lastUsedMs) OR lastUsedMs <= :before)',
        ExpressionAttributeValues: toItem({ ':now': nowMs, ':before': nowMs - NOTE_USE_MS }),
      }),
    ),
  );
};

/** One item per token, beside the other things known of a host. The secret itself is nowhere: 256 random bits need no slow hash. */
export const dynamoHostTokens = (
  dynamo: DynamoDBClient,
  table: string,
  bytes: (count: number) => Buffer = randomBytes,
): HostTokens => {
  const place: Place = { dynamo, table, bytes };
  return {
    issue: (wish, nowMs) =>
      callAws(`issuing a token of ${wish.host}`, async () => {
        const good = (await stored(place, wish.host)).filter(({ token }) => isGood(token, nowMs));
        return good.length >= MOST_TOKENS ? { kind: 'too-many', limit: MOST_TOKENS } : await put(place, wish, nowMs);
      }),

    verify: (text, nowMs) =>
      callAws('verifying a host token', async () => {
        const parts = parseHostToken(text);
        if (parts === undefined) return undefined;
        const Key = keyOf(parts.host, parts.tokenId);
        const { Item: item } = await dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
        if (item === undefined) return undefined;
        const { token, sha256 } = parseStoredToken(fromItem(item));
        if (!(sameHash(sha256, hashOf(parts.secret)) && isGood(token, nowMs))) return undefined;
        await noteUse(place, token, nowMs);
        return { host: token.host, tokenId: token.id };
      }),

    list: (host) =>
      callAws(`listing the tokens of ${host}`, async () =>
        (await stored(place, host)).map(({ token }) => token).sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1)),
      ),

    revoke: (host, id, nowMs) =>
      callAws(`revoking a token of ${host}`, async () => {
        const revoked = await isDone(
          dynamo.send(
            new UpdateItemCommand({
              TableName: table,
              Key: keyOf(host, id),
              UpdateExpression: 'SET revokedMs = if_not_exists(revokedMs, :now)',
              ConditionExpression: 'attribute_exists(pk)',
              ExpressionAttributeValues: toItem({ ':now': nowMs }),
            }),
          ),
        );
        return revoked ? 'revoked' : 'unknown';
      }),
  };
};
