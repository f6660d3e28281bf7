import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { volumeDooms, volumeDoomsContract } from './volume-dooms.suite.ts';

volumeDoomsContract(volumeDooms(useEmulators(), useDynamoDbLocal()));
