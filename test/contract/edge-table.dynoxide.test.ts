import { useEmulators } from '../support/emulators.ts';
import { edgeTableContract } from './edge-table.suite.ts';
import { edgeTables } from './places.ts';

edgeTableContract(edgeTables(useEmulators()));
