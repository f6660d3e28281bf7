import { memoryDrainStore } from '../support/memory-drain-store.ts';
import { drainStoreContract } from './drain-store.suite.ts';

drainStoreContract(
  async () => {
    const store = memoryDrainStore();
    return { open: () => store };
  },
  { faults: false },
);
