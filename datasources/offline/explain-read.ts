import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { ValueVersion } from '../online/online-store.js';
import type { Feature } from '../registry/model.js';
import type { PointInTimeOptions } from './point-in-time/plan.js';
import type { PaidRead } from './query-payer.js';

/** The rows that decide the value of one feature, for some entities and times. */
export interface ExplainRead extends PaidRead {
  readonly feature: Feature;
  /** At least one, and at most `maxLabelsPerRead`. */
  readonly labels: readonly ExplainedLabel[];
  readonly options?: Partial<PointInTimeOptions>;
  /** The maximum number of rows of each class, for each label. At least 2: the rule that decides compares two rows. */
  readonly maxRows: number;
  /** If it aborts, the read rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExplainedLabel {
  /** Canonical (values/entity-id.ts). */
  readonly entityId: string;
  readonly time: Instant;
}

/**
 * The classes of the rows of an entity, for one label and one feature. A row has the first class that fits:
 *
 * - AFTER_AS_OF: it becomes true after the label's time (or at it, with strictlyBefore). No row of a static source.
 * - WRITTEN_AFTER_KNOWN_AT: it was written after the creation time of the read, or its creation time is not known.
 * - WITHOUT_VALUE: the feature is null in it, and the entity type is not dense.
 * - CANDIDATE: all others. The newest of them has the value.
 */
export const ROW_CLASSES = ['AFTER_AS_OF', 'WRITTEN_AFTER_KNOWN_AT', 'WITHOUT_VALUE', 'CANDIDATE'] as const;
export type RowClass = (typeof ROW_CLASSES)[number];

/** A row of the history, with what orders it. `Value` is the form of its value: raw, or as a client has it. */
export interface ExplainedRow<Value = RawValue> extends ValueVersion {
  /** The order of arrival: a row with a greater number arrived later. null: the store does not know it. */
  readonly arrival: bigint | null;
  /** The file that it was computed from, as the file reader names it; null where the store does not keep it. */
  readonly file: string | null;
  readonly value: Value | null;
}

/** Some rows of one class. */
export interface RowsOfClass {
  /** All rows of the class. */
  readonly count: bigint;
  /** The rows nearest to the decision, the nearest first: the earliest AFTER_AS_OF, the newest of the other classes. */
  readonly rows: readonly ExplainedRow[];
}

export type ExplainedRows = Readonly<Record<RowClass, RowsOfClass>>;

const NO_ROWS: RowsOfClass = { count: 0n, rows: [] };

/** The rows of a label of which the store has none. */
export const NO_EXPLAINED_ROWS: ExplainedRows = {
  AFTER_AS_OF: NO_ROWS,
  WRITTEN_AFTER_KNOWN_AT: NO_ROWS,
  WITHOUT_VALUE: NO_ROWS,
  CANDIDATE: NO_ROWS,
};
