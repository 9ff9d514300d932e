import type { EntityType } from '../../datasources/registry/model.js';
import type { FeatureWriter } from '../feature-writer.js';
import type { EntityDeletion } from './entity-deletion.js';
import type { KeyedWrites } from './keyed-writes.js';
import type { WritePosition } from './write-position.js';
import type { WriteWatch } from './write-watch.js';

/** What a request for writes needs. */
export interface FeatureWrites {
  /** Writes into the stores of the entity type's featurestore. */
  readonly writer: FeatureWriter;
  /** Deletes from the same stores. */
  readonly deletion: EntityDeletion;
  /** Remembers idempotency keys. */
  readonly keyed: KeyedWrites;
  /** Tells which rows were written. */
  readonly watch: WriteWatch;
  /** How far the writes of an entity type's featurestore are. */
  readonly positionOf: (entityType: EntityType) => WritePosition;
}
