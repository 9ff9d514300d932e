import type { Instant } from '../../values/instant.js';
import type { EntityType, FeatureSource } from '../registry/model.js';
import type { FeatureRow } from './offline-store.js';

/** The part of an embedded offline store that takes the rows of a log of writes (datasources/online/write-log.ts). */
export interface WrittenHistory {
  /** The sequence number of the last commit of a log that this store has; 0 for an unknown log. */
  drainedUpTo(logId: string): Promise<number>;

  /**
   * Adds the rows of commits, which are in order in each source, and records the sequence number of the last commit, in one
   * transaction.
   */
  appendCommits(logId: string, upTo: number, rows: ReadonlyMap<FeatureSource, readonly FeatureRow[]>): Promise<void>;

  /** The rows of a source at exactly these moments, in the order of arrival. */
  rowsAt(source: FeatureSource, moments: readonly Moment[]): Promise<FeatureRow[]>;

  /** Deletes the rows of entities from all sources. Returns their number. */
  deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<number>;

  close(): void;
}

export interface Moment {
  readonly entityId: string;
  readonly timestamp: Instant | null;
}
