import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { AuditScope } from '#domain/access/audit-entry.ts';
import { Fault } from '#domain/errors.ts';
import type {
  AdministeredInventory,
  AuditPage,
  CommitOutcome,
  InventoryCommit,
  RememberedReply,
} from '#ports/administered-inventory.ts';
import { parseAuditEntry } from '#wire/audit-item.ts';
import { entityName, type InventoryEntity, printEntity } from '#wire/inventory-item.ts';
import { parseKeptReply, printKeptReply } from '#wire/remembered-reply.ts';
import { callAws } from './call-aws.ts';
import { challengeKey } from './dynamo-proof-challenges.ts';
import { toItem } from './flat-item.ts';
import {
  auditKind,
  auditPuts,
  keyOfName,
  readItem,
  readRevision,
  revisionStep,
  revisionText,
  type TableKey,
} from './inventory-table.ts';
import { readInventoryAt } from './read-inventory-at.ts';

const replyKey = (key: string): TableKey => ({ kind: `reply/${key}`, id: 'reply' });

/** Taken again once it expired: the table removes what expired when it likes, which may be days later. */
const replyPut = (table: string, reply: RememberedReply, nowMs: number) => ({
  TableName: table,
  // Seconds, as the table's own expiry reads them.
  Item: toItem({ ...replyKey(reply.key), reply: printKeptReply(reply), expires: Math.ceil(reply.expiresMs / 1000) }),
  ConditionExpression: 'attribute_not_exists(#kind) OR #expires < :now',
  ExpressionAttributeNames: { '#kind': 'kind', '#expires': 'expires' },
  ExpressionAttributeValues: toItem({ ':now': Math.floor(nowMs / 1000) }),
});

const entityPut = (table: string, entity: InventoryEntity): TransactWriteItem => ({
  Put: { TableName: table, Item: toItem({ ...keyOfName(entityName(entity)), entity: printEntity(entity) }) },
});

const transactionOf = (table: string, commit: InventoryCommit, nowMs: number): readonly TransactWriteItem[] => [
  revisionStep(table, commit.decidedAt, commit.audit.requestId),
  ...(commit.remember === undefined ? [] : [{ Put: replyPut(table, commit.remember, nowMs) }]),
  ...auditPuts(table, { ...commit.audit, revision: commit.decidedAt + 1 }, commit.scopes),
  ...(commit.put === undefined ? [] : [entityPut(table, commit.put)]),
  ...(commit.remove === undefined ? [] : [{ Delete: { TableName: table, Key: toItem({ ...keyOfName(commit.remove) }) } }]),
  ...commit.forgetChallenges.map((host) => ({ Delete: { TableName: table, Key: toItem({ ...challengeKey(host) }) } })),
];

/** Reasons stand in the order of the transaction's items: the revision first, then the reply if there is one. */
const outcomeOf = (error: TransactionCanceledException, commit: InventoryCommit): CommitOutcome => {
  const [revision, reply] = error.CancellationReasons ?? [];
  const own = revision?.Item?.['requestId']?.S === commit.audit.requestId;
  if (own) return { kind: 'committed', revision: commit.decidedAt + 1 };
  if (commit.remember !== undefined && reply?.Code === 'ConditionalCheckFailed') return { kind: 'repeated' };
  const codes = new Set((error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None'));
  if (revision?.Code === 'ConditionalCheckFailed' || codes.has('TransactionConflict')) return { kind: 'stale' };
  throw new Fault(`a transaction was cancelled: ${[...codes].join(', ')}`, { cause: error });
};

const commitTo = async (
  dynamo: DynamoDBClient,
  table: string,
  commit: InventoryCommit,
  nowMs: number,
): Promise<CommitOutcome> => {
  try {
    await dynamo.send(new TransactWriteItemsCommand({ TransactItems: [...transactionOf(table, commit, nowMs)] }));
    return { kind: 'committed', revision: commit.decidedAt + 1 };
  } catch (error) {
    if (error instanceof TransactionCanceledException) return outcomeOf(error, commit);
    throw error;
  }
};

const readPage = async (
  dynamo: DynamoDBClient,
  table: string,
  scope: AuditScope,
  below: number | undefined,
  limit: number,
): Promise<AuditPage> => {
  const { Items: items = [], LastEvaluatedKey: last } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: below === undefined ? '#kind = :kind' : '#kind = :kind AND #id < :below',
      ExpressionAttributeNames: { '#kind': 'kind', ...(below !== undefined && { '#id': 'id' }) },
      ExpressionAttributeValues: toItem({
        ':kind': auditKind(scope),
        ...(below !== undefined && { ':below': revisionText(below) }),
      }),
      ScanIndexForward: false,
      Limit: limit,
    }),
  );
  const entries = items.map((item) => parseAuditEntry(item['entry']?.S ?? ''));
  return { entries, next: last === undefined ? undefined : entries.at(-1)?.revision };
};

/** The inventory's table for those who change it piece by piece; see inventory-table.ts for its items. */
export const dynamoAdministeredInventory = (dynamo: DynamoDBClient, table: string): AdministeredInventory => ({
  revision: () => callAws('reading the revision of the inventory', () => readRevision(dynamo, table)),
  read: (known) => callAws('reading the inventory', () => readInventoryAt(dynamo, table, known)),
  commit: (commit, nowMs) => callAws(`changing ${commit.audit.entity}`, () => commitTo(dynamo, table, commit, nowMs)),
  remember: (reply, nowMs) =>
    callAws('keeping a reply', async () => {
      try {
        await dynamo.send(new PutItemCommand(replyPut(table, reply, nowMs)));
        return 'remembered';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return 'repeated';
        throw error;
      }
    }),
  remembered: (key, nowMs) =>
    callAws('reading a kept reply', async () => {
      const item = await readItem(dynamo, table, replyKey(key));
      const expiresMs = Number(item?.['expires']?.N ?? 0) * 1000;
      if (item === undefined || expiresMs < nowMs) return undefined;
      return { key, ...parseKeptReply(item['reply']?.S ?? ''), expiresMs };
    }),
  audit: (scope, below, limit) => callAws('reading the audit trail', () => readPage(dynamo, table, scope, below, limit)),
});
