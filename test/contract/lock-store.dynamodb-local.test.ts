import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { lockStoreContract, lockStores } from './lock-store.suite.ts';

lockStoreContract(lockStores(useEmulators(), useDynamoDbLocal()));
