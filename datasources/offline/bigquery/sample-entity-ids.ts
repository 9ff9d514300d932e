import { encodeEntityId } from '../../../values/entity-id.js';
import type { BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { partitionConditions } from '../point-in-time/bigquery/row-filters.js';
import { historyColumn, quoteForBigQuery, type BigQueryTable } from '../point-in-time/bigquery/table.js';
import type { ResultRow } from './query-jobs.js';

/**
 * Implements the port's method. BigQuery bills the columns of the ids. Rows of tables that others write may lack an id.
 */
export function sampleQuery(tables: readonly BigQueryTable[], count: number): BigQuerySql {
  const ids = tables.map((table) => {
    const { path, entityColumns } = table;
    const columns = entityColumns.map(({ name }) => historyColumn(name));
    const texts = entityColumns.map(({ type }, part) =>
      type === 'STRING' ? `${columns[part]} AS id_${part}` : `CAST(${columns[part]} AS STRING) AS id_${part}`,
    );
    const areThere = [
      ...partitionConditions(table, { hasTime: false }),
      ...columns.map((column) => `${column} IS NOT NULL`),
    ];
    return `SELECT ${texts.join(', ')} FROM ${quoteForBigQuery(path)} AS h WHERE ${areThere.join(' AND ')}`;
  });
  const sql = `SELECT * FROM (
  SELECT DISTINCT * FROM (
    ${ids.join('\n    UNION ALL\n    ')}
  )
)
ORDER BY RAND()
LIMIT ${count}`;
  return { sql, params: {}, types: {} };
}

export function sampledId(row: ResultRow, parts: number): string {
  return encodeEntityId(Array.from({ length: parts }, (_, part) => String(row[`id_${part}`])));
}
