import {
  LIST,
  listValue,
  timestampValue,
  TIMESTAMP,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { RawValue } from '../../../values/value-type.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import type { FeatureRow, RowsRead } from '../offline-store.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { historyTable, listKeyColumns } from '../../duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';

/** The rows as they are stored. The place in the table is the order of arrival. */
export async function readRows(
  connection: DuckDBConnection,
  { source, entityIds, features, to }: RowsRead,
): Promise<FeatureRow[]> {
  const isTimed = source.timestampColumn !== null;
  const values = [listValue([...entityIds]), ...(isTimed ? [timestampValue(to)] : [])];
  const conditions = ['entity_id IN (SELECT unnest($1))', isTimed && 'event_timestamp <= $2'];
  const types = [LIST(VARCHAR), ...(isTimed ? [TIMESTAMP] : [])];
  return selectRows(connection, source, features, joinSql(conditions, ' AND '), values, types);
}

/** The rows of a source that meet a condition with parameters, in the order of arrival. */
export async function selectRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  features: readonly Feature[],
  condition: string,
  values: DuckDBValue[],
  types: DuckDBType[],
): Promise<FeatureRow[]> {
  const columns = [...listKeyColumns(source), ...features.map(({ name }) => quoteIdentifier(name))];
  const sql = `SELECT ${columns.join(', ')} FROM ${historyTable(source)} WHERE ${condition} ORDER BY rowid`;
  const result = await connection.runAndReadAll(sql, values, types);
  return result.getRowObjects().map((row) => ({
    entityId: String(row.entity_id),
    timestamp: instantFromDuckDb(row.event_timestamp),
    createdTimestamp: instantFromDuckDb(row.created_timestamp),
    sequence: (row.sequence ?? null) as bigint | null,
    values: new Map(
      features.map(({ name, valueType }): [string, RawValue | null] => [
        name,
        fromDuckDb(valueType, row[name] ?? null),
      ]),
    ),
  }));
}
