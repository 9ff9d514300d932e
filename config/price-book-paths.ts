import { join } from 'node:path';
import type { Config } from './config.js';
import { projectRoot } from './project-root.js';

/** Where price books are: those that come with featuregraph, then the operator's own. */
export function priceBookPaths({ priceBooksPath }: Pick<Config, 'priceBooksPath'>): string[] {
  const published = join(projectRoot, 'datasources/prices/books');
  return priceBooksPath === null ? [published] : [published, priceBooksPath];
}
