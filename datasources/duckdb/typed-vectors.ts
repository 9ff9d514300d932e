import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBType } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';

/**
 * Whole columns of a chunk as typed arrays, without a value object for each row. The client's own vectors make a BigInt
 * and a look at the validity for each value, which cost more than most models.
 */
export interface TypedVector {
  readonly values: Float64Array | BigInt64Array | Uint8Array | readonly (string | null)[];
  /** A bit for each row, from the lowest bit of each byte: 1 for a value. null: every row has one. */
  readonly validity: Uint8Array | null;
}

/** Lists of one type of element. */
export interface ListVector {
  readonly elements: TypedVector;
  /** Two pairs of 32 bits for each row, the low half first: where its elements begin, and how many they are. */
  readonly entries: Uint32Array;
  readonly validity: Uint8Array | null;
}

/** DuckDB's text of a row in a vector: its length, then the characters or a pointer. */
const TEXT_WORDS = 4;
const TEXT_BYTES = 16;

/** The most bytes of a value in a vector of fixed size. */
const MAX_FIXED_BYTES = 16;
const VARYING: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.VARCHAR,
  DuckDBTypeId.BLOB,
  DuckDBTypeId.BIT,
  DuckDBTypeId.LIST,
  DuckDBTypeId.ARRAY,
  DuckDBTypeId.STRUCT,
  DuckDBTypeId.MAP,
]);

type FixedType = 'DOUBLE' | 'BIGINT' | 'BOOLEAN';
export type ScalarVectorType = FixedType | 'VARCHAR';

/** The arrays of columns that were asked for. V8 collects all of its heap whenever arrays over so many bytes were made. */
const ARRAYS = new WeakMap<DuckDBDataChunk, Map<number, Uint8Array>>();

/** The bytes of a column of a chunk whose values have a fixed size: the memory of the chunk. */
export function chunkBytes(chunk: DuckDBDataChunk, column: number, count: number): Uint8Array {
  const arrays = ARRAYS.get(chunk) ?? new Map<number, Uint8Array>();
  if (arrays.size === 0) ARRAYS.set(chunk, arrays);
  const known = arrays.get(column);
  if (known?.byteLength === count) return known;
  const bytes = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk.chunk, column), count);
  arrays.set(column, bytes);
  return bytes;
}

/** A column of a scalar type. The arrays may be the memory of the chunk: hold the chunk while they are used. */
export function readVector(chunk: DuckDBDataChunk, column: number, type: ScalarVectorType): TypedVector {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  if (type !== 'VARCHAR') {
    const bytes = chunkBytes(chunk, column, chunk.rowCount * bytesOfScalar(type));
    return toTyped(bytes, vector, chunk.rowCount, type);
  }
  return { values: chunk.getColumnValues(column) as (string | null)[], validity: readValidity(vector, chunk.rowCount) };
}

/** The bytes of a column whose values have a fixed size. They may be the memory of the chunk. */
export function readFixedVector(
  chunk: DuckDBDataChunk,
  column: number,
  bytesOfValue: number,
): { readonly bytes: Uint8Array; readonly validity: Uint8Array | null } {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  return {
    bytes: duckdb.vector_get_data(vector, chunk.rowCount * bytesOfValue),
    validity: readValidity(vector, chunk.rowCount),
  };
}

/** The texts of a column as they are in UTF-8, one after the other. */
export interface TextVector {
  readonly bytes: Uint8Array;
  /** Where each text begins, and where the last one ends. */
  readonly offsets: Int32Array;
  readonly validity: Uint8Array | null;
}

/** DuckDB keeps a text of so many bytes in the vector itself, after its length. */
const INLINE_BYTES = 12;

/** A column of texts, without a string for each row. */
export function readTextVector(chunk: DuckDBDataChunk, column: number): TextVector {
  const rows = chunk.rowCount;
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  const raw = duckdb.vector_get_data(vector, rows * TEXT_BYTES);
  const words = new Uint32Array(raw.buffer, raw.byteOffset, rows * TEXT_WORDS);
  const validity = readValidity(vector, rows);
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) {
    // The bytes of a row without a text are not set.
    offsets[row + 1] = offsets[row]! + (isValid(validity, row) ? words[row * TEXT_WORDS]! : 0);
  }
  const bytes = new Uint8Array(offsets[rows]!);
  for (let row = 0; row < rows; row += 1) {
    const from = offsets[row]!;
    const length = offsets[row + 1]! - from;
    const at = row * TEXT_BYTES + 4;
    if (length > INLINE_BYTES) {
      const pointer = raw.byteOffset + at + 4;
      bytes.set(duckdb.get_data_from_pointer(raw.buffer as ArrayBuffer, pointer, length), from);
    } else for (let byte = 0; byte < length; byte += 1) bytes[from + byte] = raw[at + byte]!;
  }
  return { bytes, offsets, validity };
}

/** A column of lists. */
export function readListVector(chunk: DuckDBDataChunk, column: number, type: FixedType): ListVector {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  const bytes = duckdb.vector_get_data(vector, chunk.rowCount * 16);
  const size = duckdb.list_vector_get_size(vector);
  return {
    elements: readRaw(duckdb.list_vector_get_child(vector), size, type),
    entries: new Uint32Array(bytes.buffer, bytes.byteOffset, chunk.rowCount * 4),
    validity: readValidity(vector, chunk.rowCount),
  };
}

export function isValid(validity: Uint8Array | null, row: number): boolean {
  return validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** Writes a column of a new chunk. Texts go one by one, all else as one block. */
export function writeVector(
  chunk: DuckDBDataChunk,
  column: number,
  values: Float64Array | BigInt64Array | Uint8Array | readonly string[],
): void {
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, column);
  if (!ArrayBuffer.isView(values)) {
    for (const [row, text] of values.entries()) duckdb.vector_assign_string_element(vector, row, text);
    return;
  }
  duckdb.copy_data_to_vector(vector, 0, values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

/** Counts about the bytes that chunks of these types take in memory, with their texts and lists. */
export function chunkSizer(types: readonly DuckDBType[]): (chunk: DuckDBDataChunk) => number {
  const isFixed = ({ typeId }: DuckDBType): boolean => !VARYING.has(typeId);
  const fixed = types.filter(isFixed).length * MAX_FIXED_BYTES;
  const varying = types.flatMap((type, column) => (isFixed(type) ? [] : [{ type, column }]));
  return ({ chunk, rowCount }) => {
    let bytes = rowCount * fixed;
    for (const { type, column } of varying) {
      bytes += vectorBytes(duckdb.data_chunk_get_vector(chunk, column), type, rowCount);
    }
    return bytes;
  };
}

function vectorBytes(vector: duckdb.Vector, type: DuckDBType, rows: number): number {
  if (rows === 0) return 0;
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.BLOB:
    case DuckDBTypeId.BIT:
      return rows * TEXT_BYTES + textBytes(vector, rows);
    case DuckDBTypeId.LIST: {
      const child = duckdb.list_vector_get_child(vector);
      return rows * 16 + vectorBytes(child, type.valueType, duckdb.list_vector_get_size(vector));
    }
    case DuckDBTypeId.ARRAY:
      return vectorBytes(duckdb.array_vector_get_child(vector), type.valueType, rows * type.length);
    case DuckDBTypeId.STRUCT:
      return type.entryTypes.reduce(
        (sum, entry, index) => sum + vectorBytes(duckdb.struct_vector_get_child(vector, index), entry, rows),
        0,
      );
    case DuckDBTypeId.MAP: {
      // A map is a list of structs with a key and a value.
      const entries = duckdb.list_vector_get_child(vector);
      const size = duckdb.list_vector_get_size(vector);
      const [key, value] = [0, 1].map((index) => duckdb.struct_vector_get_child(entries, index)) as [
        duckdb.Vector,
        duckdb.Vector,
      ];
      return rows * 16 + vectorBytes(key, type.keyType, size) + vectorBytes(value, type.valueType, size);
    }
    default:
      return rows * MAX_FIXED_BYTES;
  }
}

function textBytes(vector: duckdb.Vector, rows: number): number {
  const bytes = duckdb.vector_get_data(vector, rows * TEXT_BYTES);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * TEXT_WORDS);
  const validity = readValidity(vector, rows);
  let sum = 0;
  // The bytes of a row without a text are not set.
  for (let row = 0; row < rows; row += 1) if (isValid(validity, row)) sum += words[row * TEXT_WORDS]!;
  return sum;
}

function readRaw(vector: duckdb.Vector, rows: number, type: FixedType): TypedVector {
  return toTyped(duckdb.vector_get_data(vector, rows * bytesOfScalar(type)), vector, rows, type);
}

function bytesOfScalar(type: FixedType): number {
  return type === 'BOOLEAN' ? 1 : 8;
}

function toTyped(bytes: Uint8Array, vector: duckdb.Vector, rows: number, type: FixedType): TypedVector {
  const values =
    type === 'DOUBLE'
      ? new Float64Array(bytes.buffer, bytes.byteOffset, rows)
      : type === 'BIGINT'
        ? new BigInt64Array(bytes.buffer, bytes.byteOffset, rows)
        : bytes;
  return { values, validity: readValidity(vector, rows) };
}

function readValidity(vector: duckdb.Vector, rows: number): Uint8Array | null {
  // The binding gives nothing, against its type, for a vector in which every row has a value.
  return duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8);
}
