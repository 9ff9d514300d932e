import { join } from 'node:path';
import type { Config } from './config.js';
import { projectRoot } from './project-root.js';

/** What the configuration says of costs, as openCosts takes it. */
export function costsConfig(config: Config) {
  return {
    folder: join(config.dataDirectory, 'costs'),
    bookPaths: priceBookPaths(config.priceBooksPath),
    defaultBook: config.priceBook,
    dailyBudgets: config.dailyBudgetsUsd,
  };
}

/** Where price books are: those that come with featuregraph, then the operator's own. */
function priceBookPaths(own: string | null): string[] {
  const published = join(projectRoot, 'datasources/prices/books');
  return own === null ? [published] : [published, own];
}
