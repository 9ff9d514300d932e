import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { BigtableModelCostHistory } from '../../costs/bigtable/bigtable-model-cost-history.js';
import { BigtableSpendingLedger } from '../../costs/bigtable/bigtable-spending-ledger.js';
import { LmdbModelCostHistory } from '../../costs/lmdb/lmdb-model-cost-history.js';
import { LmdbSpendingLedger } from '../../costs/lmdb/lmdb-spending-ledger.js';
import { openRows } from '../../datasources/google/bigtable/open-rows.js';
import { JOBS_FAMILY } from '../../datasources/job-store/bigtable/jobs-family.js';
import { openLmdb } from '../../runtime/lmdb.js';
import {
  describeWithBigtable,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import { createJobsTable } from '../support/google/bigtable-job-store.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeCostRecords } from './costs.contract.js';

describeCostRecords('LMDB', async () => {
  const path = temporaryFolder();
  return async () => {
    const environment = openLmdb({ path, maxDbs: 4 });
    return {
      ledger: new LmdbSpendingLedger(environment),
      history: new LmdbModelCostHistory(environment),
      close: () => environment.close(),
    };
  };
});

describeWithBigtable('costs on Bigtable', () => {
  let emulator: BigtableEmulator;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
  });
  afterAll(async () => emulator.stop());

  describeCostRecords('Bigtable', async () => {
    const table = await createJobsTable(emulator);
    return async () => {
      const { endpoint: apiEndpoint } = emulator;
      const address = { table, family: JOBS_FAMILY, deadlineMs: 60_000, newId: randomUUID, apiEndpoint };
      const { rows, close } = await openRows('The store of costs', address);
      return { ledger: new BigtableSpendingLedger(rows), history: new BigtableModelCostHistory(rows), close };
    };
  });
});
