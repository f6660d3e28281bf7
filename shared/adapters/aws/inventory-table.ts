import { type DynamoDBClient, GetItemCommand, paginateQuery, type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { AuditEntry, AuditScope } from '#domain/access/audit-entry.ts';
import { Fault } from '#domain/errors.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { printAuditEntry } from '#wire/audit-item.ts';
import { entityName, type InventoryEntity, parseEntity } from '#wire/inventory-item.ts';
import { type Item, toItem } from './flat-item.ts';

/**
 * The inventory's table: partition key `kind`, sort key `id`.
 *
 *   site|category|host / ID                 `entity`: the entity's text
 *   settings|locks|content / network        the same
 *   revision / network                      `revision`: how many changes there were; `requestId` of the last
 *   audit[/host/ID|/site/ID] / REVISION     `entry`: one change; never written twice
 *   reply/KEY / reply                       what a request with an idempotency key was answered, until `expires`
 *   challenge / HOST                        what the owner of a pending host is to publish
 */
export const ENTITY_KINDS = ['site', 'category', 'host', 'locks', 'content', 'settings'] as const;
type Kind = (typeof ENTITY_KINDS)[number];

/** Texts by entity name. */
export type Stored = ReadonlyMap<string, string>;

const NETWORK_ID = 'network';
/** Whole numbers in the order of their texts. */
const REVISION_DIGITS = 16;
const LOAD_TRIES = 4;
const FIRST_WAIT_MS = 50;

export interface TableKey {
  readonly kind: string;
  readonly id: string;
}

const REVISION_KEY: TableKey = { kind: 'revision', id: NETWORK_ID };

/** `host/ID` and the like; `settings`, `locks` and `content` are one each. */
export const keyOfName = (name: string): TableKey => {
  const slash = name.indexOf('/');
  return slash === -1 ? { kind: name, id: NETWORK_ID } : { kind: name.slice(0, slash), id: name.slice(slash + 1) };
};

export const auditKind = (scope: AuditScope): string => (scope.kind === 'network' ? 'audit' : `audit/${scope.kind}/${scope.id}`);

export const revisionText = (revision: number): string => String(revision).padStart(REVISION_DIGITS, '0');

/** Refused, with the item as it is, when the inventory is no longer at this revision. */
export const revisionStep = (table: string, revision: number, requestId: string): TransactWriteItem => ({
  Update: {
    TableName: table,
    Key: toItem({ ...REVISION_KEY }),
    UpdateExpression: 'SET #revision = :next, #request = :request',
    ConditionExpression: revision === 0 ? 'attribute_not_exists(#revision)' : '#revision = :revision',
    ExpressionAttributeNames: { '#revision': 'revision', '#request': 'requestId' },
    ExpressionAttributeValues: toItem({
      ':next': revision + 1,
      ':request': requestId,
      ...(revision > 0 && { ':revision': revision }),
    }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

export const auditPuts = (table: string, entry: AuditEntry, scopes: readonly AuditScope[]): readonly TransactWriteItem[] => {
  const kinds = new Set([{ kind: 'network' } as const, ...scopes].map(auditKind));
  const text = printAuditEntry(entry);
  return [...kinds].map((kind) => ({
    Put: {
      TableName: table,
      Item: toItem({ kind, id: revisionText(entry.revision), entry: text }),
      // Append-only, whatever went wrong elsewhere.
      ConditionExpression: 'attribute_not_exists(#kind)',
      ExpressionAttributeNames: { '#kind': 'kind' },
    },
  }));
};

export const readItem = async (dynamo: DynamoDBClient, table: string, key: TableKey): Promise<Item | undefined> => {
  const { Item: item } = await dynamo.send(
    new GetItemCommand({ TableName: table, Key: toItem({ ...key }), ConsistentRead: true }),
  );
  return item;
};

export const readRevision = async (dynamo: DynamoDBClient, table: string): Promise<number> =>
  Number((await readItem(dynamo, table, REVISION_KEY))?.['revision']?.N ?? 0);

/** The entities of one kind, in the order of their ids. Strongly consistent: an administrator sees what was just applied. */
const readKind = async (dynamo: DynamoDBClient, table: string, kind: Kind): Promise<readonly string[]> => {
  const pages = paginateQuery(
    { client: dynamo },
    {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#kind = :kind',
      ExpressionAttributeNames: { '#kind': 'kind' },
      ExpressionAttributeValues: toItem({ ':kind': kind }),
    },
  );
  const texts: string[] = [];
  for await (const { Items: items = [] } of pages) texts.push(...items.map((item) => item['entity']?.S ?? ''));
  return texts;
};

const readEntities = async (dynamo: DynamoDBClient, table: string): Promise<readonly InventoryEntity[]> => {
  const texts = await Promise.all(ENTITY_KINDS.map((kind) => readKind(dynamo, table, kind)));
  return texts.flat().map(parseEntity);
};

export const readTexts = async (dynamo: DynamoDBClient, table: string): Promise<Stored> => {
  const texts = await Promise.all(ENTITY_KINDS.map((kind) => readKind(dynamo, table, kind)));
  return new Map(texts.flat().map((text) => [entityName(parseEntity(text)), text]));
};

/** Undefined when none was ever applied whole. */
export const readInventory = async (dynamo: DynamoDBClient, table: string): Promise<Inventory | undefined> => {
  const entities = await readEntities(dynamo, table);
  const settings = entities.find((entity) => entity.kind === 'settings');
  const locks = entities.find((entity) => entity.kind === 'locks');
  const content = entities.find((entity) => entity.kind === 'content');
  if (settings === undefined) return undefined;
  return {
    settings: settings.value,
    ...(locks !== undefined && { locks: locks.value }),
    ...(content !== undefined && { content: content.value }),
    sites: entities.flatMap((entity) => (entity.kind === 'site' ? [entity.value] : [])),
    categories: entities.flatMap((entity) => (entity.kind === 'category' ? [entity.value] : [])),
    hosts: entities.flatMap((entity) => (entity.kind === 'host' ? [entity.value] : [])),
  };
};

/** Reads until what was read is one moment; the queries of one reading are not. */
export const readUntil = async <Read>(
  read: () => Promise<Read>,
  isWhole: (read: Read) => boolean | Promise<boolean>,
  otherwise: string,
): Promise<Read> => {
  for (let tries = 0; tries < LOAD_TRIES; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** tries));
    const found = await read();
    if (await isWhole(found)) return found;
  }
  throw new Fault(otherwise);
};
