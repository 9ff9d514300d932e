import type { TrainingSetJobRecord } from './training-sets.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { Instant } from '../values/instant.js';
import type { RawValue } from '../values/value-type.js';

/** The training sets that jobs made. */
export interface MadeTrainingSets {
  /**
   * The rows that a training set has of some entities: one for each label and join of the entity type, the earliest labels
   * first. Refuses a training set whose output is gone, or whose features the registry has with other types.
   */
  rows(job: TrainingSetJobRecord, read: MadeRowsRead): Promise<MadeRow[]>;
}

/** Which rows of a training set to read. */
export interface MadeRowsRead {
  readonly entityType: EntityType;
  readonly features: readonly Feature[];
  /** Only labels of these entities, from the first time to the second one, both inclusive. */
  readonly entities: ReadonlyMap<string, readonly [Instant, Instant]>;
  /** The maximum number of rows. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** The values of one label and one join, as the training set has them. */
export interface MadeRow {
  readonly entityId: string;
  readonly labelTime: Instant;
  /** By feature; a feature that the training set does not have is absent. */
  readonly values: ReadonlyMap<Feature, MadeValue>;
}

export interface MadeValue {
  readonly value: RawValue | null;
  /** The event time of the value. undefined: the training set has no times. */
  readonly timestamp: Instant | null | undefined;
}
