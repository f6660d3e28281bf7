import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DrainChange } from '#domain/drain/drain-change.ts';
import type { DrainGroup, GroupKey, PairKey, SyncPair } from '#domain/drain/drain-state.ts';
import type { GroupEdit } from '#domain/drain/membership.ts';
import { WireError } from '#domain/errors.ts';
import type { CategoryId } from '#domain/inventory/inventory.ts';
import type { DrainStore, DrainWrite } from '#ports/drain-store.ts';
import { parseDrainEvent, parsePairItem } from '#wire/drain/drain-items.ts';
import {
  categoryPartition,
  GROUP_PREFIX,
  groupItemKey,
  historyPartition,
  PAIR_PREFIX,
  pairItemKey,
  versionText,
} from '#wire/drain/drain-table.ts';
import { callAws } from './call-aws.ts';
import { changeDrain } from './change-drain.ts';
import { changeItems, DRAINING, editUpdate, IN_SERVICE, pairPut, REVISION, servingCheck } from './drain-transaction.ts';
import type { Item } from './flat-item.ts';
import { fromAttributes, toAttributes } from './plain-item.ts';

/** Of TransactWriteItems, less some room. */
const MOST_ITEMS = 90;
/** Two transactions over one item: whoever comes again at once collides again. */
const CONFLICT_PAUSE_MS = 40;

const REFUSED: DrainWrite = { kind: 'refused' };
const WRITTEN: DrainWrite = { kind: 'written' };

const pairOf = (category: CategoryId, item: Item): SyncPair => {
  const host = (item['sk']?.S ?? '').slice(PAIR_PREFIX.length);
  return parsePairItem({ host, category }, fromAttributes(item));
};

const emptyGroup = (category: CategoryId, key: GroupKey): DrainGroup => ({
  category,
  key,
  inService: [],
  draining: [],
  revision: 0,
});

const groupOf = (category: CategoryId, item: Item): DrainGroup => {
  const revision = Number(item[REVISION]?.N ?? 0);
  if (!Number.isSafeInteger(revision)) throw new WireError('the revision of a group is no whole number');
  return {
    category,
    key: (item['sk']?.S ?? '').slice(GROUP_PREFIX.length),
    inService: (item[IN_SERVICE]?.SS ?? []).toSorted(),
    draining: (item[DRAINING]?.SS ?? []).toSorted(),
    revision,
  };
};

/** Hosts in parts whose checks and groups fit one transaction. */
const partsOf = (edits: readonly GroupEdit[]): readonly (readonly GroupEdit[])[] => {
  const hosts = [...new Set(edits.flatMap((edit) => edit.hosts))].toSorted();
  const parts: string[][] = [];
  let [part, groups]: [string[], Set<string>] = [[], new Set()];
  for (const host of hosts) {
    const own = edits.filter((edit) => edit.hosts.includes(host)).map(({ key }) => key);
    if (part.length > 0 && part.length + new Set([...groups, ...own]).size >= MOST_ITEMS) {
      parts.push(part);
      [part, groups] = [[], new Set()];
    }
    part.push(host);
    for (const key of own) groups.add(key);
  }
  if (part.length > 0) parts.push(part);
  const done = new Map<string, number>();
  return parts.map((members) =>
    edits.flatMap((edit) => {
      const chosen = edit.hosts.filter((host) => members.includes(host));
      if (chosen.length === 0) return [];
      const before = done.get(edit.key) ?? 0;
      done.set(edit.key, before + 1);
      return { ...edit, hosts: chosen, revision: edit.revision + before };
    }),
  );
};

const reading = (
  dynamo: DynamoDBClient,
  table: string,
): Pick<DrainStore, 'pair' | 'groupsOf' | 'pairs' | 'groups' | 'history'> => {
  const get = async (key: object): Promise<Item | undefined> => {
    const { Item: item } = await dynamo.send(
      new GetItemCommand({ TableName: table, Key: toAttributes({ ...key }), ConsistentRead: true }),
    );
    return item;
  };
  const list = async (category: CategoryId, prefix: string): Promise<readonly Item[]> => {
    const query = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toAttributes({ ':pk': categoryPartition(category), ':prefix': prefix }),
    };
    const items: Item[] = [];
    for await (const page of paginateQuery({ client: dynamo }, query)) items.push(...(page.Items ?? []));
    return items;
  };
  return {
    pair: ({ host, category }) =>
      callAws(`reading the synchronisation of ${host} in ${category}`, async () => {
        const item = await get(pairItemKey({ host, category }));
        return item === undefined ? undefined : pairOf(category, item);
      }),
    groupsOf: (category, keys) =>
      callAws(`reading groups of ${category}`, () =>
        Promise.all(
          keys.map(async (key) => {
            const item = await get(groupItemKey(category, key));
            return item === undefined ? emptyGroup(category, key) : groupOf(category, item);
          }),
        ),
      ),
    pairs: (category) =>
      callAws(`listing the synchronisations of ${category}`, async () =>
        (await list(category, PAIR_PREFIX)).map((item) => pairOf(category, item)),
      ),
    groups: (category) =>
      callAws(`listing the groups of ${category}`, async () =>
        (await list(category, GROUP_PREFIX)).map((item) => groupOf(category, item)),
      ),
    history: (key, limit, before) =>
      callAws(`reading the history of ${key.host} in ${key.category}`, async () => {
        const { Items: items = [] } = await dynamo.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: before === undefined ? 'pk = :pk' : 'pk = :pk AND sk < :before',
            ExpressionAttributeValues: toAttributes({
              ':pk': historyPartition(key),
              ...(before === undefined ? {} : { ':before': versionText(before) }),
            }),
            ScanIndexForward: false,
            Limit: limit,
          }),
        );
        return items.map((item) => parseDrainEvent(key, fromAttributes(item)));
      }),
  };
};

const hasConflict = ({ CancellationReasons: reasons = [] }: TransactionCanceledException): boolean =>
  reasons.some(({ Code: code }) => code === 'TransactionConflict');

const writing = (
  dynamo: DynamoDBClient,
  table: string,
  pair: DrainStore['pair'],
): Pick<DrainStore, 'write' | 'admit' | 'expel'> => {
  const transact = async (TransactItems: ReturnType<typeof changeItems>, ClientRequestToken: string): Promise<DrainWrite> => {
    try {
      await dynamo.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
      return WRITTEN;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      if (hasConflict(error)) await delay(Math.random() * CONFLICT_PAUSE_MS);
      return REFUSED;
    }
  };

  const put = async (change: DrainChange): Promise<DrainWrite> => {
    try {
      await dynamo.send(new PutItemCommand(pairPut(table, change)));
      return WRITTEN;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return REFUSED;
      throw error;
    }
  };

  /** Refused, or done by an earlier try whose reply was lost: the pair remembers the write that made it. */
  const classified = async (change: DrainChange, refused: DrainWrite): Promise<DrainWrite> => {
    if (refused.kind === 'written') return refused;
    const now = await pair(change.next);
    return now?.writeId === change.next.writeId ? WRITTEN : REFUSED;
  };

  return {
    write: (change) => {
      const { host, category, writeId } = change.next;
      return callAws(`writing the synchronisation of ${host} in ${category}`, async () => {
        const alone = change.slots.length === 0 && change.event === undefined;
        const result = alone ? await put(change) : await transact(changeItems(table, change), writeId);
        return await classified(change, result);
      });
    },

    admit: (edits) =>
      callAws('adding hosts to those in service', async () => {
        for (const part of partsOf(edits)) {
          const hosts = [...new Set(part.flatMap((edit) => edit.hosts))];
          const checks = hosts.map((host) => servingCheck(table, part[0]?.category ?? '', host));
          const updates = part.map((edit) => ({ Update: editUpdate(table, edit, 'ADD') }));
          const result = await transact([...updates, ...checks], randomUUID());
          if (result.kind === 'refused') return result;
        }
        return WRITTEN;
      }),

    expel: (edit) =>
      callAws(`taking hosts of ${edit.category} out of those in service`, async () => {
        try {
          await dynamo.send(new UpdateItemCommand(editUpdate(table, edit, 'DELETE')));
          return WRITTEN;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return REFUSED;
          throw error;
        }
      }),
  };
};

/**
 * One item per pair, one per group; a decision is one conditional write. Two hosts and one slot:
 *
 *   A begins: pair A as read, A in service, 2 > 1 in service, 0 < 1 away      → A moves to those away
 *   B begins: pair B as read, B in service, 1 > 1 in service is false          → nothing of it is written; B waits
 *
 * Every pair holds the id of the write that made it. The SDK repeats a write whose reply it missed with the same token, and where
 * the table no longer knows the token the pair's version refuses it; then the id tells whose write it was.
 */
export const dynamoDrainStore = (dynamo: DynamoDBClient, table: string): DrainStore => {
  const reads = reading(dynamo, table);
  const writes = writing(dynamo, table, (key: PairKey) => reads.pair(key));
  return { ...reads, ...writes, change: changeDrain({ ...reads, ...writes }) };
};
