import type { Feature } from '../datasources/registry/model.js';
import type { FeatureValue } from '../schema/entity/feature-value.js';
import { toClientValue } from '../values/client-value.js';
import type { FeatureCell } from '../values/feature-cell.js';
import { secondsBetween, type Instant } from '../values/instant.js';
import type { EntityKey } from './loaders.js';

/** The read that gave a value: what its explanation repeats. */
export interface ValueRead {
  readonly entity: EntityKey;
  /** The point in time that decided; null: now, so the online store gave the value. */
  readonly asOf: Instant | null;
  /** Whether values of exactly that time do not count. */
  readonly strictlyBefore: boolean;
}

/** A cell as a value of the schema. `readAt` is the asOf of the entity, or now. */
export function featureValue(feature: Feature, cell: FeatureCell, readAt: Instant, read: ValueRead): FeatureValue {
  return new CellValue(feature, cell, readAt, read);
}

/** Computes what a query selects of it: a list of entities has thousands of these. */
export class CellValue implements FeatureValue {
  constructor(
    readonly feature: Feature,
    readonly cell: FeatureCell,
    private readonly readAt: Instant,
    readonly read: ValueRead,
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
