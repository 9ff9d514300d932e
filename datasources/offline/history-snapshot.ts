import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { Feature } from '../registry/model.js';

/** Rows in columns. */
export interface HistoryRows {
  readonly entityIds: readonly string[];
  /** null in a static source. */
  readonly timestamps: readonly (Instant | null)[];
  readonly createdTimestamps: readonly (Instant | null)[];
  readonly sequences: readonly (bigint | null)[];
  /** The order of arrival. */
  readonly arrivals: readonly bigint[];
  readonly features: readonly Feature[];
  /** values[i][j] is that of feature i in row j. */
  readonly values: readonly (readonly (RawValue | null)[])[];
}

/** The rows of a source at one moment, for a copy. */
export interface HistorySnapshot {
  /** Changes when the rows are replaced. Rows that clients write, and deletions of entities, do not change it. */
  readonly version: string;
  readonly rows: number;
  batches(): AsyncIterable<HistoryRows>;
  close(): void;
}

/** The version of a source that clients write. */
export const WRITTEN_VERSION = 'written';
