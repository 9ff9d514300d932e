import { afterAll, beforeAll } from 'vitest';
import {
  describeWithBigtable,
  openTestStore,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { describeOnlineStore } from './online-store.contract.js';

describeWithBigtable('Bigtable', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  describeOnlineStore('Bigtable', async () => {
    const store = await openTestStore(emulator.endpoint);
    return { store, dispose: () => store.close() };
  });
});
