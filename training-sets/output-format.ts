import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import type { TrainingSetOutputRequest } from './training-sets.js';
import { allJoined } from './join-labels.js';
import type { OutputColumn, TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** The schema of the offline store that contains the tables of training sets. */
export const TABLES_SCHEMA = 'training_sets';

type Format = TrainingSetOutputRequest['format'];

/** RFC 3339 in UTC. The gateway rejects text without a zone, so it must not write such text. */
const CSV_TIMES = '%Y-%m-%dT%H:%M:%S.%fZ';

/** SELECT of the output's rows, in the order of the labels, with the output's column names. */
export function outputSelect(work: WorkDatabase, plan: TrainingSetPlan, format: Format): string {
  const columns = plan.outputColumns.map((column) => `${written(column, format)} AS ${quoteIdentifier(column.name)}`);
  return `SELECT ${columns.join(', ')} FROM ${work.table('labels')} POSITIONAL JOIN ${allJoined(work, plan)}`;
}

function source({ from, type }: OutputColumn): string {
  return from ?? `NULL::${type}`;
}

/**
 * A moment is written with its zone: Parquet then says isAdjustedToUTC, and CSV ends in Z. A TIMESTAMP of the labels
 * that passes through has no zone, and gets none.
 */
function written(column: OutputColumn, format: Format): string {
  if (format === 'TABLE') return source(column);
  // BigQuery reads neither from Parquet.
  if (format === 'BIGQUERY' && /^(?:UUID|JSON)$/.test(column.type)) return `CAST(${source(column)} AS VARCHAR)`;
  // The inner cast is exact: a label whose time is finer than a microsecond was refused.
  if (column.isMoment) return `CAST(CAST(${source(column)} AS TIMESTAMP) AS TIMESTAMPTZ)`;
  return format === 'CSV' && column.type === 'TIMESTAMP' ? `CAST(${source(column)} AS VARCHAR)` : source(column);
}

/** The key of the provenance in a Parquet file's metadata. */
export const PROVENANCE_KEY = 'featuregraph';

/** `provenance` is JSON for the metadata of a Parquet file, also of one that is loaded. CSV has no metadata. */
export function copyToFile(select: string, path: string, format: Exclude<Format, 'TABLE'>, provenance: string): string {
  const options =
    format !== 'CSV'
      ? `FORMAT parquet, KV_METADATA {${PROVENANCE_KEY}: ${quoteText(provenance)}}`
      : `FORMAT csv, HEADER, TIMESTAMPFORMAT '${CSV_TIMES}'`;
  return `COPY (${select}) TO ${quoteText(path)} (${options})`;
}

/** SELECT of a written output: row_id (the row number), and each column under the name that the validation uses. */
export function outputAsWritten(
  { format, at }: { readonly format: Format; readonly at: string },
  columns: readonly OutputColumn[],
): string {
  const select = (rowNumber: string, cast: (column: OutputColumn) => string): string =>
    joinSql([`${rowNumber} AS row_id`, ...columns.map((column) => `${cast(column)} AS ${column.checkedAs}`)], ', ');
  const asIs = ({ name }: OutputColumn): string => quoteIdentifier(name);
  // A feature is compared with the history in the type of the history.
  const fromParquet = (column: OutputColumn): string =>
    column.isMoment ? `CAST(${asIs(column)} AS TIMESTAMP)` : asIs(column);
  const inOrder = 'row_number() OVER () - 1';
  switch (format) {
    case 'TABLE':
      return `SELECT ${select(inOrder, asIs)} FROM ${at}`;
    case 'PARQUET':
    case 'BIGQUERY':
      return `SELECT ${select('file_row_number', fromParquet)} FROM read_parquet(${file(at)}, file_row_number = true)`;
    case 'CSV':
      // An empty text is written in quotes; a null is written as nothing. The options declare this, because DuckDB's
      // detection is unreliable: a name with single quotes in it made DuckDB take single quotes as the quote character.
      return `SELECT ${select(inOrder, ({ name, type }) => `CAST(${quoteIdentifier(name)} AS ${type})`)}
FROM read_csv(${file(at)}, header = true, all_varchar = true, allow_quoted_nulls = false, delim = ',', quote = '"', escape = '"')`;
  }
}

/** SELECT of the joined rows as an output that was not written, for a preview. */
export function outputAsJoined(work: WorkDatabase, plan: TrainingSetPlan): string {
  const selected = plan.outputColumns.map((column) => `${source(column)} AS ${column.checkedAs}`);
  return `SELECT labels.rowid AS row_id, ${selected.join(', ')}
FROM ${work.table('labels')} AS labels POSITIONAL JOIN ${allJoined(work, plan)}`;
}

function file(path: string): string {
  return quoteText(path.replaceAll(/[*?[]/g, '[$&]'));
}
