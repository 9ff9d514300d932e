import type { DuckDBConnection } from '@duckdb/node-api';
import { fileListSql } from '../../datasources/files/read-parquet-files.js';
import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import { parseExactJson, parseKeepingNumbers } from '../../values/lossless-json.js';
import { parseClientValue } from '../../values/parse-client-value.js';
import type { RawValue } from '../../values/value-type.js';
import type { BatchSource, InputInstance, ReadOptions } from './batch-source.js';
import type { BatchPredictionCheckpoint } from './checkpoint.js';
import { readExactTexts } from './client-texts.js';
import { textOf, type ExactTexts, type InstanceColumn, type TypedName } from './instance-columns.js';
import type { OutputFormat } from './output-folder.js';
import { passedValueReader } from './passed-values.js';

/** The files of errors of a job, on this machine. */
interface FailureFiles {
  readonly format: OutputFormat;
  readonly files: readonly string[];
}

/**
 * The failed instances of an earlier job, from its files of errors. They keep their numbers. An instance that could not
 * be read then fails again, in the same words.
 */
export function failedInstances(written: FailureFiles, { columns, parts }: BatchPredictionCheckpoint): BatchSource {
  return {
    columns,
    rows: parts.reduce((sum, { failures }) => sum + failures, 0),
    read: (connection, options) => readFailed(connection, written, columns, options),
  };
}

async function* readFailed(
  connection: DuckDBConnection,
  { format, files }: FailureFiles,
  columns: readonly InstanceColumn[],
  { fromRow, batchSize, withOthers }: ReadOptions,
): AsyncGenerator<InputInstance[]> {
  const readOthers = withOthers ? passedValueReader(columns) : () => ({});
  const result = await connection.stream(`${selectErrors(format, files)} OFFSET ${fromRow}`);
  let batch: InputInstance[] = [];
  for await (const rows of result.yieldRows()) {
    for (const row of rows) {
      const [number, json, code, message] = row as [bigint, string, InstanceErrorCode, string];
      const written = parseKeepingNumbers(json);
      const instance = format === 'PARQUET' ? written : (written as { readonly instance: unknown }).instance;
      batch.push(toInstance(Number(number), instance, { code, message }, columns, readOthers));
      if (batch.length === batchSize) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

interface Failure {
  readonly code: InstanceErrorCode;
  readonly message: string;
}

function toInstance(
  number: number,
  written: unknown,
  failure: Failure,
  columns: readonly InstanceColumn[],
  readOthers: (texts: ExactTexts) => Record<string, RawValue | null>,
): InputInstance {
  const all = readExactTexts(columns, written);
  const inputs = columns.flatMap((column) =>
    'valueType' in column ? [[column.name, readInput(column, written)] as const] : [],
  );
  const unread = new Set(inputs.flatMap(([name, value]) => (value === undefined ? [name] : [])));
  const texts = Object.fromEntries(Object.entries(all).filter(([name]) => !unread.has(name)));
  const originals = Object.fromEntries([...unread].map((name) => [name, textOf(all, name)]));
  if (written === null || unread.size > 0) {
    const fault = { ...failure, originals: written === null ? null : originals };
    return { number, instance: {}, texts: JSON.stringify(texts), fault };
  }
  const instance = { ...readOthers(texts), ...Object.fromEntries(inputs as [string, RawValue | null][]) };
  return { number, instance, texts: JSON.stringify(texts), fault: null };
}

/** The value of an input in the form that clients read; undefined where the text of the input has none. */
function readInput({ name, valueType }: TypedName, written: unknown): RawValue | null | undefined {
  const row = written as Readonly<Record<string, unknown>> | null;
  const value = row !== null && Object.hasOwn(row, name) ? row[name] : null;
  // What kept its digits for the output is a value again.
  return value === null ? null : parseClientValue(valueType, parseExactJson(JSON.stringify(value)));
}

/** The text of an instance, or the line with it, as it is in the files: DuckDB's JSON would write 1E5 as 100000.0. */
function selectErrors(format: OutputFormat, files: readonly string[]): string {
  const list = fileListSql(files);
  if (format === 'PARQUET') {
    return `SELECT instance_number, coalesce(instance, 'null'), code, message FROM read_parquet(${list})`;
  }
  const lines = `read_json_objects(${list}, format = 'newline_delimited', maximum_object_size = 67108864)`;
  const texts = `json_extract_string(json, ['$.instance_number', '$.code', '$.message'])`;
  return `SELECT CAST(texts[1] AS BIGINT), json, texts[2], texts[3] FROM (SELECT CAST(json AS VARCHAR) AS json, ${texts} AS texts FROM ${lines})`;
}
