import type { Instant } from '../../values/instant.js';
import type { EntityType, FeatureSource } from '../registry/model.js';
import type { PaidRead } from './query-payer.js';

/** What to read of the times of entities: for labels without a list. */
export interface EntityTimesRead extends PaidRead {
  /** If it aborts, the read rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly entityType: EntityType;
  /** Sources of this entity type with event times. */
  readonly sources: readonly FeatureSource[];
  /** Only these entities. null: all that have rows. */
  readonly entityIds: readonly string[] | null;
  /**
   * The event times of this range, `until` exclusive: each event of an entity once. null: the first moment of each entity,
   * which is the earliest event time of its rows.
   */
  readonly events: EventRange | null;
  /** Only rows that were written by this moment; null: all rows. A source without a creation time refuses it. */
  readonly knownAt: Instant | null;
  /**
   * The first moment is the earliest at which a row was both true and written: a row that was written later than its event
   * time counts from its creation time. It does not change events.
   */
  readonly sinceWritten: boolean;
}

export interface EventRange {
  readonly from: Instant;
  readonly until: Instant;
  /** Only events of which the sources together have several rows. Absent: all. */
  readonly areRepeated?: boolean;
}

export interface EntityTime {
  readonly entityId: string;
  readonly time: Instant;
}

export interface EntityTimesEstimate {
  /** The bytes that the read scans, at most. */
  readonly scanned: bigint;
  /** The bytes that are billed. */
  readonly billed: bigint;
  /** At most so many entities and times are read. */
  readonly maxTimes: bigint;
}
