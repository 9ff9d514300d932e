import { badInput, type AppError } from '../../../errors/app-error.js';
import type { FeatureSource } from '../../registry/model.js';

/** A source whose rows have no creation time cannot tell what was known at a moment. */
export function noCreationTime(
  { name, entityType }: FeatureSource,
  option: 'knownAt' | 'knownAtLabelTime' = 'knownAt',
): AppError {
  return badInput(
    `"${option}" needs the time at which each row was written, and source "${name}" of entity type "${entityType.name}" has ` +
      'none. Name its createdTimestampColumn in the registry, or ask for features of other sources.',
    option,
  );
}

/** Whether rows of a source of the embedded store have a creation time. Rows that clients write have the time of the write. */
export function hasCreationTime({ sql, createdTimestampColumn }: FeatureSource): boolean {
  return sql === null || createdTimestampColumn !== null;
}
