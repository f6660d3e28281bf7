import { useEmulators } from '../support/emulators.ts';
import { inventoryStoreContract } from './inventory-store.suite.ts';
import { inventoryStores } from './inventory-stores.ts';

inventoryStoreContract(inventoryStores(useEmulators()));
