import type { Clock } from '../values/clock.js';
import { CostEstimator } from '../costs/cost-estimator.js';
import { CostGuard } from '../costs/budget-guard.js';
import type { Costs } from '../costs/costs.js';
import { loadPriceBooks, toPriceBooks } from '../costs/files/load-price-books.js';
import { BigtableModelCostHistory } from '../costs/bigtable/bigtable-model-cost-history.js';
import { BigtableSpendingLedger } from '../costs/bigtable/bigtable-spending-ledger.js';
import type { ModelCostHistory } from '../costs/model-cost-history.js';
import type { SpendingLedger } from '../costs/budget-guard.js';
import type { TableAddress } from '../datasources/google/bigtable/client.js';
import { openRows } from '../datasources/google/bigtable/open-rows.js';
import { JOBS_FAMILY } from '../datasources/job-store/bigtable/jobs-family.js';
import { openLmdb } from '../runtime/lmdb.js';
import { LmdbModelCostHistory } from '../costs/lmdb/lmdb-model-cost-history.js';
import { LmdbSpendingLedger } from '../costs/lmdb/lmdb-spending-ledger.js';

export interface OpenCostsOptions {
  /** The table of spending and measurements that several gateways share; null or absent: they are in the folder. */
  readonly sharedTable?: TableAddress | null;
  /** For tests: host:port of an emulator. */
  readonly apiEndpoint?: string;
  /**
   * The path of the stored spending and measurements. It is created if missing; another process may have it open as
   * well.
   */
  readonly folder: string;
  /** A file or folder of the operator's own price books (loadPriceBooks); null: only the published ones. */
  readonly ownBooks: string | null;
  readonly defaultBook: string;
  /** Dollars per UTC day by principal (CostGuardOptions). */
  readonly dailyBudgets: ReadonlyMap<string, number>;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface OpenCosts extends Costs {
  readonly ledger: SpendingLedger;
  close(): Promise<void>;
}

/** Price books from files, and stored spending and measurements. */
export async function openCosts(options: OpenCostsOptions): Promise<OpenCosts> {
  const { ownBooks, defaultBook, dailyBudgets, clock, newId } = options;
  const books = toPriceBooks(await loadPriceBooks(ownBooks), defaultBook);
  const { history, ledger, close } = await openRecords(options);
  return {
    estimator: new CostEstimator(books, history),
    guard: new CostGuard({ ledger, dailyBudgets, clock, newId }),
    history,
    ledger,
    close,
  };
}

interface CostRecords {
  readonly history: ModelCostHistory;
  readonly ledger: SpendingLedger;
  readonly close: () => Promise<void>;
}

const DEADLINE_MS = 10_000;

async function openRecords({ sharedTable, folder, newId, apiEndpoint }: OpenCostsOptions): Promise<CostRecords> {
  if (sharedTable) {
    const address = { table: sharedTable, family: JOBS_FAMILY, deadlineMs: DEADLINE_MS, newId, apiEndpoint };
    const { rows, close } = await openRows('The store of costs', address);
    return { history: new BigtableModelCostHistory(rows), ledger: new BigtableSpendingLedger(rows), close };
  }
  const environment = openLmdb({ path: folder, maxDbs: 4 });
  return {
    history: new LmdbModelCostHistory(environment),
    ledger: new LmdbSpendingLedger(environment),
    close: () => environment.close(),
  };
}
