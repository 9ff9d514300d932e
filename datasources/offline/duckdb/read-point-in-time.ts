import {
  BIGINT,
  LIST,
  listValue,
  STRUCT,
  structValue,
  TIMESTAMP,
  timestampValue,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { CellStatus, FeatureCell } from '../../../values/feature-cell.js';
import type { PointInTimeLabel, PointInTimeRead } from '../offline-store.js';
import { compileForDuckDb, type PointInTimeForm } from '../point-in-time/duckdb.js';
import { planPointInTime } from '../point-in-time/plan.js';
import { Parameters } from '../point-in-time/sql-text.js';
import { historyTable } from './history-table.js';
import { fromDuckDb, instantFromDuckDb } from './value-mapping.js';

const LABEL_LIST = LIST(STRUCT({ row_id: BIGINT, entity_id: VARCHAR, label_time: TIMESTAMP }));

/** All labels travel as one parameter, so the text of the query is the same for any number of them. */
export async function readPointInTime(
  connection: DuckDBConnection,
  { labels, features, options }: PointInTimeRead,
  form: PointInTimeForm,
): Promise<FeatureCell[][]> {
  const parameters = new Parameters<DuckDBValue>();
  const labelList = parameters.add(listValue(labels.map(labelStruct)));
  const { sql } = compileForDuckDb(
    planPointInTime(features, options),
    { form, labels: `SELECT unnest(${labelList}, recursive := true)`, tableOf: historyTable },
    parameters,
  );
  const result = await connection.runAndReadAll(sql, parameters.values, [LABEL_LIST]);
  const columns = result.getColumnsObject();
  const cellColumns = features.map((feature, index) => {
    const values = columns[`value_${index}`] ?? [];
    const timestamps = columns[`timestamp_${index}`] ?? [];
    const statuses = columns[`status_${index}`] ?? [];
    return labels.map((_, row): FeatureCell => ({
      status: statuses[row] as CellStatus,
      value: fromDuckDb(feature.valueType, values[row] ?? null),
      timestamp: instantFromDuckDb(timestamps[row]),
    }));
  });
  return labels.map((_, row) => cellColumns.map((column) => column[row] as FeatureCell));
}

function labelStruct({ entityId, time }: PointInTimeLabel, index: number): DuckDBValue {
  return structValue({
    row_id: BigInt(index),
    entity_id: entityId,
    label_time: time === null ? null : timestampValue(time),
  });
}
