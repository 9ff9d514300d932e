import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { CellStatus } from '../../../values/feature-cell.js';
import type { PointInTimeCell, PointInTimeRead } from '../offline-store.js';
import { chooseForm, dependsOnHistory, historySizeSql } from '../point-in-time/duckdb/choose-form.js';
import { compileForDuckDb, type PointInTimeForm } from '../point-in-time/duckdb/compile-for-duckdb.js';
import { requireCreationTime } from './creation-time.js';
import { planPointInTime, type PointInTimePlan } from '../point-in-time/plan.js';
import { ALL_OUTPUTS } from '../point-in-time/source-block.js';
import { Parameters } from '../point-in-time/sql-text.js';
import { historyTable } from '../../duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../duckdb/value-mapping.js';

const LABEL_TYPES = [LIST(VARCHAR), LIST(BIGINT)];

/**
 * The labels are two lists, so the text of the query is the same for any number of labels. (One list of structs is
 * equivalent and takes eight times as long to bind.)
 */
export async function readPointInTime(
  connection: DuckDBConnection,
  { labels, features, options, ttl, writtenAfter = false }: PointInTimeRead,
  form: PointInTimeForm | 'CHOOSE',
): Promise<PointInTimeCell[][]> {
  if (options?.knownAt != null) features.forEach(({ source }) => requireCreationTime(source));
  const parameters = new Parameters<DuckDBValue>();
  const entityIds = parameters.add(listValue(labels.map(({ entityId }) => entityId)));
  const times = parameters.add(listValue(labels.map(({ time }) => time)));
  const labelRows = `SELECT unnest(range(len(${entityIds}))) AS row_id, unnest(${entityIds}) AS entity_id,
    make_timestamp(unnest(${times})) AS label_time`;
  const plan = planPointInTime([{ entityColumn: 'entity_id', features, ttl }], options);
  const { sql } = compileForDuckDb(
    plan,
    {
      form: form === 'CHOOSE' ? await findForm(connection, plan, labels) : form,
      labels: labelRows,
      tableOf: historyTable,
      mayHaveTies: () => true,
      outputs: { ...ALL_OUTPUTS, writtenAfter },
    },
    parameters,
  );
  const result = await connection.runAndReadAll(sql, parameters.values, LABEL_TYPES);
  const columns = result.getColumnsObject();
  const cellColumns = features.map((feature, index) => {
    const values = columns[`value_${index}`] ?? [];
    const timestamps = columns[`timestamp_${index}`] ?? [];
    const statuses = columns[`status_${index}`] ?? [];
    const writtenAfters = columns[`written_after_${index}`] ?? [];
    return labels.map((_, row): PointInTimeCell => ({
      status: statuses[row] as CellStatus,
      value: fromDuckDb(feature.valueType, values[row] ?? null),
      timestamp: instantFromDuckDb(timestamps[row]),
      ...(writtenAfter && { writtenAfter: values[row] != null && writtenAfters[row] === true }),
    }));
  });
  return labels.map((_, row) => cellColumns.map((column) => column[row]!));
}

/** One form for all sources of the read: the longest history decides. */
async function findForm(
  connection: DuckDBConnection,
  { sources }: PointInTimePlan,
  labels: PointInTimeRead['labels'],
): Promise<PointInTimeForm> {
  if (!dependsOnHistory(labels.length, Infinity)) return 'lookup';
  for (const source of sources) {
    const table = historyTable(source.source);
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${table}`);
    const [[rows] = []] = counted.getRows();
    if (!dependsOnHistory(labels.length, Number(rows))) continue;
    const ids = listValue(labels.map(({ entityId }) => entityId));
    const measured = await connection.runAndReadAll(
      historySizeSql(source, 'SELECT unnest($1) AS entity_id', table),
      [ids],
      [LIST(VARCHAR)],
    );
    const [[pairs, historyRows] = []] = measured.getRows();
    const form = chooseForm(labels.length, { pairs: Number(pairs), rows: Number(historyRows) });
    if (form === 'timeline') return form;
  }
  return 'lookup';
}
