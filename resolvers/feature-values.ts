import type { Feature } from '../datasources/registry/model.js';
import type { FeatureValue } from '../schema/entity/feature-value.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import { secondsBetween, type Instant } from '../values/instant.js';

/** A cell as a value of the schema. `readAt` is the asOf of the entity, or now. */
export function featureValue(feature: Feature, cell: FeatureCell, readAt: Instant): FeatureValue {
  return new CellValue(feature, cell, readAt);
}

/** Computes what a query selects of it: a list of entities has thousands of these. */
class CellValue implements FeatureValue {
  constructor(
    readonly feature: Feature,
    private readonly cell: FeatureCell,
    private readonly readAt: Instant,
  ) {}

  get name(): string {
    return this.feature.name;
  }

  get value(): unknown {
    const { value } = this.cell;
    return value === null ? null : toClientValue(this.feature.valueType, value);
  }

  get status(): FeatureCell['status'] {
    return this.cell.status;
  }

  get timestamp(): Instant | null {
    return this.cell.timestamp;
  }

  get ageSeconds(): number | null {
    const { timestamp } = this.cell;
    return timestamp === null ? null : secondsBetween(timestamp, this.readAt);
  }
}
