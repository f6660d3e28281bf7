import { useEmulators } from '../support/emulators.ts';
import { drainStoreContract, drainStores } from './drain-store.suite.ts';

drainStoreContract(drainStores(useEmulators()), { faults: true });
