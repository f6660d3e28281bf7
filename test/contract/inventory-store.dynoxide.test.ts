import { BatchWriteItemCommand, type BatchWriteItemCommandInput, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { useEmulators } from '../support/emulators.ts';
import { anyInventory } from '../support/inventory-arbitrary.ts';
import { inventoryStoreContract } from './inventory-store.suite.ts';
import { inventoryStores } from './inventory-stores.ts';
import { freshTable } from './places.ts';

const emulators = useEmulators();

inventoryStoreContract(inventoryStores(emulators));

/** DynamoDB may carry out a part of a batch and give the rest back, which no emulator does. */
const halveBatches = (client: DynamoDBClient): void => {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== BatchWriteItemCommand.name) return next(args);
      const { RequestItems = {} } = args.input as BatchWriteItemCommandInput;
      const halves = Object.entries(RequestItems).map(([table, all]) => ({ table, all, half: Math.ceil(all.length / 2) }));
      const now = Object.fromEntries(halves.map(({ table, all, half }) => [table, all.slice(0, half)]));
      const left = halves.filter(({ all, half }) => all.length > half).map(({ table, all, half }) => [table, all.slice(half)]);
      const result = await next({ ...args, input: { ...args.input, RequestItems: now } });
      return { ...result, output: { ...result.output, UnprocessedItems: Object.fromEntries(left) } };
    },
    { step: 'initialize', name: 'halveBatches' },
  );
};

test('writes that a batch leaves unprocessed are sent again', { timeout: 60_000 }, async () => {
  const table = await freshTable(emulators.dynamoDb(), emulators.freshName('inventory'), 'kind', 'id');
  const client = emulators.dynamoDb();
  halveBatches(client);
  const [inventory] = fc.sample(anyInventory(20), { seed: 3, numRuns: 1 });
  await dynamoInventoryStore(client, table).apply(inventory!);
  expect(await dynamoInventoryStore(emulators.dynamoDb(), table).load()).toEqual(inventory);
});
