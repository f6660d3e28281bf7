import { useEmulators } from '../support/emulators.ts';
import { lockStoreContract, lockStores } from './lock-store.suite.ts';

lockStoreContract(lockStores(useEmulators()));
