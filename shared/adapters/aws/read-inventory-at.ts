import { BatchGetItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { AuditEntry } from '#domain/access/audit-entry.ts';
import { ConfigError, Fault } from '#domain/errors.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryAt } from '#ports/administered-inventory.ts';
import { parseAuditEntry } from '#wire/audit-item.ts';
import { type InventoryEntity, parseEntity } from '#wire/inventory-item.ts';
import { toItem } from './flat-item.ts';
import { keyOfName, readInventory, readRevision, revisionText } from './inventory-table.ts';

/** Rounds of catching up; each is shorter than the one before unless the network changes faster than it can be read. */
const MOST_ROUNDS = 100;
/** After more changes than this, all of it is read anew. */
const MOST_CHANGES = 300;
/** Of BatchGetItem. */
const BATCH_KEYS = 100;
const BATCH_TRIES = 5;

interface Names {
  readonly added?: readonly string[];
  readonly changed?: readonly string[];
  readonly removed?: readonly string[];
}

/** The entities that an entry tells of. */
const namesIn = ({ operation, entity, after }: AuditEntry): readonly string[] => {
  if (operation === 'apply') {
    const { added = [], changed = [], removed = [] } = (after ?? {}) as Names;
    return [...added, ...changed, ...removed];
  }
  if (!entity.startsWith('settings/')) return [entity];
  const section = entity.slice('settings/'.length);
  return [section === 'locks' || section === 'content' ? section : 'settings'];
};

/** What was changed since, in order; undefined when there is too much of it, or when the trail does not have it all. */
const entriesSince = async (dynamo: DynamoDBClient, table: string, since: number): Promise<readonly AuditEntry[] | undefined> => {
  const { Items: items = [], LastEvaluatedKey: more } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#kind = :kind AND #id > :since',
      ExpressionAttributeNames: { '#kind': 'kind', '#id': 'id' },
      ExpressionAttributeValues: toItem({ ':kind': 'audit', ':since': revisionText(since) }),
      Limit: MOST_CHANGES,
    }),
  );
  const entries = items.map((item) => parseAuditEntry(item['entry']?.S ?? ''));
  const isWhole = more === undefined && entries.every(({ revision }, at) => revision === since + 1 + at);
  return isWhole ? entries : undefined;
};

const readBatch = async (
  dynamo: DynamoDBClient,
  table: string,
  names: readonly string[],
): Promise<readonly InventoryEntity[]> => {
  const entities: InventoryEntity[] = [];
  let left = names.map((name) => toItem({ ...keyOfName(name) }));
  for (let tries = 0; left.length > 0; tries += 1) {
    if (tries === BATCH_TRIES) throw new Fault(`${left.length} entities were still unread after ${BATCH_TRIES} tries`);
    const { Responses: found, UnprocessedKeys: unread } = await dynamo.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
    );
    entities.push(...(found?.[table] ?? []).map((item) => parseEntity(item['entity']?.S ?? '')));
    left = unread?.[table]?.Keys ?? [];
  }
  return entities;
};

const readNamed = async (
  dynamo: DynamoDBClient,
  table: string,
  names: readonly string[],
): Promise<readonly InventoryEntity[]> => {
  const entities: InventoryEntity[] = [];
  for (let start = 0; start < names.length; start += BATCH_KEYS) {
    entities.push(...(await readBatch(dynamo, table, names.slice(start, start + BATCH_KEYS))));
  }
  return entities;
};

type Listed = Extract<InventoryEntity, { readonly value: { readonly id: string } }>;

/** The list with what was read in the place of what those names stood for, in the order of the ids. */
const replaced = <Value extends { readonly id: string }>(
  values: readonly Value[],
  kind: Listed['kind'],
  names: ReadonlySet<string>,
  read: readonly InventoryEntity[],
): readonly Value[] => {
  const fresh = read.filter((entity) => entity.kind === kind).map((entity) => entity.value as unknown as Value);
  const kept = values.filter(({ id }) => !names.has(`${kind}/${id}`));
  if (fresh.length === 0 && kept.length === values.length) return values;
  return [...kept, ...fresh].toSorted((left, right) => (left.id < right.id ? -1 : 1));
};

const updated = (inventory: Inventory, names: ReadonlySet<string>, read: readonly InventoryEntity[]): Inventory => {
  const settings = read.find((entity) => entity.kind === 'settings')?.value ?? inventory.settings;
  const locks = names.has('locks') ? read.find((entity) => entity.kind === 'locks')?.value : inventory.locks;
  const content = names.has('content') ? read.find((entity) => entity.kind === 'content')?.value : inventory.content;
  return {
    settings,
    ...(locks !== undefined && { locks }),
    ...(content !== undefined && { content }),
    sites: replaced(inventory.sites, 'site', names, read),
    categories: replaced(inventory.categories, 'category', names, read),
    hosts: replaced(inventory.hosts, 'host', names, read),
  };
};

const readAll = async (dynamo: DynamoDBClient, table: string): Promise<InventoryAt | undefined> => {
  const revision = await readRevision(dynamo, table);
  const inventory = await readInventory(dynamo, table);
  if (inventory !== undefined) return { revision, inventory };
  if ((await readRevision(dynamo, table)) === revision) throw new ConfigError('no inventory was ever applied');
  return undefined;
};

/** What is newer than `held`; `held` itself when nothing is. Undefined: all of it must be read. */
const catchUp = async (dynamo: DynamoDBClient, table: string, held: InventoryAt): Promise<InventoryAt | undefined> => {
  const [revision, entries] = await Promise.all([readRevision(dynamo, table), entriesSince(dynamo, table, held.revision)]);
  // A table that was put back to an earlier time.
  if (revision < held.revision || entries === undefined) return undefined;
  const last = entries.at(-1);
  if (last === undefined) return held;
  const names = new Set(entries.flatMap(namesIn));
  return { revision: last.revision, inventory: updated(held.inventory, names, await readNamed(dynamo, table, [...names])) };
};

/**
 * The inventory at one moment, while others change it. The queries that read all of it are not one moment; so whatever the trail
 * says was changed since they began is read again, until nothing has changed since the last reading. What was read may be newer
 * than the revision it is taken for, and never older: the next round mends that.
 */
export const readInventoryAt = async (
  dynamo: DynamoDBClient,
  table: string,
  known: InventoryAt | undefined,
): Promise<InventoryAt> => {
  let held = known;
  for (let rounds = 0; rounds < MOST_ROUNDS; rounds += 1) {
    const next = held === undefined ? await readAll(dynamo, table) : await catchUp(dynamo, table, held);
    if (next !== undefined && next === held) return next;
    held = next;
  }
  throw new Fault('the inventory changes faster than it can be read');
};
