import { open } from 'lmdb';
import type { SpendingLedger } from '../cost-guard.js';
import type { ModelCostHistory } from '../model-cost-history.js';
import { LmdbModelCostHistory } from './lmdb-model-cost-history.js';
import { LmdbSpendingLedger } from './lmdb-spending-ledger.js';

/** What is remembered of costs, in one LMDB environment. */
export interface CostRecords {
  readonly ledger: SpendingLedger;
  readonly history: ModelCostHistory;
  close(): Promise<void>;
}

/** Opens the folder, and makes it if it is not there. Another process may have it open as well. */
export function openCostRecords(path: string): CostRecords {
  const environment = open({ path, maxDbs: 3, noSubdir: false });
  return {
    ledger: new LmdbSpendingLedger(environment),
    history: new LmdbModelCostHistory(environment),
    close: () => environment.close(),
  };
}
