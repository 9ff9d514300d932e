import { toChunks } from '../../runtime/to-chunks.js';
import { quoteIdentifier, quoteText } from '../duckdb/sql-text.js';
import { FileFault } from './file-fault.js';
import type { FileOptions } from './file-options.js';
import { WorkerError, type FileWorker } from './file-worker.js';
import { readParquetSchema, unreadable, type ParquetColumn } from './parquet-schema.js';
import type { SelectedFile } from './select-files.js';
import { partitionNames } from './text-rows.js';
import { inferTypes } from './infer-types.js';
import { JSON_OBJECT, misfitText } from './text-values.js';
import { idTextSql, nullSql, typedToTypeSql } from './typed-values.js';

export interface ReadParquetOptions {
  /** The types of columns that must differ from the file's, in the engine's notation. */
  readonly declared: ReadonlyMap<string, string>;
  /** Columns that contain ids: bytes and whole numbers become text. */
  readonly ids?: ReadonlySet<string>;
  /**
   * Columns of which `timeZone` and `dateAsMoment` say what a time without a zone and a date mean. All other columns stay
   * as they are. Default: every column.
   */
  readonly moments?: ReadonlySet<string>;
  /**
   * EVERY_VALUE reads every value once before any other process does, so that a corrupt file crashes only the file
   * process.
   */
  readonly reads: 'SCHEMA' | 'EVERY_VALUE';
  /**
   * false: all columns keep the types of the files, and the caller converts each value (typedToTypeSql), so that a bad
   * value is not a fault of the whole file. Default: true.
   */
  readonly converts?: boolean;
}

/** Parquet files as a table that is read in place. */
export interface ParquetTable {
  /** The FROM clause. */
  readonly relation: string;
  readonly columns: readonly ParquetTableColumn[];
}

export interface ParquetTableColumn {
  readonly name: string;
  readonly type: string;
  /** Whether the files say that it has only nulls and no type: a null is of every type. */
  readonly isOfNulls?: boolean;
}

/** Follows a time that is refused. */
export const FINER =
  'is finer than a microsecond, the finest unit that is stored. Round such times up: a time that is cut makes a value known too early';
/** The number of sums per query. */
const COLUMNS_A_QUERY = 200;

/**
 * Opens one or many Parquet files as one table. Throws FileFault for files that are not such a table, or whose values
 * cannot be stored exactly.
 */
export async function readParquetFiles(
  worker: FileWorker,
  files: readonly SelectedFile[],
  options: FileOptions,
  { declared, ids = new Set(), moments, reads, converts = true }: ReadParquetOptions,
): Promise<ParquetTable> {
  const schema = await readParquetSchema(worker, files);
  await refuseCutTimes(worker, files, schema);
  const relation = parquetSql(files);
  const partitionColumns = new Set(partitionNames(files).map((name) => name.toLowerCase()));
  const both = schema.find(({ name }) => partitionColumns.has(name.toLowerCase()));
  if (both) throw new FileFault(files[0]!.name, null, `it has the column "${both.name}", and its path says it too`);
  const partitions = await typePartitions(worker, files, schema);
  const optionsOf = (name: string): FileOptions => (moments === undefined || moments.has(name) ? options : {});
  const inFile = new Set(schema.map(({ name }) => name));
  const ofNulls = new Set(schema.filter(({ isOfNulls }) => isOfNulls).map(({ name }) => name));
  const columns = (await describe(worker, relation, files)).filter(({ name }) => inFile.has(name));
  const selected = [
    ...columns.map((column) =>
      converts
        ? selectColumn(column, {
            ...{ declared, ids, options: optionsOf(column.name), file: files[0]!.name },
            isOfNulls: ofNulls.has(column.name),
          })
        : { ...column, value: quoteIdentifier(column.name), isConverted: false },
    ),
    ...partitions,
  ];
  const unknown = [...declared.keys()].find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined) {
    const names = columns.slice(0, 50).map(({ name }) => name);
    throw new FileFault(files[0]!.name, null, `it has no column "${unknown}". It has: ${names.join(', ')}`);
  }
  await refuseMisfits(worker, selected, files, options);
  if (reads === 'EVERY_VALUE') await readEveryValue(worker, relation, columns, files);
  const isAsItIs = partitions.length === 0 && selected.every(({ value, name }) => value === quoteIdentifier(name));
  const list = selected.map(({ name, value }) => `${value} AS ${quoteIdentifier(name)}`);
  return {
    relation: isAsItIs ? relation : `(SELECT ${list.join(', ')} FROM ${relation})`,
    columns: selected.map(({ name, type }) => ({ name, type, ...(ofNulls.has(name) ? { isOfNulls: true } : {}) })),
  };
}

/** The number of rows of each file, as its metadata has it. */
export async function countParquetRows(worker: FileWorker, files: readonly SelectedFile[]): Promise<number[]> {
  const rows = await worker.query(
    `SELECT file_name AS path, num_rows AS rows FROM parquet_file_metadata(${fileListSql(files.map(({ path }) => path))})`,
  );
  const counts = new Map(rows.map(({ path, rows: count }) => [String(path), Number(count)]));
  return files.map(({ path }) => counts.get(path)!);
}

/** The engine's notation for the paths of files. It would expand * ? and [ in a name. */
export function fileListSql(paths: readonly string[]): string {
  return `[${paths.map((path) => quoteText(path.replaceAll(/[*?[]/g, '[$&]'))).join(', ')}]`;
}

function parquetSql(
  files: readonly SelectedFile[],
  { isNumbered = null }: { isNumbered?: boolean | null } = {},
): string {
  const list = fileListSql(files.map(({ path }) => path));
  // Partitions are read from the paths (typePartitions): the engine takes the text NULL for null, does not decode names, and
  // lets a folder X=7 replace a column x.
  const options = [
    'hive_partitioning = false',
    ...(isNumbered === null ? [] : [`filename = '$file'`, `file_row_number = ${isNumbered}`]),
  ];
  return `read_parquet(${list}, ${options.join(', ')})`;
}

interface SelectedColumn {
  readonly name: string;
  readonly type: string;
  /** SQL of the value. */
  readonly value: string;
  /** Whether a value may not fit the type. */
  readonly isConverted: boolean;
}

async function describe(
  worker: FileWorker,
  relation: string,
  files: readonly SelectedFile[],
): Promise<{ name: string; type: string }[]> {
  const rows = await worker.query(`DESCRIBE SELECT * FROM ${relation}`).catch((cause: unknown) => {
    throw cause instanceof WorkerError ? unreadable(files[0]!.name, cause) : cause;
  });
  return rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
}

interface ColumnSelection extends Required<Pick<ReadParquetOptions, 'declared' | 'ids'>> {
  readonly options: FileOptions;
  readonly file: string;
  readonly isOfNulls: boolean;
}

/**
 * Times in nanoseconds become microseconds if nothing is lost. Declared columns are converted to their declared type.
 */
function selectColumn(
  { name, type }: { readonly name: string; readonly type: string },
  { declared, ids, options, file, isOfNulls }: ColumnSelection,
): SelectedColumn {
  const own = quoteIdentifier(name);
  if (ids.has(name) && /^(BLOB|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)) {
    return { name, type: 'VARCHAR', value: idTextSql(own, type)!, isConverted: true };
  }
  const isNaive = /^TIMESTAMP(_S|_MS)?$/.test(type) && options.timeZone != null && options.timeZone !== 'UTC';
  const isDay = type === 'DATE' && options.dateAsMoment != null;
  const wanted = declared.get(name) ?? (type === 'TIMESTAMP_NS' || isNaive || isDay ? 'TIMESTAMP' : type);
  if (wanted === type && !isNaive) return { name, type, value: own, isConverted: false };
  // A value that is there nevertheless is a misfit.
  const value = isOfNulls ? nullSql(wanted) : typedToTypeSql(own, type, wanted, options);
  if (value === undefined) throw new FileFault(file, null, `its column "${name}" is ${type}, not ${wanted}`);
  return { name, type: wanted === JSON_OBJECT ? 'VARCHAR' : wanted, value, isConverted: true };
}

/** The columns of the partition folders, with types that fit all their values. */
async function typePartitions(
  worker: FileWorker,
  files: readonly SelectedFile[],
  schema: readonly ParquetColumn[],
): Promise<SelectedColumn[]> {
  const names = partitionNames(files);
  const hidden = schema.find(({ name }) => name.toLowerCase() === 'file_index');
  if (names.length > 0 && hidden) {
    throw new FileFault(files[0]!.name, null, `its column "${hidden.name}" cannot be read beside columns of its path`);
  }
  const columns: SelectedColumn[] = [];
  for (const name of names) {
    const values = files.map(({ partitions }) => partitions.get(name) ?? null);
    const list = values.map((value) => (value === null ? 'NULL' : quoteText(value)));
    const relation = `(SELECT unnest(CAST([${list.join(', ')}] AS VARCHAR[])) AS c)`;
    const [inferred] = await inferTypes(['c'], {
      query: (sql) => worker.query(sql),
      relation,
      format: 'CSV',
      inference: 'EXACT',
      options: {},
    });
    const type = inferred!.type === 'NULL' ? 'VARCHAR' : inferred!.type;
    const value = `CAST((CAST([${list.join(', ')}] AS VARCHAR[]))[CAST(file_index AS BIGINT) + 1] AS ${type})`;
    columns.push({ name, type, value, isConverted: false });
  }
  return columns;
}

async function refuseCutTimes(
  worker: FileWorker,
  files: readonly SelectedFile[],
  schema: readonly ParquetColumn[],
): Promise<void> {
  const inside = schema.find(({ isCutInside }) => isCutInside);
  if (inside) {
    throw new FileFault(
      files[0]!.name,
      null,
      `inside of its column "${inside.name}" are times in nanoseconds, which are not read. Write them in microseconds`,
    );
  }
  const columns = schema.filter(({ isCutToMicroseconds }) => isCutToMicroseconds).map(({ name }) => name);
  if (columns.length === 0) return;
  for (const { path, name } of files) {
    const { finer } = await worker.findNanoseconds({ path, columns }).catch((cause: unknown) => {
      throw cause instanceof WorkerError ? unreadable(name, cause) : cause;
    });
    if (!finer) continue;
    throw new FileFault(name, null, `row ${finer.row} (from 0), column "${finer.column}": ${finer.value} ${FINER}`);
  }
}

async function refuseMisfits(
  worker: FileWorker,
  columns: readonly SelectedColumn[],
  files: readonly SelectedFile[],
  options: FileOptions,
): Promise<void> {
  // The engine's name for row numbers may also be the name of a column.
  const isNumbered = !columns.some(({ name }) => name.toLowerCase() === 'file_row_number');
  for (const { name, type, value, isConverted } of columns) {
    if (!isConverted) continue;
    const own = quoteIdentifier(name);
    const [row] = await worker.query(
      `SELECT "$file" AS file, ${isNumbered ? 'file_row_number' : 'NULL'} AS row, CAST(${own} AS VARCHAR) AS text, typeof(${own}) AS own
FROM ${parquetSql(files, { isNumbered })} WHERE ${own} IS NOT NULL AND ${value} IS NULL LIMIT 1`,
    );
    if (!row) continue;
    const file = files.find(({ path }) => path === row.file) ?? files[0]!;
    const problem =
      row.own === 'TIMESTAMP_NS' ? `${String(row.text)} ${FINER}` : misfitText(String(row.text), type, options);
    throw new FileFault(
      file.name,
      null,
      `${typeof row.row === 'string' ? `row ${row.row} (from 0), ` : ''}column "${name}": ${problem}`,
    );
  }
}

/** Decodes every value. The engine cannot answer a sum over hashes from the file's statistics. */
async function readEveryValue(
  worker: FileWorker,
  relation: string,
  columns: readonly { readonly name: string }[],
  files: readonly SelectedFile[],
): Promise<void> {
  for (const chunk of toChunks(columns, COLUMNS_A_QUERY)) {
    const hashes = chunk.map(({ name }, index) => `bit_xor(hash(${quoteIdentifier(name)})) AS h${index}`);
    await worker.query(`SELECT ${hashes.join(', ')} FROM ${relation}`).catch((cause: unknown) => {
      throw cause instanceof WorkerError ? unreadable(files[0]!.name, cause) : cause;
    });
  }
}
