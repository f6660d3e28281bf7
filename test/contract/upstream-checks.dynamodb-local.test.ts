import { useDynamoDbLocal } from '../support/dynamodb-local.ts';
import { useEmulators } from '../support/emulators.ts';
import { upstreamChecks, upstreamChecksContract } from './upstream-checks.suite.ts';

upstreamChecksContract(upstreamChecks(useEmulators(), useDynamoDbLocal()));
