import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { manifestStoreContract } from './manifest-store.suite.ts';
import { manifestStores } from './places.ts';

manifestStoreContract(manifestStores(useEmulators(), useDynamoDbLocal()));
