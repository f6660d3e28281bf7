import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { observationStoreContract } from './observation-store.suite.ts';
import { observationStores } from './places.ts';

observationStoreContract(observationStores(useEmulators(), useDynamoDbLocal()));
