import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import type { SourcePlan } from '../plan.js';
import type { PointInTimeForm } from './compile-for-duckdb.js';

/**
 * The maximum labels of a lookup. The timeline form joins more labels faster, for any history (bench/point-in-time).
 */
const MAX_LOOKUPS = 10_000;

/** A lookup of fewer pairs takes milliseconds, as long as counting the pairs would take. */
const FEW_PAIRS = 1_000_000;

/**
 * A lookup visits all pairs of a label and a row of its entity; a timeline sorts the rows once. Sorting a row takes as
 * long as visiting about eight pairs (bench/validation). Entities with one label each are eight times below that
 * threshold; 1,488 labels of one entity are 186 times above it.
 */
const PAIRS_PER_SORTED_ROW = 8;

/** Whether the form depends on the length of the histories of these labels' entities. */
export function dependsOnHistory(labels: number, historyRows: number): boolean {
  return labels <= MAX_LOOKUPS && labels > PAIRS_PER_SORTED_ROW && labels * historyRows > FEW_PAIRS;
}

/**
 * The query that gives chooseForm the size of the history, in one row: pairs, history_rows. `labels` is a SELECT that
 * returns the entity column.
 */
export function historySizeSql({ entityColumn }: SourcePlan, labels: string, table: string): string {
  const entity = quoteIdentifier(entityColumn);
  return `WITH label AS MATERIALIZED (SELECT ${entity} AS entity_id, count(*) AS labels FROM (${labels}) GROUP BY ALL)
SELECT coalesce(sum(l.labels), 0)::DOUBLE AS pairs, count(*)::DOUBLE AS history_rows
FROM ${table} AS h JOIN label AS l ON l.entity_id = h.entity_id`;
}

export interface HistorySize {
  /** Pairs of a label and a row of its entity. */
  readonly pairs: number;
  /** Rows of the entities of the labels. */
  readonly rows: number;
}

/** The faster form for this number of labels over such a history; without a size, it does not depend on the history. */
export function chooseForm(labels: number, size?: HistorySize): PointInTimeForm {
  if (labels > MAX_LOOKUPS) return 'timeline';
  if (size === undefined || size.pairs <= FEW_PAIRS) return 'lookup';
  return size.pairs > PAIRS_PER_SORTED_ROW * size.rows ? 'timeline' : 'lookup';
}
