import type { AttributeValue, TransactWriteItem, Update } from '@aws-sdk/client-dynamodb';
import type { DrainChange, DrainEvent, SlotChange } from '#domain/drain/drain-change.ts';
import { SERVING_STATES } from '#domain/drain/drain-state.ts';
import type { GroupEdit } from '#domain/drain/membership.ts';
import type { CategoryId, HostId } from '#domain/inventory/inventory.ts';
import { printDrainEvent, printPairItem, STATE_ATTRIBUTE, VERSION_ATTRIBUTE } from '#wire/drain/drain-items.ts';
import { groupItemKey, historyPartition, pairItemKey, versionText } from '#wire/drain/drain-table.ts';
import { toAttributes } from './plain-item.ts';

/** Sets of a group; an empty set is no attribute at all, so `size` of it is neither large nor small. */
export const IN_SERVICE = 'i';
export const DRAINING = 'd';
export const REVISION = 'r';

const SETS = { '#in': IN_SERVICE, '#away': DRAINING } as const;

/** Histories of hosts' own doing are kept as long as anybody may ask; what operators did is kept for ever. */
const HISTORY_SECONDS = 400 * 86_400;

interface Text {
  readonly update: string;
  readonly condition?: string;
  readonly numbers?: Readonly<Record<string, number>>;
}

const textOf = (slot: Exclude<SlotChange, { kind: 'not-listed' }>): Text => {
  switch (slot.kind) {
    case 'take':
      return {
        update: 'DELETE #in :host ADD #away :host',
        condition: 'contains(#in, :name) AND size(#in) > :least AND (attribute_not_exists(#away) OR size(#away) < :most)',
        numbers: { ':least': slot.minInService, ':most': slot.maxDraining },
      };
    case 'give':
      return { update: 'DELETE #away :host' };
    case 'leave':
      return { update: 'DELETE #in :host' };
  }
};

const namesIn = (text: string): Record<string, string> =>
  Object.fromEntries(Object.entries(SETS).filter(([name]) => new RegExp(`${name}\\b`).test(text)));

const slotItem = (table: string, category: CategoryId, host: HostId, slot: SlotChange): TransactWriteItem => {
  const Key = toAttributes({ ...groupItemKey(category, slot.group) });
  if (slot.kind === 'not-listed') {
    const condition = 'NOT contains(#in, :name)';
    return {
      ConditionCheck: {
        TableName: table,
        Key,
        ConditionExpression: `attribute_not_exists(#in) OR ${condition}`,
        ExpressionAttributeNames: namesIn(condition),
        ExpressionAttributeValues: { ':name': { S: host } },
      },
    };
  }
  const { update, condition, numbers = {} } = textOf(slot);
  const named: Record<string, AttributeValue> = condition === undefined ? {} : { ':name': { S: host } };
  const item: Update = {
    TableName: table,
    Key,
    UpdateExpression: update,
    ExpressionAttributeNames: namesIn(`${update} ${condition ?? ''}`),
    ExpressionAttributeValues: { ':host': { SS: [host] }, ...named, ...toAttributes(numbers) },
  };
  return { Update: condition === undefined ? item : { ...item, ConditionExpression: condition } };
};

/** The pair as it is to be, unless somebody wrote it since it was read. */
export const pairPut = (table: string, { seen, next }: DrainChange) => ({
  TableName: table,
  Item: toAttributes({ ...pairItemKey(next), ...printPairItem(next) }),
  ConditionExpression: seen === 0 ? 'attribute_not_exists(#v)' : '#v = :seen',
  ExpressionAttributeNames: { '#v': VERSION_ATTRIBUTE },
  ...(seen === 0 ? {} : { ExpressionAttributeValues: toAttributes({ ':seen': seen }) }),
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
});

const historyPut = (table: string, event: DrainEvent): TransactWriteItem => {
  const key = { pk: historyPartition(event), sk: versionText(event.version) };
  const ttl = event.by.startsWith('operator:') ? {} : { ttl: Math.ceil(event.atMs / 1000) + HISTORY_SECONDS };
  return { Put: { TableName: table, Item: toAttributes({ ...key, ...printDrainEvent(event), ...ttl }) } };
};

/** Everything that a change writes; the pair comes first. */
export const changeItems = (table: string, change: DrainChange): TransactWriteItem[] => {
  const { category, host } = change.next;
  return [
    { Put: pairPut(table, change) },
    ...change.slots.map((slot) => slotItem(table, category, host, slot)),
    ...(change.event === undefined ? [] : [historyPut(table, change.event)]),
  ];
};

const asSeen = (revision: number) => ({
  ConditionExpression: revision === 0 ? 'attribute_not_exists(#r)' : '#r = :seen',
  values: revision === 0 ? {} : { ':seen': revision },
});

/** Adds to, or takes from, those in service, unless a publisher changed the group since it was read. */
export const editUpdate = (table: string, edit: GroupEdit, verb: 'ADD' | 'DELETE') => {
  const { ConditionExpression, values } = asSeen(edit.revision);
  return {
    TableName: table,
    Key: toAttributes({ ...groupItemKey(edit.category, edit.key) }),
    ConditionExpression,
    UpdateExpression: `SET #r = :next ${verb} #in :hosts`,
    ExpressionAttributeNames: { '#r': REVISION, '#in': IN_SERVICE },
    ExpressionAttributeValues: { ...toAttributes({ ...values, ':next': edit.revision + 1 }), ':hosts': { SS: [...edit.hosts] } },
  };
};

/** The host is in a state in which clients may be sent to it. */
export const servingCheck = (table: string, category: CategoryId, host: HostId): TransactWriteItem => ({
  ConditionCheck: {
    TableName: table,
    Key: toAttributes({ ...pairItemKey({ host, category }) }),
    ConditionExpression: `attribute_not_exists(#s) OR #s IN (${SERVING_STATES.map((_, at) => `:s${at}`).join(', ')})`,
    ExpressionAttributeNames: { '#s': STATE_ATTRIBUTE },
    ExpressionAttributeValues: toAttributes(Object.fromEntries(SERVING_STATES.map((state, at) => [`:s${at}`, state]))),
  },
});
