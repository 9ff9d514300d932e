import type { FeatureSource } from '../datasources/registry/model.js';
import type { Logger } from '../observability/logger.js';

/** Logs how many rows of each source have something that the operator should know. */
export function reportRows(logger: Logger, found: ReadonlyMap<FeatureSource, number>, what: string): void {
  for (const [{ name, entityType }, rows] of found) {
    logger.warn({ entityType: `${entityType.featurestore.name}.${entityType.name}`, source: name, rows }, what);
  }
}
