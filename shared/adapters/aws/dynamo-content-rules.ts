import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ContentRules } from '#domain/content/content-rules.ts';
import { ConfigError, Fault } from '#domain/errors.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { ContentRulesStore, NetworkContent } from '#ports/content-rules-store.ts';
import { type InventoryEntity, parseEntity } from '#wire/inventory-item.ts';
import { callAws } from './call-aws.ts';
import { toItem } from './flat-item.ts';
import { keyOfName } from './inventory-table.ts';

/** A change of the network file is seen at most this much later. */
const HELD_MS = 5_000;
const NO_CONTENT: ContentRules = { names: { domain: undefined, places: [] }, volumes: [], proxies: [] };

/** Two items of the inventory, held for a few seconds: a function that serves files cannot ask for them at every request. */
export const dynamoContentRules = (dynamo: DynamoDBClient, inventoryTable: string, clock: Clock): ContentRulesStore => {
  let held: { readonly atMs: EpochMs; readonly content: NetworkContent } | undefined;

  const load = (): Promise<NetworkContent> =>
    callAws('reading what content the network declares', async () => {
      const Keys = ['content', 'settings'].map((name) => toItem({ ...keyOfName(name) }));
      const { Responses: found, UnprocessedKeys: unread } = await dynamo.send(
        new BatchGetItemCommand({ RequestItems: { [inventoryTable]: { Keys, ConsistentRead: true } } }),
      );
      if (Object.keys(unread ?? {}).length > 0) throw new Fault('the table left keys out');
      const entities = (found?.[inventoryTable] ?? []).map((item): InventoryEntity => parseEntity(item['entity']?.S ?? ''));
      const settings = entities.find((entity) => entity.kind === 'settings')?.value;
      if (settings === undefined) throw new ConfigError('no inventory was ever applied');
      const rules = entities.find((entity) => entity.kind === 'content')?.value ?? NO_CONTENT;
      return { rules, access: settings.access, crawl: settings.crawl };
    });

  return {
    read: async () => {
      const nowMs = clock.now();
      if (held === undefined || nowMs - held.atMs > HELD_MS) held = { atMs: nowMs, content: await load() };
      return held.content;
    },
  };
};
