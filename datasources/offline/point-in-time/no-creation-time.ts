import { badInput, type AppError } from '../../../errors/app-error.js';
import type { FeatureSource } from '../../registry/model.js';

/** A source whose rows have no creation time cannot tell what was known at a moment. */
export function noCreationTime({ name, entityType }: FeatureSource): AppError {
  return badInput(
    `"knownAt" needs the time at which each row was written, and source "${name}" of entity type "${entityType.name}" has ` +
      'none. Name its createdTimestampColumn in the registry, or ask for features of other sources.',
    'knownAt',
  );
}
