import { quoteIdentifier } from '../../../duckdb/sql-text.js';
import { classSql, type ExplainPlan } from '../explain-plan.js';
import { joinSql, type CompiledSql, type Parameters } from '../sql-text.js';

export interface DuckDbExplainTarget {
  /** A SELECT that returns label BIGINT, entity_id VARCHAR and label_time TIMESTAMP. */
  readonly labels: string;
  /** The quoted name of the source's table. */
  readonly table: string;
  /** The column with the file of a row; null where the table has none. */
  readonly fileColumn: string | null;
}

/**
 * An explanation in DuckDB: a row of the result for each row of the history that it shows, with label, class and the number
 * of rows of that class.
 */
export function compileExplainForDuckDb<Parameter>(
  plan: ExplainPlan,
  { labels, table, fileColumn }: DuckDbExplainTarget,
  parameters: Parameters<Parameter | bigint>,
): CompiledSql<Parameter | bigint> {
  const { feature, isTimed, maxRows } = plan;
  const { strictlyBefore } = plan.options;
  const value = `h.${quoteIdentifier(feature.name)}`;
  const rowClass = classSql(plan, {
    isLate: isTimed ? `h.event_timestamp ${strictlyBefore ? '>=' : '>'} l.label_time` : null,
    wasWritten: wasWritten(plan, parameters),
    hasValue: `${value} IS NOT NULL`,
  });
  // Of the rows that come too late, the earliest are the nearest to the decision.
  const nearest = joinSql(
    [
      isTimed && `CASE WHEN class = 'AFTER_AS_OF' THEN event_time END`,
      isTimed && 'event_time DESC',
      'created_time DESC NULLS LAST',
      'sequence DESC NULLS LAST',
      'arrival DESC',
    ],
    ', ',
  );
  const sql = `WITH labels AS (${labels}),
classified AS (
  SELECT l.label, ${isTimed ? 'h.event_timestamp' : 'NULL::TIMESTAMP'} AS event_time, h.created_timestamp AS created_time,
    h.sequence, h.rowid AS arrival, ${fileColumn === null ? 'NULL::VARCHAR' : `h.${fileColumn}`} AS file, ${value} AS value,
    ${rowClass} AS class
  FROM labels AS l JOIN ${table} AS h ON h.entity_id = l.entity_id)
SELECT *, count(*) OVER (PARTITION BY label, class) AS row_count,
  row_number() OVER (PARTITION BY label, class ORDER BY ${nearest}) AS place
FROM classified
QUALIFY place <= ${maxRows}
ORDER BY label, class, place`;
  return { sql, parameters: parameters.values };
}

function wasWritten<Parameter>(
  { options: { knownAt, knownAtLabelTime }, isTimed }: ExplainPlan,
  parameters: Parameters<Parameter | bigint>,
): string | null {
  const conditions = [
    knownAt !== null && `h.created_timestamp <= make_timestamp(CAST(${parameters.add(knownAt)} AS BIGINT))`,
    knownAtLabelTime && isTimed && 'h.created_timestamp <= l.label_time',
  ].filter((condition) => condition !== false);
  return conditions.length === 0 ? null : conditions.join(' AND ');
}
