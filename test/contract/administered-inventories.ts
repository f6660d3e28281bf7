import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { dynamoAdministeredInventory } from '#adapters/aws/dynamo-administered-inventory.ts';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoProofChallenges } from '#adapters/aws/dynamo-proof-challenges.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { injectFaults } from '../support/fault-injection.ts';
import type { InventoryPorts } from './administered-inventory.suite.ts';
import { freshTable, type MakePlace } from './places.ts';

/** `dynamoDb` is where the table is. Three tries as deployed, without the waiting between them. */
export const administeredInventories =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<InventoryPorts> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('inventory'), 'kind', 'id');
    return {
      open: (plan) => {
        const client = dynamoDb({ maxAttempts: 3, retryStrategy: new ConfiguredRetryStrategy(3, 0) });
        if (plan !== undefined) injectFaults(client, plan);
        return {
          store: dynamoInventoryStore(client, table),
          administered: dynamoAdministeredInventory(client, table),
          challenges: dynamoProofChallenges(client, table),
        };
      },
    };
  };
