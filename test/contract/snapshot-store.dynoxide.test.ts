import { useEmulators } from '../support/emulators.ts';
import { snapshotStores } from './places.ts';
import { snapshotStoreContract } from './snapshot-store.suite.ts';

snapshotStoreContract(snapshotStores(useEmulators()));
