import { existsSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { costsConfig } from '../config/costs-config.js';
import { loadConfig } from '../config/load-config.js';
import { CostEstimator } from '../costs/cost-estimator.js';
import { loadPriceBooks, toPriceBooks } from '../costs/files/load-price-books.js';
import { openCosts } from '../composition/open-costs.js';
import { systemClock } from '../values/clock.js';

/**
 * Estimates as the gateway with this configuration would. It reads the measurements of a model only when a model is
 * named, also while a gateway runs; it does not create a missing data folder.
 */
export async function withEstimator<T>(
  model: string | undefined,
  use: (estimator: CostEstimator) => Promise<T>,
): Promise<T> {
  const config = costsConfig(loadConfig());
  if (model === undefined || !existsSync(config.folder)) {
    const books = toPriceBooks(await loadPriceBooks(config.ownBooks), config.defaultBook);
    return use(new CostEstimator(books, { runs: async () => [] }));
  }
  const costs = await openCosts({ ...config, clock: systemClock, newId: uuidv7 });
  return use(costs.estimator).finally(() => costs.close());
}
