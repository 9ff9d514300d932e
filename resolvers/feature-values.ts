import type { Feature } from '../datasources/registry/model.js';
import type { FeatureValue } from '../schema/entity/feature-value.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import { secondsBetween, type Instant } from '../values/instant.js';

/** A cell as a value of the schema. `readAt` is the asOf of the entity, or now. */
export function featureValue(feature: Feature, cell: FeatureCell, readAt: Instant): FeatureValue {
  return {
    name: feature.name,
    feature,
    value: cell.value === null ? null : toClientValue(feature.valueType, cell.value),
    status: cell.status,
    timestamp: cell.timestamp,
    ageSeconds: cell.timestamp === null ? null : secondsBetween(cell.timestamp, readAt),
  };
}
