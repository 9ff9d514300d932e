import type { FeatureWriter } from '../feature-writer.js';
import type { EntityDeletion } from './entity-deletion.js';
import type { KeyedWrites } from './keyed-writes.js';
import type { WriteWatch } from './write-watch.js';

/** What a request for writes needs. */
export interface FeatureWrites {
  /** Writes into the stores of the entity type's featurestore. */
  readonly writer: FeatureWriter;
  /** Deletes from the same stores. */
  readonly deletion: EntityDeletion;
  /** Remembers idempotency keys. */
  readonly keyed: KeyedWrites;
  /** Tells which entities were written. */
  readonly watch: WriteWatch;
}
