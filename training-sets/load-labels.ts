import { badInput } from '../errors/app-error.js';
import { entityIdSql } from '../datasources/duckdb/entity-id-sql.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import type { LabelSource, TrainingSetJoin, TrainingSetRequest } from './training-sets.js';
import type { ReadTable } from '../datasources/files/read-text-files.js';
import type { LabelColumn, LabelRelation } from './label-columns.js';
import { faultyTimeSql, labelTimeSql, timeFault } from './label-time.js';
import type { WorkDatabase } from './work-database.js';

const FAULTS_SHOWN = 3;

/** The names of the label columns in the work tables, so that a client's name cannot collide with an internal one. */
export const labelName = (index: number): string => `label_${index}`;
export const entityName = (join: number): string => `entity_${join}`;

/**
 * Copies the labels into the table `labels` of the work database: label_0, label_1, ... unchanged, label_time, and
 * entity_0, ... with the entity id of each join. Its rowid is the number of the label. `limit` is the maximum number of
 * rows.
 */
export async function loadLabels(
  work: WorkDatabase,
  request: TrainingSetRequest,
  relation: LabelRelation,
  limit?: number,
): Promise<void> {
  const { columns } = relation;
  const own = columns.map(({ name }, index) => `${quoteIdentifier(name)} AS ${labelName(index)}`);
  const select = [...own, ...keys(request, columns, quoteIdentifier)].join(',\n  ');
  await work.run(
    `CREATE OR REPLACE TABLE ${work.table('labels')} AS SELECT ${select}
FROM ${relation.sql} ${limit === undefined ? '' : `LIMIT ${limit}`}`,
    relation.parameters,
    relation.parameterTypes,
  );
  await refuseFaultyTimes(work, request.labels, relation);
}

export async function countLabels(
  work: WorkDatabase,
  request: TrainingSetRequest,
  { sql, countSql = `SELECT count(*) FROM ${sql}`, parameters, parameterTypes, fetch }: LabelRelation,
): Promise<number> {
  await fetch?.();
  const counted = await work.run(countSql, parameters, parameterTypes);
  const [[count] = []] = await counted.getRows();
  return Number(count);
}

/** SQL of label_time and the entity ids. `nameOf` gives the names of the label columns in the query. */
export function keys(
  { labels, joins }: Pick<TrainingSetRequest, 'labels' | 'joins'>,
  columns: readonly LabelColumn[],
  nameOf: (name: string) => string,
): string[] {
  // File options permit more time formats than RFC 3339.
  const options = labels.kind === 'FILE' ? (labels.options ?? {}) : undefined;
  const { type } = columns.find(({ name }) => name === labels.timeColumn)!;
  return [
    `${labelTimeSql(nameOf(labels.timeColumn), type, options)} AS label_time`,
    ...joins.map((join, index) => `${labelEntityId(join, nameOf)} AS ${entityName(index)}`),
  ];
}

/** An empty id is the same as no id: nothing can be stored under it. */
function labelEntityId({ entityIdColumns }: TrainingSetJoin, nameOf: (name: string) => string): string {
  return `nullif(${entityIdSql(entityIdColumns.map(nameOf))}, '')`;
}

async function refuseFaultyTimes(
  work: WorkDatabase,
  labels: LabelSource,
  { columns, options, rows }: LabelRelation,
): Promise<void> {
  const column = labelName(columns.findIndex(({ name }) => name === labels.timeColumn));
  // Within a transaction, DuckDB's row ids start at a very large number.
  const faulty = await work.rows(
    `SELECT rowid - (SELECT min(rowid) FROM ${work.table('labels')}) AS row, CAST(${column} AS VARCHAR) AS text FROM ${work.table('labels')}
     WHERE ${faultyTimeSql(column, 'label_time')} ORDER BY rowid LIMIT ${FAULTS_SHOWN}`,
  );
  const [first] = faulty;
  if (!first) return;
  const faults: string[] = [];
  for (const { row, text } of faulty) {
    const place = rows ? await findPlace(work, rows, Number(row)) : '';
    faults.push(`${place}label ${String(row)}: ${timeFault(String(text), options)}`);
  }
  throw badInput(
    `Times of labels (counted from 0) cannot be read: ${faults.join(' ')}`,
    labels.kind === 'INLINE' ? `labels.source.rows[${String(first.row)}].${labels.timeColumn}` : 'labels.timeColumn',
  );
}

/** The file and line of a row that was read from text. */
async function findPlace(work: WorkDatabase, { path, files }: ReadTable, row: number): Promise<string> {
  const [place] = await work.rows(`SELECT file, line FROM read_parquet(${quoteText(path)}) LIMIT 1 OFFSET ${row}`);
  return place ? `"${files[Number(place.file)]}", line ${String(place.line)}, ` : '';
}
