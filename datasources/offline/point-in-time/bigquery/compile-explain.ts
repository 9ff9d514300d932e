import { classSql, type ExplainPlan } from '../explain-plan.js';
import { noCreationTime } from '../no-creation-time.js';
import { joinSql } from '../sql-text.js';
import type { BigQueryParameters, BigQuerySql } from './parameters.js';
import { historyColumn, isKnownSql, quoteForBigQuery, selected, valueOrNull, type BigQueryTable } from './table.js';

export interface BigQueryExplainTarget {
  /** The source of the labels, with label INT64, label_time TIMESTAMP and the parts of the id, key_0, key_1, … */
  readonly labels: string;
  readonly table: BigQueryTable;
  /** Constant conditions on the history, by which BigQuery skips blocks and partitions. */
  readonly constants: readonly string[];
}

/**
 * An explanation in BigQuery: a row of the result for each label and class, with the number of its rows, and some of them.
 * ARRAY_AGG with a LIMIT holds few rows of each group; an analytic function would sort all.
 *
 * The scan has no upper bound of the event time, because rows that come too late are part of the explanation.
 */
export function compileExplainForBigQuery(
  plan: ExplainPlan,
  { labels, table, constants }: BigQueryExplainTarget,
  parameters: BigQueryParameters,
): BigQuerySql {
  const { feature, maxRows } = plan;
  const time = table.eventTime === null ? null : historyColumn(table.eventTime);
  const micros = (column: string | null): string =>
    column === null ? 'CAST(NULL AS INT64)' : `UNIX_MICROS(${historyColumn(column)})`;
  const number = (column: string | null): string => (column === null ? 'CAST(NULL AS INT64)' : historyColumn(column));
  const isKnown = isKnownSql(table, feature);
  const rowClass = classSql(plan, {
    isLate: time === null ? null : `${time} ${plan.options.strictlyBefore ? '>=' : '>'} l.label_time`,
    wasWritten: wasWritten(plan, table, parameters),
    hasValue: isKnown,
  });
  const conditions = [
    ...table.entityColumns.map(({ name }, part) => `${historyColumn(name)} = l.key_${part}`),
    // A row without a time is not history.
    ...(time === null ? [] : [`${time} IS NOT NULL`]),
  ];
  const nearest = joinSql(
    [
      time !== null && `IF(class = 'AFTER_AS_OF', event_time, -event_time)`,
      'created_time DESC',
      'sequence DESC',
      'arrival DESC',
    ],
    ', ',
  );
  const sql = `WITH classified AS (
  SELECT l.label, ${micros(table.eventTime)} AS event_time, ${micros(table.createdTime)} AS created_time,
    ${number(table.sequence)} AS sequence, ${number(table.arrival)} AS arrival,
    ${selected(feature, valueOrNull(table, feature))} AS value, ${isKnown} AS is_there,
    ${rowClass} AS class
  FROM ${labels} AS l
  JOIN ${quoteForBigQuery(table.path)} AS h ON ${conditions.join(' AND ')}
  WHERE ${constants.length === 0 ? 'TRUE' : constants.join(' AND ')})
SELECT label, class, COUNT(*) AS row_count,
  ARRAY_AGG(STRUCT(event_time, created_time, sequence, arrival, value, is_there) ORDER BY ${nearest} LIMIT ${maxRows}) AS nearest
FROM classified
GROUP BY label, class`;
  return { sql, params: parameters.params, types: parameters.types };
}

function wasWritten(
  { feature, options: { knownAt, knownAtLabelTime }, isTimed }: ExplainPlan,
  { createdTime }: BigQueryTable,
  parameters: BigQueryParameters,
): string | null {
  const atLabelTime = knownAtLabelTime && isTimed;
  if (knownAt === null && !atLabelTime) return null;
  if (createdTime === null) throw noCreationTime(feature.source, knownAt === null ? 'knownAtLabelTime' : 'knownAt');
  const created = historyColumn(createdTime);
  return joinSql(
    [
      knownAt !== null && `${created} <= ${parameters.addInstant('known_at', knownAt)}`,
      atLabelTime && `${created} <= l.label_time`,
    ],
    ' AND ',
  );
}
