import type { FeatureSource } from '../datasources/registry/model.js';
import type { Logger } from '../observability/logger.js';

/** Logs how many rows of each source have something that the operator should know. */
export function reportRows(logger: Logger, found: ReadonlyMap<FeatureSource, number>, what: string): void {
  for (const [{ name, entityType }, rows] of found) {
    logger.warn({ entityType: `${entityType.featurestore.name}.${entityType.name}`, source: name, rows }, what);
  }
}

/** Logs what the registry of a featurestore of Vertex AI has and this gateway does not serve, in sentences. */
export function reportLeftOut(logger: Logger, leftOut: ReadonlyMap<string, readonly string[]>): void {
  for (const [featurestore, sentences] of leftOut) {
    for (const what of sentences) logger.warn({ featurestore, what }, 'not taken over from Vertex AI');
  }
}
