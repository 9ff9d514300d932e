import { join } from 'node:path';
import type { Config } from './config.js';

/** What the configuration says of costs, as openCosts takes it. */
export function costsConfig(config: Config) {
  return {
    folder: join(config.dataDirectory, 'costs'),
    ownBooks: config.priceBooksPath,
    defaultBook: config.priceBook,
    dailyBudgets: config.dailyBudgetsUsd,
  };
}
