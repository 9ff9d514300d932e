import type { InstanceErrorCode } from '../../errors/instance-error-codes.js';
import { DuckDBStructValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { parseExactJson } from '../../values/lossless-json.js';
import { fromDuckDb } from '../../datasources/duckdb/value-mapping.js';
import type { PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { fileListSql } from '../../datasources/files/read-parquet-files.js';
import type { BatchPredictionCheckpoint, Part } from './checkpoint.js';
import { clientTextWriter } from './client-texts.js';
import { rowTextsSql } from './exact-texts-sql.js';
import type { ExactTexts, InstanceColumn, TypedName } from './instance-columns.js';
import type { OutputFileKind, OutputFormat, WrittenFiles } from './output-folder.js';
import { toJson } from './prediction-json.js';

/** The written output of a job: all of it after its end, the durable part while it runs. */
export interface WrittenOutput {
  readonly folder: WrittenFiles;
  readonly checkpoint: BatchPredictionCheckpoint;
}

export async function readPredictions(
  connection: DuckDBConnection,
  { folder, checkpoint }: WrittenOutput,
  page: ResultRange,
): Promise<PredictionRow[]> {
  const files = await folder.files('predictions', selectPageParts(checkpoint.parts, 'predictions', page));
  if (folder.format === 'JSONL') {
    return (await readLines(connection, files, page)).map(({ number, line: { instance, prediction } }) => ({
      instanceNumber: number,
      instance: instance ?? {},
      prediction: prediction ?? {},
    }));
  }
  const { columns, outputs } = checkpoint;
  const isTyped = columns.length > 0;
  const rows = await readPage(
    connection,
    readFilesSql(folder.format, 'predictions', files),
    `${isTyped ? rowTextsSql(columns, 'instance') : 'instance'}, prediction`,
    files,
    page,
  );
  const readInstance = isTyped ? exactTextsReader(columns) : parseRow;
  return rows.map(([number, instance, prediction]) => ({
    instanceNumber: number as bigint,
    instance: readInstance(instance),
    prediction: rowToJson(prediction, outputs),
  }));
}

export async function readFailures(
  connection: DuckDBConnection,
  { folder, checkpoint }: WrittenOutput,
  page: ResultRange,
): Promise<PredictionFailureRow[]> {
  const files = await folder.files('errors', selectPageParts(checkpoint.parts, 'failures', page));
  if (folder.format === 'JSONL') {
    return (await readLines(connection, files, page)).map(({ number, line: { instance, code, message } }) => ({
      instanceNumber: number,
      instance: instance ?? {},
      code: code as InstanceErrorCode,
      message: message!,
    }));
  }
  const rows = await readPage(
    connection,
    readFilesSql(folder.format, 'errors', files),
    'instance, code, message',
    files,
    page,
  );
  return rows.map(([number, instance, code, message]) => ({
    instanceNumber: number as bigint,
    instance: parseRow(instance),
    code: code as InstanceErrorCode,
    message: message as string,
  }));
}

/** The files of one kind in DuckDB's form. */
export function readFilesSql(format: OutputFormat, kind: OutputFileKind, files: readonly string[]): string {
  const list = fileListSql(files);
  if (format === 'PARQUET') return `read_parquet(${list})`;
  const others = kind === 'predictions' ? `prediction: 'JSON'` : `code: 'VARCHAR', message: 'VARCHAR'`;
  return `read_json(${list}, format = 'newline_delimited', maximum_object_size = 67108864,
  columns = {instance_number: 'BIGINT', instance: 'JSON', ${others}})`;
}

/** The few parts that a page can come from: it skips earlier parts and reads no more later ones than it needs. */
function selectPageParts(
  parts: readonly Part[],
  count: 'predictions' | 'failures',
  { after, limit }: ResultRange,
): Part[] {
  const left = parts.filter((part) => part[count] > 0 && (after === null || BigInt(part.to) > after));
  let rows = 0;
  // The page may begin at the end of the first part, so the rows of that part do not count.
  const enough = left.findIndex((part, index) => {
    rows += index === 0 ? 0 : part[count];
    return rows >= limit;
  });
  return enough < 0 ? left : left.slice(0, enough + 1);
}

async function readPage(
  connection: DuckDBConnection,
  relation: string,
  columns: string,
  files: readonly string[],
  { after, limit }: ResultRange,
): Promise<DuckDBValue[][]> {
  if (files.length === 0) return [];
  const result = await connection.runAndReadAll(
    `SELECT instance_number, ${columns} FROM ${relation}
WHERE instance_number > ${after ?? -1n} ORDER BY instance_number LIMIT ${limit}`,
  );
  return result.getRows();
}

type ClientRow = Readonly<Record<string, unknown>>;

/** A line of JSONL output. */
interface OutputLine {
  readonly instance: ClientRow | null;
  readonly prediction?: ClientRow | null;
  readonly code?: string;
  readonly message?: string;
}

/** Reads a page of JSONL output from the text of its lines: a column of the type JSON has other digits, 100000.0 for 1E5. */
async function readLines(
  connection: DuckDBConnection,
  files: readonly string[],
  page: ResultRange,
): Promise<{ readonly number: bigint; readonly line: OutputLine }[]> {
  const lines = `read_json_objects(${fileListSql(files)}, format = 'newline_delimited', maximum_object_size = 67108864)`;
  const numbered = `(SELECT CAST(json_extract_string(json, '$.instance_number') AS BIGINT) AS instance_number, json FROM ${lines})`;
  const rows = await readPage(connection, numbered, 'json', files, page);
  return rows.map(([number, json]) => ({
    number: number as bigint,
    line: parseExactJson(json as string) as OutputLine,
  }));
}

/** Reads instances as clients do from their exact texts. */
function exactTextsReader(columns: readonly InstanceColumn[]): (texts: DuckDBValue | undefined) => ClientRow {
  const toClientText = clientTextWriter(columns);
  return (texts) => parseRow(toClientText(JSON.parse(texts as string) as ExactTexts));
}

/** A struct of Parquet, or JSON text. */
function rowToJson(value: DuckDBValue | undefined, fields: readonly TypedName[]): ClientRow {
  if (!(value instanceof DuckDBStructValue)) return parseRow(value);
  return Object.fromEntries(
    fields.map(({ name, valueType }) => [name, toJson(valueType, fromDuckDb(valueType, value.entries[name] ?? null))]),
  );
}

function parseRow(text: DuckDBValue | undefined): ClientRow {
  const parsed = typeof text === 'string' ? parseExactJson(text) : null;
  return (parsed ?? {}) as ClientRow;
}
