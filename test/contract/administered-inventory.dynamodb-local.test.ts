import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { administeredInventories } from './administered-inventories.ts';
import { administeredInventoryContract } from './administered-inventory.suite.ts';

administeredInventoryContract(administeredInventories(useEmulators(), useDynamoDbLocal()));
