import { useEmulators } from '../support/emulators.ts';
import { upstreamChecks, upstreamChecksContract } from './upstream-checks.suite.ts';

upstreamChecksContract(upstreamChecks(useEmulators()));
