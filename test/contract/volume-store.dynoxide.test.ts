import { useEmulators } from '../support/emulators.ts';
import { volumeStoreContract, volumeStores } from './volume-store.suite.ts';

volumeStoreContract(volumeStores(useEmulators()));
