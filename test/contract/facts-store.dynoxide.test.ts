import { useEmulators } from '../support/emulators.ts';
import { factsStoreContract } from './facts-store.suite.ts';
import { factsStores } from './places.ts';

factsStoreContract(factsStores(useEmulators()));
