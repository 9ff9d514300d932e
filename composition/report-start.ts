import type { ImportedRows } from '../datasources/offline/importing-offline-store.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Logger } from '../observability/logger.js';

/** Logs how many rows of each source have something that the operator should know. */
export function reportRows(logger: Logger, found: ReadonlyMap<FeatureSource, number>, what: string): void {
  for (const [{ name, entityType }, rows] of found) {
    logger.warn({ entityType: `${entityType.featurestore.name}.${entityType.name}`, source: name, rows }, what);
  }
}

/** How many violations the computed rows of each source have. A refresh has them on its job; the first computation has none. */
export function countViolating(
  imported: ReadonlyMap<FeatureSource, Pick<ImportedRows, 'violations'>>,
): ReadonlyMap<FeatureSource, number> {
  const counted = Array.from(imported, ([source, { violations }]): [FeatureSource, number] => [
    source,
    violations.reduce((sum, { rows }) => sum + Number(rows), 0),
  ]);
  return new Map(counted.filter(([, rows]) => rows > 0));
}

/** Logs what the registry of a featurestore of Vertex AI has and this gateway does not serve, in sentences. */
export function reportLeftOut(logger: Logger, leftOut: ReadonlyMap<string, readonly string[]>): void {
  for (const [featurestore, sentences] of leftOut) {
    for (const what of sentences) logger.warn({ featurestore, what }, 'not taken over from Vertex AI');
  }
}
