import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier, quoteText } from '../duckdb/sql-text.js';
import { FileFault } from './file-fault.js';
import type { FileOptions } from './file-options.js';
import { WorkerError, type FileWorker } from './file-worker.js';
import { inferTypes, type InferredType } from './infer-types.js';
import type { SelectedFile } from './select-files.js';
import { requireObjects, rowsSql, scanTextFiles, toCells, type Cell, type TextFiles } from './text-rows.js';
import { cellTextSql, type CellFormat, type Inference } from './type-candidates.js';
import { misfitText, textToTypeSql } from './text-values.js';

export interface ReadTextOptions {
  /** The types of columns, in the engine's notation. */
  readonly declared: ReadonlyMap<string, string>;
  /** Whether the files may lack declared columns. Default: that is a fault. */
  readonly mayLackColumns?: boolean;
  /** Columns whose text stays unchanged, if the files have them. */
  readonly asText?: ReadonlySet<string>;
  /** How to infer the types of the other columns; TEXT: their text stays unchanged. */
  readonly others: Inference | 'TEXT';
  /** A folder that belongs to this read alone. */
  readonly folder: string;
  /**
   * Values that do not fit, and lines that are not objects, become rows with a fault; otherwise the first of them is a
   * FileFault. A CSV line with too few fields is then filled with nulls.
   */
  readonly keepsBadRows: boolean;
}

/** The result of a read: a Parquet file that contains only valid text and values. */
export interface ReadTable {
  readonly path: string;
  /** The names of the files. The rows refer to them by index. */
  readonly files: readonly string[];
  readonly rows: number;
  readonly columns: readonly ReadColumn[];
}

export interface ReadColumn {
  readonly name: string;
  /** The type in the engine's notation; NULL: the column has no value. */
  readonly type: string;
  /** Its name in the Parquet file. */
  readonly cell: string;
  /** The format of the files that its cells come from. */
  readonly format: CellFormat;
  readonly isDeclared: boolean;
  /** SQL of the value from the Parquet file: Parquet cannot store every type. */
  readonly stored: string;
}

const MAX_FAULTS = 3;

/** Reads text files into one Parquet file. Every value must have exactly its type. Throws FileFault. */
export async function readTextFiles(
  worker: FileWorker,
  textFiles: TextFiles,
  { declared, mayLackColumns = false, asText = new Set(), others, folder, keepsBadRows }: ReadTextOptions,
): Promise<ReadTable> {
  const { files, options } = textFiles;
  const rowsPath = join(folder, 'rows.csv');
  const scanned = await scanTextFiles(worker, textFiles, { target: rowsPath, keepsBadRows, maxRows: null });
  requireObjects(scanned);
  const cells = toCells(textFiles, scanned.columns);
  if (!mayLackColumns) checkDeclared(declared, cells, files[0]!);
  const relation = rowsSql(rowsPath, textFiles, scanned);
  const query = (sql: string) => worker.query(sql);
  const columns = await typeCells(cells, {
    declared: withTexts(declared, asText, cells),
    others,
    options,
    query,
    relation,
  });
  // A folder may have the data of several tables that one SELECT joins.
  const path = join(folder, `read-${randomUUID()}.parquet`);
  const checked = columns.filter((column) => column.isDeclared || (keepsBadRows && column.format === 'CSV'));
  const misfits = checked.filter(({ type }) => type !== 'VARCHAR');
  const stored = columns.filter(({ type }) => type !== 'NULL');
  const raw = rawSql(checked, misfits);
  await worker.query(
    `COPY (SELECT ${[...stored.map(({ cell, type }) => `${isStorable(type) ? `v_${cell}` : `CAST(v_${cell} AS VARCHAR)`} AS ${cell}`), 'file', 'line', 'line_fault', `${raw} AS raw`].join(', ')}
FROM (SELECT ${[...columns.map(({ value, cell }) => `${value} AS v_${cell}`), ...checked.map(({ cell, format: of }) => `${cellTextSql(cell, of)} AS t_${cell}`), 'file', 'line', 'line_fault'].join(', ')}
FROM ${relation})) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  if (!keepsBadRows && misfits.length > 0) await refuseMisfits({ query, path, columns: misfits, files, options });
  const readColumns = columns.map(({ name, type, cell, format, isDeclared }): ReadColumn => ({
    name,
    type,
    cell,
    format,
    isDeclared,
    stored: storedSql(cell, type),
  }));
  await rm(rowsPath);
  return { path, files: files.map(({ name }) => name), rows: scanned.rows, columns: readColumns };
}

/** Parquet has no wider integers: the engine would write doubles, and two accounts could become one. */
const NOT_STORABLE = /^(U?HUGEINT|INTERVAL|BIT|BIGNUM|TIME WITH TIME ZONE|TIME_NS|UNION.*)$/s;

function isStorable(type: string): boolean {
  return !NOT_STORABLE.test(type);
}

function storedSql(cell: string, type: string): string {
  if (type === 'NULL') return 'NULL';
  return isStorable(type) ? cell : `CAST(${cell} AS ${type})`;
}

function withTexts(
  declared: ReadonlyMap<string, string>,
  asText: ReadonlySet<string>,
  cells: readonly Cell[],
): Map<string, string> {
  const texts = cells.filter(({ name }) => asText.has(name) && !declared.has(name));
  return new Map([...declared, ...texts.map(({ name }) => [name, 'VARCHAR'] as const)]);
}

interface TypedCell extends Cell, InferredType {
  readonly isDeclared: boolean;
}

function checkDeclared(
  declared: ReadonlyMap<string, string>,
  cells: readonly Cell[],
  { name: file }: SelectedFile,
): void {
  for (const column of declared.keys()) {
    if (cells.some(({ name }) => name.toLowerCase() === column.toLowerCase())) continue;
    const names = cells.slice(0, 50).map(({ name }) => name);
    throw new FileFault(file, null, `it has no column "${column}". It has: ${names.join(', ')}`);
  }
}

interface TypeCellsOptions extends Pick<ReadTextOptions, 'declared' | 'others'> {
  readonly options: FileOptions;
  readonly query: FileWorker['query'];
  readonly relation: string;
}

async function typeCells(cells: readonly Cell[], typing: TypeCellsOptions): Promise<TypedCell[]> {
  const { declared, others, options, query, relation } = typing;
  const byName = new Map([...declared].map(([name, type]) => [name.toLowerCase(), type]));
  const open = cells.filter(({ name }) => !byName.has(name.toLowerCase()));
  const inferred = new Map<string, InferredType>();
  for (const format of ['CSV', 'JSONL'] as const) {
    const ofFormat = open.filter((cell) => cell.format === format).map(({ cell }) => cell);
    if (others === 'TEXT' || ofFormat.length === 0) continue;
    const types = await inferTypes(ofFormat, { query, relation, format, inference: others, options });
    types.forEach((type, index) => inferred.set(ofFormat[index]!, type));
  }
  const typed: TypedCell[] = [];
  for (const cell of cells) {
    const type = byName.get(cell.name.toLowerCase());
    if (type !== undefined) {
      const canonical = await canonicalType(type, query);
      const value = textToTypeSql(cellTextSql(cell.cell, cell.format), canonical, options);
      typed.push({ ...cell, type: canonical, value, isDeclared: true });
    } else {
      const asText = { type: cell.format === 'CSV' ? 'VARCHAR' : 'JSON', value: cell.cell };
      typed.push({ ...cell, ...(inferred.get(cell.cell) ?? asText), isDeclared: false });
    }
  }
  return typed;
}

/** The type in the engine's notation. */
async function canonicalType(type: string, query: FileWorker['query']): Promise<string> {
  if (type === 'JSON_OBJECT') return type;
  // The engine's message about an invalid type name does not help the user.
  if (!/^[\w ,()[\]]{1,200}$/.test(type)) throw new FileFault(type, null, 'it is not a type of a column');
  const [row] = await query(`SELECT typeof(CAST(NULL AS ${type})) AS type`).catch((cause: unknown) => {
    throw cause instanceof WorkerError ? new FileFault(type, null, 'it is not a type of a column', { cause }) : cause;
  });
  return String(row?.type);
}

/** SQL of the original text of a row in which a value does not have its type: a JSON object. Null for a valid row. */
function rawSql(checked: readonly TypedCell[], misfits: readonly TypedCell[]): string {
  if (misfits.length === 0) return 'CAST(NULL AS VARCHAR)';
  const isMisfit = misfits.map(({ cell }) => `(t_${cell} IS NOT NULL AND v_${cell} IS NULL)`);
  const entries = checked.map(({ name, cell }) => `${quoteText(name)}, t_${cell}`);
  return `CASE WHEN ${isMisfit.join(' OR ')} THEN CAST(json_object(${entries.join(', ')}) AS VARCHAR) END`;
}

interface MisfitSearch {
  readonly query: FileWorker['query'];
  readonly path: string;
  readonly columns: readonly TypedCell[];
  readonly files: readonly SelectedFile[];
  readonly options: FileOptions;
}

async function refuseMisfits({ query, path, columns, files, options }: MisfitSearch): Promise<void> {
  const faulty = await query(
    `SELECT * FROM read_parquet(${quoteText(path)}) WHERE raw IS NOT NULL LIMIT ${MAX_FAULTS}`,
  );
  const [first] = faulty;
  if (!first) return;
  const raw = JSON.parse(String(first.raw)) as Record<string, string | null>;
  const column = columns.find(({ name, cell }) => raw[name] != null && first[cell] === null)!;
  throw new FileFault(
    files[Number(first.file)]!.name,
    Number(first.line),
    `column "${column.name}": ${misfitText(raw[column.name]!, column.type, options)}`,
  );
}

/** The FROM clause of a read table, with the names of its columns. A column without a value may have any type. */
export function namedColumnsSql(
  { path, columns }: ReadTable,
  typeOfNulls: (column: string) => string = () => 'VARCHAR',
): string {
  const named = columns.map(({ name, type, stored }) => {
    const value = type === 'NULL' ? `CAST(NULL AS ${typeOfNulls(name)})` : stored;
    return `${value} AS ${quoteIdentifier(name)}`;
  });
  return `(SELECT ${named.join(', ')} FROM read_parquet(${quoteText(path)}))`;
}
