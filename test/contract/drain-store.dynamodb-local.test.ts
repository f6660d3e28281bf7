import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { drainStoreContract, drainStores } from './drain-store.suite.ts';

drainStoreContract(drainStores(useEmulators(), useDynamoDbLocal()), { faults: true });
