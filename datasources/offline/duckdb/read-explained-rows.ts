import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { FILE_COLUMN, historyTable, isByFile } from '../../duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';
import {
  NO_EXPLAINED_ROWS,
  type ExplainedRow,
  type ExplainedRows,
  type ExplainRead,
  type RowClass,
} from '../explain-read.js';
import { compileExplainForDuckDb } from '../point-in-time/duckdb/compile-explain.js';
import { planExplanation } from '../point-in-time/explain-plan.js';
import { Parameters } from '../point-in-time/sql-text.js';
import { requireCreationTime } from './creation-time.js';

/** The rows that decide the value of a feature, for each label. */
export async function readExplainedRows(connection: DuckDBConnection, read: ExplainRead): Promise<ExplainedRows[]> {
  const { feature, labels } = read;
  const plan = planExplanation(read);
  if (plan.options.knownAt !== null) requireCreationTime(feature.source);
  const parameters = new Parameters<DuckDBValue>();
  const entityIds = parameters.add(listValue(labels.map(({ entityId }) => entityId)));
  const times = parameters.add(listValue(labels.map(({ time }) => time)));
  const { sql } = compileExplainForDuckDb(
    plan,
    {
      labels: `SELECT unnest(range(len(${entityIds}))) AS label, unnest(${entityIds}) AS entity_id, make_timestamp(unnest(${times})) AS label_time`,
      table: historyTable(feature.source),
      fileColumn: isByFile(feature.source) ? FILE_COLUMN : null,
    },
    parameters,
  );
  const types = [LIST(VARCHAR), LIST(BIGINT), BIGINT].slice(0, parameters.values.length);
  const result = await connection.runAndReadAll(sql, parameters.values, types);
  const explained: ExplainedRows[] = labels.map(() => NO_EXPLAINED_ROWS);
  const groups = Map.groupBy(result.getRowObjects(), (row) => `${String(row.label)} ${String(row.class)}`);
  for (const [first, ...others] of groups.values()) {
    const label = Number(first!.label);
    const rows = [first!, ...others].map((row): ExplainedRow => ({
      timestamp: instantFromDuckDb(row.event_time),
      createdTimestamp: instantFromDuckDb(row.created_time),
      sequence: (row.sequence ?? null) as bigint | null,
      arrival: row.arrival as bigint,
      file: (row.file ?? null) as string | null,
      value: fromDuckDb(feature.valueType, row.value ?? null),
    }));
    const ofClass = { count: first!.row_count as bigint, rows };
    explained[label] = { ...explained[label]!, [first!.class as RowClass]: ofClass };
  }
  return explained;
}
