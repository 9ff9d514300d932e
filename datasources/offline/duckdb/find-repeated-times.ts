import type { DuckDBConnection } from '@duckdb/node-api';
import { historyTable } from '../../duckdb/history-table.js';
import { describeRepeatedTime } from '../../registry/describe-expectation.js';
import type { FeatureSource } from '../../registry/model.js';
import type { ComputedViolation } from '../computed-violation.js';
import { examplesSql, toExamples } from './computed-examples.js';

/**
 * The rows of a source that are not the only one of their entity at their event time, where its registry expects that they
 * are. Only the times that `computed` has are looked at: the table of the source, or that of the rows that were added to it.
 */
export async function findRepeatedTimes(
  connection: DuckDBConnection,
  source: FeatureSource,
  computed: string,
): Promise<ComputedViolation[]> {
  const { onRepeatedTime: action, timestampColumn } = source;
  if (action === null || timestampColumn === null) return [];
  const table = historyTable(source);
  const isComputed =
    computed === table
      ? ''
      : `WHERE (entity_id, event_timestamp) IN (SELECT (entity_id, event_timestamp) FROM ${computed})`;
  const found = await connection.runAndReadAll(
    `SELECT coalesce(sum(rows), 0)::BIGINT AS rows, ${examplesSql(source)} AS examples
     FROM (SELECT entity_id, event_timestamp, count(*) AS rows FROM ${table} ${isComputed} GROUP BY ALL HAVING count(*) > 1)`,
  );
  const [{ rows, examples } = {}] = found.getRowObjects();
  if (rows === 0n) return [];
  return [
    {
      feature: null,
      kind: 'UNIQUE_TIME',
      action,
      description: describeRepeatedTime(source),
      rows: rows as bigint,
      examples: toExamples(examples),
    },
  ];
}
