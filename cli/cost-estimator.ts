import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { loadConfig } from '../config/load-config.js';
import { priceBookPaths } from '../config/price-book-paths.js';
import { CostEstimator } from '../datasources/prices/cost-estimator.js';
import { loadPriceBooks, priceBooksOf } from '../datasources/prices/files/load-price-books.js';
import { openCosts } from '../datasources/prices/lmdb/open-costs.js';
import { systemClock } from '../values/clock.js';

/**
 * Estimates as the gateway of this configuration would. What it measured of a model is looked up only when a model is named,
 * also beside a gateway that runs; a data folder that is not there is not made for it.
 */
export async function withEstimator<T>(
  model: string | undefined,
  use: (estimator: CostEstimator) => Promise<T>,
): Promise<T> {
  const config = loadConfig();
  const folder = join(config.dataDirectory, 'costs');
  const bookPaths = priceBookPaths(config);
  if (model === undefined || !existsSync(folder)) {
    const books = priceBooksOf(await loadPriceBooks(bookPaths), config.priceBook);
    return use(new CostEstimator(books, { runs: async () => [] }));
  }
  const costs = await openCosts({
    folder,
    bookPaths,
    defaultBook: config.priceBook,
    dailyBudgets: config.dailyBudgetsUsd,
    clock: systemClock,
    newId: uuidv7,
  });
  return use(costs.estimator).finally(() => costs.close());
}
