import { open } from 'node:fs/promises';
import { FILE_LIMITS } from '../../limits/file-limits.js';
import { quoteText } from '../duckdb/sql-text.js';
import { FileFault } from './file-fault.js';
import { WorkerError, type FileWorker } from './file-worker.js';
import type { SelectedFile } from './select-files.js';

/** A column as the Parquet file itself declares it. */
export interface ParquetColumn {
  readonly name: string;
  /** All properties that determine how it is read, for comparisons. */
  readonly type: string;
  /** A short form, for messages. */
  readonly shortType: string;
  /** Whether the engine silently truncates its times to microseconds. */
  readonly isCutToMicroseconds: boolean;
  /** The same, for a nested field of the column. */
  readonly isCutInside: boolean;
  /**
   * Whether the file says that the column has only nulls and no type, as pyarrow writes a column that it saw no value of.
   * Its physical INT32 is no type of it. An INT32 without this mark is one, also where every value is null.
   */
  readonly isOfNulls: boolean;
}

const MAGIC = 'PAR1';
/** The magic number, an empty footer and the footer's length. */
const SMALLEST = 12;

/** Rejects a file that is not Parquet before an engine opens it. */
export async function checkParquetFile({ path, name }: SelectedFile): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) throw new FileFault(name, null, 'it is empty');
    const head = await readText(file, 0);
    const tail = await readText(file, Math.max(0, size - 4));
    if (head === 'PARE' || tail === 'PARE') throw new FileFault(name, null, 'it is encrypted, which is not supported');
    if (head !== MAGIC) throw new FileFault(name, null, 'it is not a Parquet file: it does not begin with PAR1');
    if (tail !== MAGIC || size < SMALLEST) {
      throw new FileFault(
        name,
        null,
        'the Parquet file is incomplete: its end, which describes the columns, is missing',
      );
    }
  } finally {
    await file.close();
  }
}

async function readText(file: Awaited<ReturnType<typeof open>>, position: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, position);
  return buffer.toString('latin1', 0, bytesRead);
}

/** Reads the columns of Parquet files and checks that all files have the same ones. Throws FileFault. */
export async function readParquetSchema(worker: FileWorker, files: readonly SelectedFile[]): Promise<ParquetColumn[]> {
  for (const file of files) await checkParquetFile(file);
  let columns: ParquetColumn[] | undefined;
  for (const file of files) {
    const own = await readFileSchema(worker, file);
    columns ??= own;
    if (own !== columns) requireSame(files[0]!, columns, file, own);
  }
  return columns!;
}

/** A node of the schema tree of a Parquet file. The children follow their parent. */
interface SchemaNode {
  readonly name: string;
  readonly type: string | null;
  readonly logical_type: string | null;
  readonly converted_type: string | null;
  readonly repetition_type: string | null;
  readonly num_children: number | string | null;
  readonly scale: string | null;
  readonly precision: string | null;
}

async function readFileSchema(worker: FileWorker, { path, name }: SelectedFile): Promise<ParquetColumn[]> {
  const rows = await worker.query(`SELECT * FROM parquet_schema(${quoteText(path)})`).catch((cause: unknown) => {
    throw cause instanceof WorkerError ? unreadable(name, cause) : cause;
  });
  const nodes = (rows as unknown as SchemaNode[]).values();
  const root = nodes.next().value;
  const count = Number(root?.num_children ?? 0);
  if (count > FILE_LIMITS.maxColumns)
    throw new FileFault(name, null, `it has more than ${FILE_LIMITS.maxColumns} columns`);
  const columns = Array.from({ length: count }, () => readColumn(nodes, name));
  const seen = new Set<string>();
  for (const column of columns) {
    const key = column.name.toLowerCase();
    if (seen.has(key)) throw new FileFault(name, null, `two of its columns are called "${column.name}"`);
    seen.add(key);
  }
  return columns;
}

function readColumn(nodes: Iterator<SchemaNode, undefined>, file: string): ParquetColumn {
  const node = nodes.next().value;
  if (!node) throw new FileFault(file, null, 'its description of the columns is broken');
  requireReadableDecimal(node, file);
  const isCut = isCutToMicroseconds(node);
  const children = Array.from({ length: Number(node.num_children ?? 0) }, () => readColumn(nodes, file));
  const { name, type, logical_type: logical, converted_type: converted, scale, precision } = node;
  const own = [type, logical, converted, scale, precision].map((part) => part ?? '').join(' ');
  const inside = children.map((child) => `${child.name}: ${child.type}`).join(', ');
  return {
    name,
    type: children.length === 0 ? own : `${own}(${inside})`,
    shortType: logical ?? converted ?? type ?? 'a group',
    isCutToMicroseconds: isCut,
    isOfNulls: logical === 'NullType()',
    isCutInside: children.some((child) => child.isCutToMicroseconds || child.isCutInside),
  };
}

/** The engine reads a longer DECIMAL as a double, and as a wrong one. */
const MAX_DECIMAL_DIGITS = 38;

function requireReadableDecimal({ name, logical_type, converted_type, precision }: SchemaNode, file: string): void {
  const isDecimal = converted_type === 'DECIMAL' || logical_type?.startsWith('DecimalType') === true;
  if (!isDecimal || Number(precision) <= MAX_DECIMAL_DIGITS) return;
  throw new FileFault(
    file,
    null,
    `the column "${name}" is a DECIMAL of ${precision} digits, and at most ${MAX_DECIMAL_DIGITS} are read. Write it with fewer digits or as text`,
  );
}

/**
 * INT96 holds nanoseconds. The engine has a type for nanoseconds without a zone, but none for nanoseconds with a zone.
 */
function isCutToMicroseconds({ type, logical_type: logical }: SchemaNode): boolean {
  if (type === 'INT96') return true;
  if (!logical?.includes('NANOS=NanoSeconds')) return false;
  return logical.startsWith('TimeType') || logical.includes('isAdjustedToUTC=1');
}

function requireSame(
  first: SelectedFile,
  columns: readonly ParquetColumn[],
  file: SelectedFile,
  own: readonly ParquetColumn[],
): void {
  for (const { name, type, shortType } of columns) {
    const same = own.find((column) => column.name === name);
    if (!same) throw new FileFault(file.name, null, `it has no column "${name}", which "${first.name}" has`);
    if (same.type === type) continue;
    throw new FileFault(
      file.name,
      null,
      `its column "${name}" is ${same.shortType}, that of "${first.name}" is ${shortType}. Write all files with the same types`,
    );
  }
  const more = own.find(({ name }) => !columns.some((column) => column.name === name));
  if (more) throw new FileFault(file.name, null, `it has a column "${more.name}", which "${first.name}" has not`);
}

export function unreadable(name: string, cause: unknown): FileFault {
  return new FileFault(name, null, 'it cannot be read as PARQUET. Is it whole, and of that format', { cause });
}
