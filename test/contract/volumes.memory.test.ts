import { describe } from 'vitest';
import { memoryVolumeDooms, memoryVolumeObjects, memoryVolumeStore, memoryVolumeSweeps } from '../support/memory-volumes.ts';
import { volumeDoomsContract } from './volume-dooms.suite.ts';
import { volumeObjectsContract } from './volume-objects.suite.ts';
import { volumeStoreContract } from './volume-store.suite.ts';
import { volumeSweepsContract } from './volume-sweeps.suite.ts';

/** Each is as the real one, but for connections. */
const CALM = { faults: false };
const placeOf =
  <Port>(make: () => Port) =>
  async () => {
    const port = make();
    return { open: () => port };
  };

describe('volumes', () => volumeStoreContract(placeOf(memoryVolumeStore), CALM));
describe('objects', () => volumeObjectsContract(placeOf(memoryVolumeObjects), CALM));
describe('sweeps', () => volumeSweepsContract(placeOf(memoryVolumeSweeps), CALM));
describe('dooms', () =>
  volumeDoomsContract(async () => {
    const all = new Map();
    const openAt = (nowMs: number) => memoryVolumeDooms({ now: () => nowMs }, all);
    return { open: () => openAt(2_000), openAt };
  }, CALM));
