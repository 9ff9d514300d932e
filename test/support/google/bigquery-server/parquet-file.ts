import { rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { SqlValue } from '../googlesql/evaluator.js';
import { invalid } from './api-error.js';
import { BIGNUMERIC_SCALE, encodeDecimal, NUMERIC_SCALE, type Field } from './schema.js';
import { readSchema } from './tables.js';

/** A node of the schema of a file, as DuckDB's parquet_schema describes it. */
interface Node {
  readonly name: string;
  readonly type: string | null;
  readonly annotation: string | null;
  readonly logical: string | null;
  readonly repetition: string | null;
  readonly precision: number;
  readonly scale: number;
  readonly children: readonly Node[];
}

/**
 * Reads a Parquet file by the conversions that BigQuery publishes (docs/loading-data-cloud-storage-parquet), and compares
 * it with the schema of the job. A column with another type, without a conversion or without an entry in the schema fails
 * the job.
 */
export async function readParquet(
  data: Buffer,
  load: Record<string, any>,
): Promise<{ readonly fields: readonly Field[]; readonly rows: SqlValue[][] }> {
  const folder = mkdtempSync(join(tmpdir(), 'featuregraph-test-'));
  const path = join(folder, 'load.parquet');
  writeFileSync(path, data);
  try {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const described = await connection.runAndReadAll(
      `SELECT name, type, num_children, converted_type, logical_type, repetition_type, precision, scale FROM parquet_schema('${path}')`,
    );
    const lines = described.getRowObjects();
    const root = takeNode(lines);
    const isInferred = load.parquetOptions?.enableListInference === true;
    const inFile = root.children.map((node) => toField(node, load.decimalTargetTypes ?? ['NUMERIC'], isInferred));
    const fields =
      load.schema === undefined ? readSchema({ fields: inFile }) : matchSchema(readSchema(load.schema), inFile);
    const read = await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`);
    const rows = read.getRows().map((row) => row.map((value, index) => toSqlValue(value, fields[index]!)));
    connection.closeSync();
    return { fields, rows };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function takeNode(lines: Record<string, DuckDBValue>[]): Node {
  const line = lines.shift()!;
  const text = (value: DuckDBValue | undefined): string | null => (value == null ? null : String(value));
  const count = Number(line.num_children ?? 0);
  return {
    name: String(line.name),
    type: text(line.type),
    annotation: text(line.converted_type),
    logical: text(line.logical_type),
    repetition: text(line.repetition_type),
    precision: Number(line.precision ?? 0),
    scale: Number(line.scale ?? 0),
    children: Array.from({ length: count }, () => takeNode(lines)),
  };
}

function toField(node: Node, decimals: readonly string[], isInferred: boolean): Field {
  const { name, repetition, children, annotation } = node;
  const mode = repetition === 'REPEATED' ? 'REPEATED' : repetition === 'REQUIRED' ? 'REQUIRED' : 'NULLABLE';
  if (annotation === 'LIST' && isInferred) {
    return { ...toField(children[0]!.children[0]!, decimals, isInferred), name, mode: 'REPEATED' };
  }
  if (children.length > 0) {
    return { name, type: 'RECORD', mode, fields: children.map((child) => toField(child, decimals, isInferred)) };
  }
  return { name, type: typeOf(node, decimals), mode };
}

const ANNOTATED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [8, 16, 32, 64].flatMap((bits) => [
      [`INT_${bits}`, 'INTEGER'],
      [`UINT_${bits}`, 'INTEGER'],
    ]),
  ),
  UTF8: 'STRING',
  DATE: 'DATE',
  TIMESTAMP_MICROS: 'TIMESTAMP',
  TIMESTAMP_MILLIS: 'TIMESTAMP',
};
const PLAIN: Readonly<Record<string, string>> = {
  BOOLEAN: 'BOOLEAN',
  INT32: 'INTEGER',
  INT64: 'INTEGER',
  FLOAT: 'FLOAT',
  DOUBLE: 'FLOAT',
  BYTE_ARRAY: 'BYTES',
  FIXED_LEN_BYTE_ARRAY: 'BYTES',
};

function typeOf({ name, type, annotation, logical, precision, scale }: Node, decimals: readonly string[]): string {
  if (annotation === 'DECIMAL') {
    if (decimals.includes('NUMERIC') && scale <= 9 && precision - scale <= 29) return 'NUMERIC';
    if (decimals.includes('BIGNUMERIC') && scale <= 38 && precision - scale <= 38) return 'BIGNUMERIC';
    if (decimals.includes('STRING')) return 'STRING';
    throw invalid(`Column ${name} has a decimal type that no target type takes.`);
  }
  const found = annotation !== null ? ANNOTATED[annotation] : logical === null ? PLAIN[type ?? ''] : undefined;
  if (found === undefined)
    throw invalid(`Unsupported type of Parquet column ${name}: ${type} ${annotation} ${logical}`);
  return found;
}

/** The fields of the job's schema in the order of the file. */
function matchSchema(given: readonly Field[], inFile: readonly Field[]): Field[] {
  const missing = given.find(({ name }) => !inFile.some((field) => field.name === name));
  if (missing) throw invalid(`Field ${missing.name} of the schema is not in the file.`);
  return inFile.map((field) => {
    const wanted = given.find(({ name }) => name === field.name);
    if (!wanted) throw invalid(`No such field: ${field.name}.`);
    if (wanted.type !== field.type || (wanted.mode === 'REPEATED') !== (field.mode === 'REPEATED'))
      throw invalid(`Field ${field.name} has changed type from ${wanted.type} to ${field.type}`);
    return field.fields ? { ...wanted, fields: matchSchema(wanted.fields ?? [], field.fields) } : wanted;
  });
}

/** DuckDB reads a list as a list; in the schema it is a record of a list of elements, unless arrays are inferred. */
function toSqlValue(value: DuckDBValue, field: Field): SqlValue {
  if (value === null) {
    // An array of BigQuery is never null.
    return field.mode === 'REPEATED' ? { array_value: { element: [] } } : {};
  }
  if (value instanceof DuckDBListValue) {
    if (field.mode === 'REPEATED') {
      return { array_value: { element: value.items.map((item) => toSqlValue(item, { ...field, mode: 'NULLABLE' })) } };
    }
    const [list] = field.fields!;
    const elements = value.items.map((item) => ({ struct_value: { field: [toSqlValue(item, list!.fields![0]!)] } }));
    return { struct_value: { field: [{ array_value: { element: elements } }] } };
  }
  if (value instanceof DuckDBStructValue) {
    return { struct_value: { field: field.fields!.map((inner) => toSqlValue(value.entries[inner.name]!, inner)) } };
  }
  if (value instanceof DuckDBDecimalValue) {
    const isNumeric = field.type === 'NUMERIC';
    const scale = isNumeric ? NUMERIC_SCALE : BIGNUMERIC_SCALE;
    const bytes = encodeDecimal(value.value * 10n ** BigInt(scale - value.scale));
    return isNumeric ? { numeric_value: bytes } : { bignumeric_value: bytes };
  }
  if (value instanceof DuckDBDateValue) return { date_value: value.days };
  if (value instanceof DuckDBBlobValue) return { bytes_value: Buffer.from(value.bytes) };
  if (value instanceof DuckDBTimestampTZValue) return timestamp(value.micros);
  if (typeof value === 'boolean') return { bool_value: value };
  if (typeof value === 'string') return { string_value: value };
  if (field.type === 'INTEGER') return { int64_value: String(value) };
  if (typeof value === 'number') return { double_value: value };
  throw new Error(`the test server reads no ${field.type} from Parquet`);
}

function timestamp(micros: bigint): SqlValue {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return { timestamp_value: { seconds: String((micros - rest) / 1_000_000n), nanos: Number(rest) * 1000 } };
}
