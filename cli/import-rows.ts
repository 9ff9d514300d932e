import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { COLUMN_TYPES } from '../datasources/duckdb/column-types.js';
import { entityIdSql } from '../datasources/duckdb/entity-id-sql.js';
import { quoteIdentifier, quoteText } from '../datasources/duckdb/sql-text.js';
import type { FileFormat } from '../datasources/files/file-format.js';
import { FileFault } from '../datasources/files/file-fault.js';
import { findOptionFaults, type FileOptions } from '../datasources/files/file-options.js';
import { FileReader } from '../datasources/files/file-reader.js';
import type { FileWorker } from '../datasources/files/file-worker.js';
import { findNamedFiles } from '../datasources/files/named-files.js';
import { fileListSql, readParquetFiles } from '../datasources/files/read-parquet-files.js';
import { readTextFiles } from '../datasources/files/read-text-files.js';
import { JSON_OBJECT } from '../datasources/files/text-values.js';
import { OperatorError } from '../errors/operator-error.js';
import type { ValueType } from '../values/value-type.js';

/** Rows that are read at once. */
const PAGE = 2_000;

export interface ImportColumns {
  /** The columns of the id, in the order of the entity type's id columns. */
  readonly entityId: readonly string[];
  /** null: the features are those of static sources. */
  readonly timestamp: string | null;
  /** The type of each feature, by its name, which is also its column. */
  readonly features: ReadonlyMap<string, ValueType>;
}

export interface ImportFiles {
  readonly names: readonly string[];
  readonly format: FileFormat | null;
  readonly options: FileOptions;
  readonly columns: ImportColumns;
  /** Rows to leave out: those that an earlier run sent. */
  readonly skip: number;
}

export interface ImportPage {
  /** JSON lines for POST /ingest. */
  readonly lines: readonly string[];
  readonly total: number;
}

/**
 * The rows of files, one file after another, always in the same order. A value that is not of its type ends the import
 * with the file, the line and what to do: nothing is converted.
 */
export async function* readImportRows(files: ImportFiles): AsyncGenerator<ImportPage, void> {
  const work = await mkdtemp(join(tmpdir(), 'featuregraph-import-'));
  const reader = await FileReader.open(join(work, 'reading'));
  let skip = files.skip;
  try {
    for (const name of files.names) {
      const named = await findNamedFiles(resolve(name), basename(name), { format: files.format, within: null });
      if (!named) throw new OperatorError(`There is no file "${name}".`);
      const [fault] = findOptionFaults(files.options, named.format);
      if (fault) throw new FileFault(name, null, `"${fault.option}": ${fault.message}`);
      const folder = await reader.createFolder();
      const pages: ImportPage[] = [];
      // One page is in memory at a time: the worker is asked again for each.
      let offset = skip;
      let total = Infinity;
      let relation = '';
      while (offset < total) {
        await reader.use({ files: named.files, folder }, async (worker) => {
          // Checked, converted and counted once: the folder keeps what was read from text.
          if (relation === '') {
            relation = await open(worker, named.files, named.format, files, folder.path);
            total = Number((await worker.query(`SELECT count(*)::VARCHAR AS total FROM ${relation}`))[0]?.total ?? 0);
          }
          if (offset >= total) return;
          const sql = `SELECT ${rowSql(files.columns)} AS line FROM ${relation} LIMIT ${PAGE * 25} OFFSET ${offset}`;
          const rows = await worker.query(sql);
          for (let start = 0; start < rows.length; start += PAGE) {
            pages.push({ lines: rows.slice(start, start + PAGE).map(({ line }) => String(line)), total });
          }
          offset += rows.length;
        });
        yield* pages.splice(0);
      }
      skip = Math.max(0, skip - total);
      await folder[Symbol.asyncDispose]();
    }
  } finally {
    await reader[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true });
  }
}

async function open(
  worker: FileWorker,
  files: Parameters<typeof readParquetFiles>[1],
  format: FileFormat,
  { columns, options }: ImportFiles,
  folder: string,
): Promise<string> {
  const declared = new Map<string, string>([
    ...[...columns.features].map(
      ([name, type]) => [name, type === 'STRUCT' ? JSON_OBJECT : COLUMN_TYPES[type]] as const,
    ),
    ...(columns.timestamp === null ? [] : [[columns.timestamp, 'TIMESTAMP'] as const]),
  ]);
  if (format === 'PARQUET') {
    const ids = new Set(columns.entityId);
    return (await readParquetFiles(worker, files, options, { declared, ids, reads: 'SCHEMA' })).relation;
  }
  for (const column of columns.entityId) declared.set(column, 'VARCHAR');
  const table = await readTextFiles(
    worker,
    { files, format, options },
    { declared, others: 'TEXT', folder, keepsBadRows: false },
  );
  const list = table.columns.map(({ name, stored }) => `${stored} AS ${quoteIdentifier(name)}`);
  return `(SELECT ${list.join(', ')} FROM read_parquet(${fileListSql([table.path])}))`;
}

/** SQL of the JSON line of a row. */
function rowSql({ entityId, timestamp, features }: ImportColumns): string {
  const values = [...features].map(([name, type], index) => {
    const member = `${index === 0 ? '' : ','}${JSON.stringify(name)}:`;
    return `${quoteText(member)}, ${jsonSql(quoteIdentifier(name), type)}`;
  });
  const key = entityIdSql(entityId.map(quoteIdentifier));
  const time = timestamp === null ? 'NULL' : momentSql(quoteIdentifier(timestamp));
  return `concat('{"entityId":', ${orNull(`to_json(${key})`)}, ',"timestamp":', ${orNull(`to_json(${time})`)}, ',"values":{', ${values.join(', ')}, '}}')`;
}

/** SQL of the text of a value in JSON. */
function jsonSql(value: string, type: ValueType): string {
  // Not by to_json, which rounds the numbers in it. A line break in JSON is a blank, and would end the line.
  const json =
    type === 'STRUCT' ? `translate(${value}, chr(10) || chr(13), '  ')` : `to_json(${valueSql(value, type)})`;
  return orNull(json);
}

/** `concat` leaves out a value that is null, and the line would be no JSON. */
function orNull(json: string): string {
  return `coalesce(CAST(${json} AS VARCHAR), 'null')`;
}

/** JSON as clients write values: 64-bit integers are numbers, which /ingest reads with every digit. */
function valueSql(value: string, type: ValueType): string {
  switch (type) {
    case 'TIMESTAMP':
      return momentSql(value);
    case 'BYTES':
      return `base64(${value})`;
    case 'DOUBLE':
      return doubleSql(value);
    case 'DOUBLE_ARRAY':
      return `list_transform(${value}, item -> ${doubleSql('item')})`;
    default:
      return value;
  }
}

function doubleSql(value: string): string {
  return `CASE WHEN isnan(${value}) THEN to_json('NaN') WHEN isinf(${value}) THEN to_json(CASE WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END) ELSE to_json(${value}) END`;
}

function momentSql(value: string): string {
  return `strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ')`;
}
