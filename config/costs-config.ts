import { join } from 'node:path';
import type { Config } from './config.js';

/** The configuration of costs, in the form that openCosts takes. */
export function costsConfig(config: Config) {
  return {
    sharedTable: config.sharedJobs?.table ?? null,
    folder: join(config.dataDirectory, 'costs'),
    ownBooks: config.priceBooksPath,
    defaultBook: config.priceBook,
    dailyBudgets: config.dailyBudgetsUsd,
  };
}
