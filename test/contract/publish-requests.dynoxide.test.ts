import { useEmulators } from '../support/emulators.ts';
import { publishRequests } from './places.ts';
import { publishRequestsContract } from './publish-requests.suite.ts';

publishRequestsContract(publishRequests(useEmulators()));
