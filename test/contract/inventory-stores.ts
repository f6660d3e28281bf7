import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { injectFaults } from '../support/fault-injection.ts';
import { freshTable, type MakePlace } from './places.ts';

/** `dynamoDb` is where the table is. Three tries as deployed, without the waiting between them. */
export const inventoryStores =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<InventoryStore> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('inventory'), 'kind', 'id');
    return {
      open: (plan) => {
        const client = dynamoDb({ maxAttempts: 3, retryStrategy: new ConfiguredRetryStrategy(3, 0) });
        if (plan !== undefined) injectFaults(client, plan);
        return dynamoInventoryStore(client, table);
      },
    };
  };
