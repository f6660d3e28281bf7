import { setTimeout as delay } from 'node:timers/promises';
import { BatchWriteItemCommand, type DynamoDBClient, paginateQuery, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { ConfigError, Fault } from '#domain/errors.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryChange, InventoryStore } from '#ports/inventory-store.ts';
import { entityName, type InventoryEntity, parseEntity, printEntity } from '#wire/inventory-item.ts';
import { callAws } from './call-aws.ts';
import { toItem } from './flat-item.ts';

type Kind = InventoryEntity['kind'];
/** Texts by entity name. */
type Stored = ReadonlyMap<string, string>;

/** DynamoDB's own limit. */
const BATCH_ITEMS = 25;
/** With doubling waits from FIRST_WAIT_MS, 25 s in all; a throttled table recovers in seconds or not at all. */
const BATCH_TRIES = 9;
const FIRST_WAIT_MS = 50;
const LOAD_TRIES = 4;
const SETTINGS_ID = 'network';

const keyOfName = (name: string): { readonly kind: string; readonly id: string } => {
  const slash = name.indexOf('/');
  return slash === -1 ? { kind: name, id: SETTINGS_ID } : { kind: name.slice(0, slash), id: name.slice(slash + 1) };
};

const entitiesOf = (inventory: Inventory): readonly InventoryEntity[] => [
  ...inventory.sites.map((value): InventoryEntity => ({ kind: 'site', value })),
  ...inventory.categories.map((value): InventoryEntity => ({ kind: 'category', value })),
  ...inventory.hosts.map((value): InventoryEntity => ({ kind: 'host', value })),
  { kind: 'settings', value: inventory.settings },
  ...(inventory.locks === undefined ? [] : [{ kind: 'locks', value: inventory.locks } as const]),
];

const putRequest = (name: string, text: string): WriteRequest => ({
  PutRequest: { Item: toItem({ ...keyOfName(name), entity: text }) },
});

const deleteRequest = (name: string): WriteRequest => ({ DeleteRequest: { Key: toItem(keyOfName(name)) } });

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

const writeAll = async (dynamo: DynamoDBClient, table: string, requests: readonly WriteRequest[]): Promise<void> => {
  for (let start = 0; start < requests.length; start += BATCH_ITEMS) {
    await writeBatch(dynamo, table, requests.slice(start, start + BATCH_ITEMS));
  }
};

/** A batch may succeed in part; what is left comes back and is sent again, since the SDK retries whole refusals only. */
const writeBatch = async (dynamo: DynamoDBClient, table: string, requests: readonly WriteRequest[]): Promise<void> => {
  let left = [...requests];
  for (let tries = 0; tries < BATCH_TRIES; tries += 1) {
    if (tries > 0) await delay(FIRST_WAIT_MS * 2 ** (tries - 1));
    const { UnprocessedItems: unprocessed } = await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
    left = unprocessed?.[table] ?? [];
    if (left.length === 0) return;
  }
  throw new Fault(`${left.length} writes to ${table} were still unprocessed after ${BATCH_TRIES} tries`);
};

const readInventory = async (dynamo: DynamoDBClient, table: string): Promise<Inventory | undefined> => {
  const [settings, sites, categories, hosts, locks] = await Promise.all(
    (['settings', 'site', 'category', 'host', 'locks'] as const).map((kind) => readKind(dynamo, table, kind)),
  );
  const [network] = (settings ?? []).map(parseEntity);
  if (network?.kind !== 'settings') return undefined;
  const values = (texts: readonly string[] | undefined) => (texts ?? []).map(parseEntity);
  const [rules] = values(locks);
  return {
    settings: network.value,
    ...(rules?.kind === 'locks' && { locks: rules.value }),
    sites: values(sites).flatMap((entity) => (entity.kind === 'site' ? [entity.value] : [])),
    categories: values(categories).flatMap((entity) => (entity.kind === 'category' ? [entity.value] : [])),
    hosts: values(hosts).flatMap((entity) => (entity.kind === 'host' ? [entity.value] : [])),
  };
};

/** The four queries are not one moment: between them an apply may add a category and its hosts, or remove both. */
const holdsTogether = ({ sites, categories, hosts }: Inventory): boolean => {
  const siteIds = new Set(sites.map((site) => site.id));
  const categoryIds = new Set(categories.map((category) => category.id));
  return hosts.every((host) => siteIds.has(host.site) && host.carries.every((carriage) => categoryIds.has(carriage.category)));
};

const loadWhole = async (dynamo: DynamoDBClient, table: string): Promise<Inventory | undefined> => {
  for (let tries = 0; tries < LOAD_TRIES; tries += 1) {
    if (tries > 0) await delay(FIRST_WAIT_MS * 2 ** tries);
    const inventory = await readInventory(dynamo, table);
    if (inventory === undefined || holdsTogether(inventory)) return inventory;
  }
  throw new Fault('the inventory refers to sites or categories that it does not hold; an apply is going on, or one was cut off');
};

const difference = (stored: Stored, wanted: Stored): InventoryChange => ({
  added: [...wanted.keys()].filter((name) => !stored.has(name)),
  changed: [...wanted.keys()].filter((name) => stored.has(name) && stored.get(name) !== wanted.get(name)),
  removed: [...stored.keys()].filter((name) => !wanted.has(name)),
});

/** Rank in which entities are written; what refers comes after what it refers to, and the settings say that all is there. */
const ORDER: Readonly<Record<string, number>> = { site: 0, category: 1, host: 2, locks: 3, settings: 4 };

const inOrder = (names: readonly string[]): readonly string[] =>
  names.toSorted((left, right) => (ORDER[keyOfName(left).kind] ?? 0) - (ORDER[keyOfName(right).kind] ?? 0));

const readTexts = async (dynamo: DynamoDBClient, table: string): Promise<Stored> => {
  const kinds = (['site', 'category', 'host', 'locks', 'settings'] as const).map((kind) => readKind(dynamo, table, kind));
  const texts = (await Promise.all(kinds)).flat();
  return new Map(texts.map((text) => [entityName(parseEntity(text)), text]));
};

const textsOf = (inventory: Inventory): Stored =>
  new Map(entitiesOf(inventory).map((entity) => [entityName(entity), printEntity(entity)]));

const applyDifference = async (dynamo: DynamoDBClient, table: string, inventory: Inventory): Promise<InventoryChange> => {
  const wanted = textsOf(inventory);
  const change = difference(await readTexts(dynamo, table), wanted);
  const written = inOrder([...change.added, ...change.changed]);
  const puts = (names: readonly string[]): readonly WriteRequest[] =>
    names.map((name) => putRequest(name, wanted.get(name) ?? ''));
  // Each kind by itself: a batch has no order inside, and no host may be there before its category.
  for (const kind of ['site', 'category', 'host', 'locks']) {
    await writeAll(dynamo, table, puts(written.filter((name) => keyOfName(name).kind === kind)));
  }
  for (const kind of ['locks', 'host', 'category', 'site']) {
    await writeAll(dynamo, table, change.removed.filter((name) => keyOfName(name).kind === kind).map(deleteRequest));
  }
  await writeAll(dynamo, table, puts(written.filter((name) => name === 'settings')));
  return change;
};

/**
 * One item per entity: partition key `kind`, sort key `id`, and the entity's text in `entity`. Writing goes sites, categories,
 * hosts, then removals the other way round, then the settings; so an apply that is killed leaves an inventory whose references
 * hold, and a first apply that is killed leaves none. Two applies at one time would mix: the caller sees to it that there is one.
 */
export const dynamoInventoryStore = (dynamo: DynamoDBClient, table: string): InventoryStore => ({
  load: async () => {
    const inventory = await callAws('loading the inventory', () => loadWhole(dynamo, table));
    if (inventory === undefined) throw new ConfigError('no inventory was ever applied');
    return inventory;
  },
  compare: (inventory) =>
    callAws('comparing the inventory', async () => difference(await readTexts(dynamo, table), textsOf(inventory))),
  apply: (inventory) => callAws('applying the inventory', () => applyDifference(dynamo, table, inventory)),
});
