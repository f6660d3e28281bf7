import { randomUUID } from 'node:crypto';
import {
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { ConfigError, Fault } from '#domain/errors.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryChange, InventoryStore } from '#ports/inventory-store.ts';
import { entityName, type InventoryEntity, printEntity } from '#wire/inventory-item.ts';
import { callAws } from './call-aws.ts';
import { toItem } from './flat-item.ts';
import {
  auditPuts,
  keyOfName,
  readInventory,
  readRevision,
  readTexts,
  readUntil,
  revisionStep,
  type Stored,
} from './inventory-table.ts';

/** Of one transaction of an apply: well below DynamoDB's hundred items and 4 MB. */
const STEP_ENTITIES = 50;
const STEP_CHARACTERS = 500_000;
/** Others may change the inventory while an apply goes on; each time it begins again with what is left to do. */
const APPLY_TRIES = 20;

const entitiesOf = (inventory: Inventory): readonly InventoryEntity[] => [
  ...inventory.sites.map((value): InventoryEntity => ({ kind: 'site', value })),
  ...inventory.categories.map((value): InventoryEntity => ({ kind: 'category', value })),
  ...inventory.hosts.map((value): InventoryEntity => ({ kind: 'host', value })),
  { kind: 'settings', value: inventory.settings },
  ...(inventory.locks === undefined ? [] : [{ kind: 'locks', value: inventory.locks } as const]),
  ...(inventory.content === undefined ? [] : [{ kind: 'content', value: inventory.content } as const]),
];

const textsOf = (inventory: Inventory): Stored =>
  new Map(entitiesOf(inventory).map((entity) => [entityName(entity), printEntity(entity)]));

/** The queries are not one moment: between them somebody may add a category and its hosts, or remove both. */
const holdsTogether = (inventory: Inventory | undefined): boolean => {
  if (inventory === undefined) return true;
  const siteIds = new Set(inventory.sites.map((site) => site.id));
  const categoryIds = new Set(inventory.categories.map((category) => category.id));
  return inventory.hosts.every(
    (host) => siteIds.has(host.site) && host.carries.every((carriage) => categoryIds.has(carriage.category)),
  );
};

const difference = (stored: Stored, wanted: Stored): InventoryChange => ({
  added: [...wanted.keys()].filter((name) => !stored.has(name)),
  changed: [...wanted.keys()].filter((name) => stored.has(name) && stored.get(name) !== wanted.get(name)),
  removed: [...stored.keys()].filter((name) => !wanted.has(name)),
});

const isNothing = ({ added, changed, removed }: InventoryChange): boolean => added.length + changed.length + removed.length === 0;

interface Write {
  readonly name: string;
  readonly text: string | undefined;
}

/** What refers is written after what it refers to and removed before it; the settings, last, say that all is there. */
const writesOf = (change: InventoryChange, wanted: Stored): readonly Write[] => {
  const put = [...change.added, ...change.changed];
  const ofKind = (names: readonly string[], kind: string): readonly string[] =>
    names.filter((name) => keyOfName(name).kind === kind);
  const puts = (kind: string) => ofKind(put, kind).map((name): Write => ({ name, text: wanted.get(name) }));
  const removes = (kind: string) => ofKind(change.removed, kind).map((name): Write => ({ name, text: undefined }));
  return [
    ...['site', 'category', 'host', 'locks', 'content'].flatMap(puts),
    ...['content', 'locks', 'host', 'category', 'site'].flatMap(removes),
    ...puts('settings'),
  ];
};

const stepsOf = (writes: readonly Write[]): readonly (readonly Write[])[] => {
  const steps: Write[][] = [];
  let characters = 0;
  for (const write of writes) {
    const length = write.text?.length ?? 0;
    const last = steps.at(-1);
    if (last === undefined || last.length === STEP_ENTITIES || characters + length > STEP_CHARACTERS) {
      steps.push([write]);
      characters = length;
    } else {
      last.push(write);
      characters += length;
    }
  }
  return steps;
};

const transactItem = (table: string, { name, text }: Write): TransactWriteItem => {
  const key = keyOfName(name);
  return text === undefined
    ? { Delete: { TableName: table, Key: toItem({ ...key }) } }
    : { Put: { TableName: table, Item: toItem({ ...key, entity: text }) } };
};

const namesIn = (names: readonly string[], step: readonly Write[]): readonly string[] =>
  step.map(({ name }) => name).filter((name) => names.includes(name));

/** False when somebody else changed the inventory meanwhile. */
const writeStep = async (
  dynamo: DynamoDBClient,
  table: string,
  revision: number,
  step: readonly Write[],
  change: InventoryChange,
): Promise<boolean> => {
  const requestId = randomUUID();
  const entry = {
    revision: revision + 1,
    atMs: Date.now(),
    by: 'apply',
    operation: 'apply' as const,
    entity: 'network',
    before: null,
    after: {
      added: namesIn(change.added, step),
      changed: namesIn(change.changed, step),
      removed: namesIn(change.removed, step),
    },
    requestId,
  };
  const items = [
    revisionStep(table, revision, requestId),
    ...step.map((write) => transactItem(table, write)),
    ...auditPuts(table, entry, []),
  ];
  try {
    await dynamo.send(new TransactWriteItemsCommand({ TransactItems: items, ClientRequestToken: requestId }));
    return true;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return error.CancellationReasons?.[0]?.Item?.['requestId']?.S === requestId;
  }
};

/** True when all of it was written. */
const tryApply = async (dynamo: DynamoDBClient, table: string, wanted: Stored): Promise<InventoryChange | undefined> => {
  const first = await readRevision(dynamo, table);
  const change = difference(await readTexts(dynamo, table), wanted);
  let revision = first;
  for (const step of stepsOf(writesOf(change, wanted))) {
    if (!(await writeStep(dynamo, table, revision, step, change))) return undefined;
    revision += 1;
  }
  return change;
};

const applyInventory = async (dynamo: DynamoDBClient, table: string, inventory: Inventory): Promise<InventoryChange> => {
  const wanted = textsOf(inventory);
  const told = difference(await readTexts(dynamo, table), wanted);
  if (isNothing(told)) return told;
  for (let tries = 0; tries < APPLY_TRIES; tries += 1) {
    const change = await tryApply(dynamo, table, wanted);
    if (change !== undefined) return told;
  }
  throw new Fault(`the inventory was changed by others during each of ${APPLY_TRIES} tries to apply a network file`);
};

/**
 * One item per entity (see inventory-table.ts), written in transactions that each name the revision they were decided on: sites,
 * categories, hosts, then removals the other way round, then the settings. So an apply that is killed leaves an inventory whose
 * references hold, a first apply that is killed leaves none, and whoever else changes the inventory meanwhile is not mixed in but
 * overwritten by the file.
 */
export const dynamoInventoryStore = (dynamo: DynamoDBClient, table: string): InventoryStore => ({
  load: async () => {
    const inventory = await callAws('loading the inventory', () =>
      readUntil(
        () => readInventory(dynamo, table),
        holdsTogether,
        'the inventory refers to sites or categories that it does not hold; an apply is going on, or one was cut off',
      ),
    );
    if (inventory === undefined) throw new ConfigError('no inventory was ever applied');
    return inventory;
  },
  compare: (inventory) =>
    callAws('comparing the inventory', async () => difference(await readTexts(dynamo, table), textsOf(inventory))),
  apply: (inventory) => callAws('applying the inventory', () => applyInventory(dynamo, table, inventory)),
});
