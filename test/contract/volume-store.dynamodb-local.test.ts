import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { volumeStoreContract, volumeStores } from './volume-store.suite.ts';

volumeStoreContract(volumeStores(useEmulators(), useDynamoDbLocal()));
