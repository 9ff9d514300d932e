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
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import type { FeatureRow, RowsRead } from '../offline-store.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { historyTable, listKeyColumns } from '../../duckdb/history-table.js';
import { requireCreationTime } from './creation-time.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';

/** The rows as they are stored. The place in the table is the order of arrival. */
export async function readRows(
  connection: DuckDBConnection,
  { source, entityIds, features, to, written, later }: RowsRead,
): Promise<FeatureRow[]> {
  if (written) requireCreationTime(source);
  if (later && source.timestampColumn === null) return [];
  const values: DuckDBValue[] = [];
  const types: DuckDBType[] = [];
  const parameter = (value: DuckDBValue, type: DuckDBType): string => {
    types.push(type);
    return `$${values.push(value)}`;
  };
  const compared = (column: string, operator: string, instant: Instant | null | undefined): string | false =>
    instant != null && `${column} ${operator} ${parameter(timestampValue(instant), TIMESTAMP)}`;
  const conditions = [
    entityIds !== null && `entity_id IN (SELECT unnest(${parameter(listValue([...entityIds]), LIST(VARCHAR))}))`,
    source.timestampColumn !== null && compared('event_timestamp', '<=', to),
    compared('event_timestamp', '>', later?.than),
    compared('created_timestamp', '>', written?.after),
    compared('created_timestamp', '<=', written?.upTo),
  ];
  return selectRows(connection, source, features, {
    condition: joinSql(conditions, ' AND ') || 'true',
    values,
    types,
    ...(written ? { orderBy: 'created_timestamp, rowid', limit: written.limit } : {}),
    ...(later ? { orderBy: 'event_timestamp, rowid', limit: later.limit } : {}),
  });
}

export interface RowSelection {
  /** With parameters. */
  readonly condition: string;
  readonly values: DuckDBValue[];
  readonly types: DuckDBType[];
  /** Absent: the order of arrival. */
  readonly orderBy?: string;
  readonly limit?: number | null;
}

/** The rows of a source that meet a condition. */
export async function selectRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  features: readonly Feature[],
  { condition, values, types, orderBy = 'rowid', limit = null }: RowSelection,
): Promise<FeatureRow[]> {
  const columns = [...listKeyColumns(source), ...features.map(({ name }) => quoteIdentifier(name))];
  const sql = `SELECT ${columns.join(', ')} FROM ${historyTable(source)} WHERE ${condition} ORDER BY ${orderBy}`;
  const limited = limit === null ? sql : `${sql} LIMIT ${limit}`;
  const result = await connection.runAndReadAll(limited, values, types);
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
