import { afterAll, beforeAll } from 'vitest';
import {
  describeWithBigtable,
  openTestStore,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { describeFillableOnlineStore } from './fillable-online-store.contract.js';
import { describeOnlineStore } from './online-store.contract.js';

describeWithBigtable('Bigtable', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  const open = async () => {
    const store = await openTestStore(emulator.endpoint);
    return { store, dispose: () => store.close() };
  };
  describeOnlineStore('Bigtable', open);
  describeFillableOnlineStore('Bigtable', open);
});
