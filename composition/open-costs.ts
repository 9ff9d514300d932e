import type { Clock } from '../values/clock.js';
import { CostEstimator } from '../costs/cost-estimator.js';
import { CostGuard } from '../costs/budget-guard.js';
import type { Costs } from '../costs/costs.js';
import { loadPriceBooks, toPriceBooks } from '../costs/files/load-price-books.js';
import { openLmdb } from '../runtime/lmdb.js';
import { LmdbModelCostHistory } from '../costs/lmdb/lmdb-model-cost-history.js';
import { LmdbSpendingLedger } from '../costs/lmdb/lmdb-spending-ledger.js';

export interface OpenCostsOptions {
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

/** Price books from files, and stored spending and measurements in one LMDB environment. */
export async function openCosts(options: OpenCostsOptions): Promise<Costs & { close(): Promise<void> }> {
  const { folder, ownBooks, defaultBook, dailyBudgets, clock, newId } = options;
  const books = toPriceBooks(await loadPriceBooks(ownBooks), defaultBook);
  const environment = openLmdb({ path: folder, maxDbs: 3 });
  const history = new LmdbModelCostHistory(environment);
  const ledger = new LmdbSpendingLedger(environment);
  return {
    estimator: new CostEstimator(books, history),
    guard: new CostGuard({ ledger, dailyBudgets, clock, newId }),
    history,
    close: () => environment.close(),
  };
}
