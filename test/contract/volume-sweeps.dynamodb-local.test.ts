import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { volumeSweeps, volumeSweepsContract } from './volume-sweeps.suite.ts';

volumeSweepsContract(volumeSweeps(useEmulators(), useDynamoDbLocal()));
