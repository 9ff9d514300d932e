import { MAX_ENTITY_ID_BYTES } from '../values/entity-id.js';
import { isValueType, type ValueType } from '../values/value-type.js';
import { RESERVED_NAMES, RESERVED_PREFIXES } from '../datasources/registry/document/column-faults.js';
import { MAX_FEATURE_NAME_LENGTH } from '../datasources/registry/document/common-fields.js';
import type {
  LegacyEntityType,
  LegacyFeature,
  LegacyFeaturestore,
} from '../datasources/google/vertex/legacy-featurestore.js';

export type MovableFeature = LegacyFeature & { readonly valueType: ValueType };

/** The column with the time of a row, in an export and in the tables made from it. */
export const TIME_COLUMN = 'feature_timestamp';

export function isMovable(feature: LegacyFeature): feature is MovableFeature {
  return findMoveObstacle(feature) === undefined;
}

/** The parts of a featurestore that the migration loses: one sentence each, with what to do instead. */
export function listMigrationLosses(legacy: LegacyFeaturestore): string[] {
  return [...legacy.entityTypes.flatMap(listEntityTypeLosses), ...listGeneralLosses(legacy)];
}

/** Why the migration loses features of a type; null for a type that feature views serve. */
const TYPE_OBSTACLES = {
  BOOL: null,
  BOOL_ARRAY: null,
  DOUBLE: null,
  DOUBLE_ARRAY: null,
  INT64: null,
  INT64_ARRAY: null,
  STRING: null,
  STRING_ARRAY: null,
  BYTES: null,
  STRUCT: 'is a STRUCT, which feature views do not serve. Make a feature of each of its fields.',
  TIMESTAMP: null,
} satisfies Record<ValueType, string | null>;

/**
 * Undefined for a feature that can be migrated under its name. The name must stay, because the legacy store knows no
 * other.
 */
function findMoveObstacle({ name, valueType }: LegacyFeature): string | undefined {
  if (!isValueType(valueType)) return `has no value type that can be moved: ${valueType}.`;
  const obstacle = TYPE_OBSTACLES[valueType];
  if (obstacle !== null) return obstacle;
  if (name.length > MAX_FEATURE_NAME_LENGTH) {
    return `has a name of more than ${MAX_FEATURE_NAME_LENGTH} characters. Give it a shorter one.`;
  }
  if (RESERVED_NAMES.has(name) || name === TIME_COLUMN) {
    return 'is called as a column that every table of values has. Give it another name.';
  }
  if (RESERVED_PREFIXES.test(name))
    return 'has a name that BigQuery keeps for columns of its own. Give it another one.';
  return undefined;
}

function listEntityTypeLosses(entityType: LegacyEntityType): string[] {
  const losses = entityType.features.flatMap((feature) => {
    const reason = findMoveObstacle(feature);
    return reason === undefined ? [] : [`Feature ${entityType.name}.${feature.name} ${reason}`];
  });
  if (entityType.isMonitored) {
    losses.push(
      `Monitoring of ${entityType.name} stays behind. A feature monitor over its feature group (in preview) is its like; ` +
        'its thresholds must be set anew.',
    );
  }
  if (entityType.features.length === 0) losses.push(`Entity type ${entityType.name} has no features.`);
  return losses;
}

function listGeneralLosses({ onlineTtlDays }: LegacyFeaturestore): string[] {
  return [
    ...(onlineTtlDays === null
      ? []
      : [
          `The online store drops values after ${onlineTtlDays} days; a feature view keeps them. The registry’s ttlSeconds ` +
            'does the same for readers of featuregraph, for no others.',
        ]),
    `Entities whose ids have more than ${MAX_ENTITY_ID_BYTES} bytes in UTF-8 cannot be read or written through featuregraph. ` +
      'Step 2 counts them.',
    'Permissions on entity types stay behind: grant them on feature groups, the online store and views.',
    'Pipelines that import or write into the legacy featurestore must write into the tables, or through featuregraph.',
    'A value deleted from a table stays in its view until the view is deleted. Plan for erasure before you need it.',
  ];
}
