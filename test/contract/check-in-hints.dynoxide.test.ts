import { useEmulators } from '../support/emulators.ts';
import { checkInHintsContract } from './check-in-hints.suite.ts';
import { checkInHints } from './places.ts';

checkInHintsContract(checkInHints(useEmulators()));
