import { badInput } from '../errors/app-error.js';
import { entityIdSql } from '../datasources/duckdb/entity-id-sql.js';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import type { LabelSource, TrainingSetJoin, TrainingSetRequest } from './training-sets.js';
import { toFileError, type LabelColumn, type LabelRelation } from './label-relation.js';
import { faultyTimeSql, labelTimeSql, timeFault } from './label-time.js';
import type { WorkDatabase } from './work-database.js';

const FAULTS_SHOWN = 3;

/** How the columns of the labels are called in the work tables, where no name of a client's can meet one of ours. */
export const labelName = (index: number): string => `label_${index}`;
export const entityName = (join: number): string => `entity_${join}`;

/**
 * Copies the labels into the table `labels` of the work database: label_0, label_1, ... as they are, label_time, and
 * entity_0, ... with the entity id of each join. Its rowid is the number of the label. `limit` is the most rows taken.
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
  await work
    .run(
      `CREATE OR REPLACE TABLE ${work.table('labels')} AS SELECT ${select}
FROM ${relation.sql} ${limit === undefined ? '' : `LIMIT ${limit}`}`,
      relation.parameters,
      relation.parameterTypes,
    )
    .catch((cause: unknown) => {
      throw unreadable(request, cause);
    });
  await refuseFaultyTimes(work, request.labels, columns);
}

export async function countLabels(
  work: WorkDatabase,
  request: TrainingSetRequest,
  { sql, parameters, parameterTypes }: LabelRelation,
): Promise<number> {
  const counted = await work.run(`SELECT count(*) FROM ${sql}`, parameters, parameterTypes).catch((cause: unknown) => {
    throw unreadable(request, cause);
  });
  const [[count] = []] = await counted.getRows();
  return Number(count);
}

function unreadable({ labels }: TrainingSetRequest, cause: unknown): unknown {
  return labels.kind === 'FILE' ? toFileError(labels.file, labels.format, cause) : cause;
}

/** label_time and the entity ids, from the columns of the labels, whatever these are called in the query. */
export function keys(
  { labels, joins }: Pick<TrainingSetRequest, 'labels' | 'joins'>,
  columns: readonly LabelColumn[],
  nameOf: (name: string) => string,
): string[] {
  const { type } = columns.find(({ name }) => name === labels.timeColumn)!;
  return [
    `${labelTimeSql(nameOf(labels.timeColumn), type)} AS label_time`,
    ...joins.map((join, index) => `${labelEntityId(join, nameOf)} AS ${entityName(index)}`),
  ];
}

/** An empty id names nothing, as none does: nothing can be stored under it. */
function labelEntityId({ entityIdColumns }: TrainingSetJoin, nameOf: (name: string) => string): string {
  return `nullif(${entityIdSql(entityIdColumns.map(nameOf))}, '')`;
}

async function refuseFaultyTimes(
  work: WorkDatabase,
  labels: LabelSource,
  columns: readonly LabelColumn[],
): Promise<void> {
  const column = labelName(columns.findIndex(({ name }) => name === labels.timeColumn));
  // Until a transaction is over, DuckDB numbers its rows from somewhere far away.
  const faulty = await work.rows(
    `SELECT rowid - (SELECT min(rowid) FROM ${work.table('labels')}) AS row, CAST(${column} AS VARCHAR) AS text FROM ${work.table('labels')}
     WHERE ${faultyTimeSql(column, 'label_time')} ORDER BY rowid LIMIT ${FAULTS_SHOWN}`,
  );
  const [first] = faulty;
  if (!first) return;
  const faults = faulty.map(({ row, text }) => `label ${String(row)}: ${timeFault(String(text))}`);
  throw badInput(
    `Times of labels (counted from 0) cannot be read: ${faults.join(' ')}`,
    `labels.source.rows[${String(first.row)}].${labels.timeColumn}`,
  );
}
