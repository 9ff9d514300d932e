import { quoteText } from '../../datasources/duckdb/sql-text.js';
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError, badInput } from '../../errors/app-error.js';
import type { DataFiles } from '../../datasources/files/data-files.js';
import { toAppError } from '../../datasources/files/file-fault.js';
import { delimiterOfFile, type FileFormat } from '../../datasources/files/file-format.js';
import { requireObjects, scanTextFiles } from '../../datasources/files/text-rows.js';
import type { ScanResult } from '../../datasources/files/worker/protocol.js';
import type { ModelField } from '../../datasources/registry/prediction-model.js';
import type { SourceColumn } from '../../datasources/duckdb/column-types.js';
import type { TypedName } from './checkpoint.js';
import { csvColumns, jsonColumns, jsonLists, mismatches, typedColumns, type InputColumn } from './input-columns.js';

/** The number of lines of JSON that are read for column names. Columns that first appear later are not forwarded. */
const SAMPLE_LINES = 10_000;

/** An input that DuckDB reads, always in the same order and from any row on. */
export interface BatchSource {
  /** SQL of the relation that the columns are read from. */
  readonly relation: string;
  readonly columns: readonly InputColumn[];
  /** SQL of the instance's number where a row has its own; null: the number is that of the row. */
  readonly numberColumn: string | null;
  /** SQL that is true for a row that is not an instance; null where every row is one. */
  readonly isMalformed: string | null;
}

/** Opens files for a model. `field` is the path for errors about unreadable files or missing columns. */
export async function openFiles(
  connection: DuckDBConnection,
  data: DataFiles,
  paths: readonly string[],
  format: FileFormat,
  inputs: readonly ModelField[],
  field: string,
): Promise<BatchSource> {
  const files = fileList(paths);
  try {
    switch (format) {
      case 'PARQUET':
        return await openTyped(connection, `read_parquet(${files})`, inputs, field);
      case 'CSV':
        return await openCsv(data, paths, inputs, field);
      case 'JSONL':
        await scan(data, paths, 'JSONL', null);
        return await openJsonLines(connection, files, inputs, field);
    }
  } catch (cause) {
    throw toInputError(toAppError(cause, field), field, `The files cannot be read as ${format}.`);
  }
}

export async function openTyped(
  connection: DuckDBConnection,
  relation: string,
  inputs: readonly ModelField[],
  field: string,
): Promise<BatchSource> {
  const columns = await describeColumns(connection, relation);
  assertColumnsExist(
    columns.map(({ name }) => name),
    inputs,
    field,
  );
  const wrong = mismatches(columns, inputs);
  if (wrong.length > 0) {
    throw badInput(`Columns of the input do not have the types of the model's inputs: ${wrong.join('; ')}.`, field);
  }
  return { relation, columns: typedColumns(columns, inputs), numberColumn: null, isMalformed: null };
}

/** The failed instances of an earlier job, from its error files. They retain their numbers. */
export function openFailures(relation: string, columns: readonly TypedName[]): BatchSource {
  const names = columns.map(({ name }) => name);
  return {
    relation: `(SELECT instance_number, json, ${jsonLists(names)} FROM (SELECT instance_number, CAST(instance AS JSON) AS json FROM ${relation}))`,
    columns: jsonColumns(names, columns),
    numberColumn: 'instance_number',
    isMalformed: NOT_AN_OBJECT,
  };
}

const NOT_AN_OBJECT = `(json IS NULL OR json_type(json) <> 'OBJECT')`;

/**
 * RFC 4180 with a header. DuckDB does not detect the format: a detection from the first lines can skip them. Short
 * lines end in nulls.
 */
async function openCsv(
  data: DataFiles,
  paths: readonly string[],
  inputs: readonly ModelField[],
  field: string,
): Promise<BatchSource> {
  const { columns: names } = await scan(data, paths, 'CSV', 0);
  assertColumnsExist(names, inputs, field);
  const types = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
  const delimiter = delimiterOfFile(paths[0]!);
  // The parallel reader rejects line breaks in quotes where short lines may end in nulls.
  return {
    relation: `read_csv(${fileList(paths)}, header = true, delim = ${quoteText(delimiter)}, quote = '"', escape = '"', null_padding = true,
  parallel = false, allow_quoted_nulls = false, auto_detect = false, columns = {${types}})`,
    columns: csvColumns(names, inputs),
    numberColumn: null,
    isMalformed: null,
  };
}

/**
 * Scans text files in a separate process: input that would crash or stall this process is refused there, with one
 * sentence.
 */
async function scan(
  data: DataFiles,
  paths: readonly string[],
  format: 'CSV' | 'JSONL',
  maxRows: number | null,
): Promise<ScanResult> {
  const files = paths.map((path) => ({
    path,
    name: relative(data.folder, path),
    partitions: new Map<string, string | null>(),
  }));
  const reader = await data.reader();
  const scanned = await reader.use({ files }, (worker) =>
    scanTextFiles(worker, { files, format, options: {} }, { target: null, keepsBadRows: true, maxRows }),
  );
  requireObjects(scanned);
  return scanned;
}

/** A line that is not a JSON object is one failed instance; blank lines are skipped. */
async function openJsonLines(
  connection: DuckDBConnection,
  files: string,
  inputs: readonly ModelField[],
  field: string,
): Promise<BatchSource> {
  const lines = `read_json_objects(${files}, format = 'newline_delimited', ignore_errors = true)`;
  const found = await connection.runAndReadAll(
    `SELECT DISTINCT unnest(json_keys(json)) AS name
FROM (SELECT json FROM ${lines} LIMIT ${SAMPLE_LINES}) WHERE NOT ${NOT_AN_OBJECT} ORDER BY name`,
  );
  const sampled = found.getRows().map(([name]) => String(name));
  assertColumnsExist(sampled, inputs, field);
  // Where an input has a default, a column that first appears after the sample must not count as missing.
  const names = [...new Set([...sampled, ...inputs.map(({ name }) => name)])];
  return {
    relation: `(SELECT json, ${jsonLists(names)} FROM ${lines})`,
    columns: jsonColumns(names, inputs),
    numberColumn: null,
    isMalformed: NOT_AN_OBJECT,
  };
}

async function describeColumns(connection: DuckDBConnection, relation: string): Promise<SourceColumn[]> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
  return described
    .getRowObjects()
    .map(({ column_name: name, column_type: type }) => ({ name: String(name), type: String(type) }));
}

/** For a missing column, every instance gets the default of its input, if there is one. */
function assertColumnsExist(names: readonly string[], inputs: readonly ModelField[], field: string): void {
  const needed = inputs.filter(({ default: value }) => value === undefined);
  const missing = needed.map(({ name }) => name).filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `The input lacks columns that the model needs: ${missing.join(', ')}. It has: ${names.join(', ') || 'none'}.`,
    { field, missingColumns: missing },
  );
}

/** DuckDB's errors contain the path of a file, so the client gets our own message. */
function toInputError(cause: unknown, field: string, message: string): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError('BAD_USER_INPUT', message, { field }, { cause });
}

/** Whether the files are unchanged, by their sizes and times. */
export async function filesFingerprint(paths: readonly string[]): Promise<string> {
  const stats = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return stats.map(({ size, mtimeNs }) => `${size} ${mtimeNs}`).join(', ');
}

/** SQL of a list of files. DuckDB expands * ? and [ in their names, but a client's name means exactly one file. */
export function fileList(paths: readonly string[]): string {
  return `[${paths.map((path) => quoteText(path.replaceAll(/[*?[]/g, '[$&]'))).join(', ')}]`;
}
