import { afterAll, beforeAll } from 'vitest';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { createJobsTable, openJobStore } from '../support/google/bigtable-job-store.js';
import { describeJobStore } from './job-store.contract.js';

describeWithBigtable('the job store on Bigtable', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  describeJobStore('Bigtable', async () => {
    const table = await createJobsTable(emulator);
    return () => openJobStore(emulator, table);
  });
});
