import type { Feature } from '../../registry/model.js';
import type { ExplainRead } from '../explain-read.js';
import { DEFAULT_OPTIONS, type PointInTimeOptions } from './plan.js';

/**
 * The plan of an explanation as data: the rows around the decision that the point-in-time compiler makes for one feature. A
 * dialect compiles it to SQL with one scan for any number of labels. The result has the rows of each label and class
 * (RowClass), and their number.
 */
export interface ExplainPlan {
  readonly feature: Feature;
  readonly options: PointInTimeOptions;
  /** The maximum number of rows of each label and class. */
  readonly maxRows: number;
  /** Whether rows become true at a time. A row of a static source is true at all times. */
  readonly isTimed: boolean;
  /** Whether rows without a value are skipped. In a dense entity type the newest whole row counts. */
  readonly skipsNulls: boolean;
}

export function planExplanation({ feature, options, maxRows }: ExplainRead): ExplainPlan {
  return {
    feature,
    options: { ...DEFAULT_OPTIONS, ...options },
    maxRows,
    isTimed: feature.source.timestampColumn !== null,
    skipsNulls: !feature.entityType.dense,
  };
}

/** The columns of a row of the history, and the conditions of a dialect, as SQL. */
export interface RowConditions {
  /** True for a row that becomes true too late for the label; null for a static source. */
  readonly isLate: string | null;
  /** True for a row that was written by then, else false or null; null where every row counts. */
  readonly wasWritten: string | null;
  readonly hasValue: string;
}

/** The class of a row, as SQL that both dialects have. */
export function classSql({ skipsNulls }: ExplainPlan, { isLate, wasWritten, hasValue }: RowConditions): string {
  const cases = [
    ...(isLate === null ? [] : [`WHEN ${isLate} THEN 'AFTER_AS_OF'`]),
    // An unknown creation time is null here: the row cannot be proven to have been known.
    ...(wasWritten === null ? [] : [`WHEN (${wasWritten}) IS NOT TRUE THEN 'WRITTEN_AFTER_KNOWN_AT'`]),
    ...(skipsNulls ? [`WHEN NOT (${hasValue}) THEN 'WITHOUT_VALUE'`] : []),
  ];
  return cases.length === 0 ? `'CANDIDATE'` : `CASE ${cases.join(' ')} ELSE 'CANDIDATE' END`;
}
