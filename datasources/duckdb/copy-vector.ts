import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBType } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { chunkBytes } from './typed-vectors.js';

/**
 * Copies a column of a chunk into another chunk, of any type and without a value of JavaScript. Both have as many rows.
 * Long texts stay in the memory of the first chunk: hold it as long as the copy is read.
 */
export function copyVector(
  from: DuckDBDataChunk,
  fromColumn: number,
  to: DuckDBDataChunk,
  toColumn: number,
  type: DuckDBType,
): void {
  const source = duckdb.data_chunk_get_vector(from.chunk, fromColumn);
  const target = duckdb.data_chunk_get_vector(to.chunk, toColumn);
  const bytes = bytesOf(source, type.typeId);
  if (bytes === undefined) copy(source, target, type, from.rowCount);
  else {
    // The model may have read the same bytes.
    copyValidity(source, target, from.rowCount);
    write(target, chunkBytes(from, fromColumn, from.rowCount * bytes));
  }
}

function copy(from: duckdb.Vector, to: duckdb.Vector, type: DuckDBType, rows: number): void {
  if (rows === 0) return;
  copyValidity(from, to, rows);
  switch (type.typeId) {
    case DuckDBTypeId.STRUCT:
      for (const [index, entry] of type.entryTypes.entries()) copyField(from, to, index, entry, rows);
      return;
    case DuckDBTypeId.ARRAY:
      copy(duckdb.array_vector_get_child(from), duckdb.array_vector_get_child(to), type.valueType, rows * type.length);
      return;
    case DuckDBTypeId.LIST: {
      const [elements, copied, count] = copyEntries(from, to, rows);
      copy(elements, copied, type.valueType, count);
      return;
    }
    case DuckDBTypeId.MAP: {
      // A map is a list of structs with a key and a value.
      const [entries, copied, count] = copyEntries(from, to, rows);
      for (const [index, entry] of [type.keyType, type.valueType].entries()) {
        copyField(entries, copied, index, entry, count);
      }
      return;
    }
    default:
      copyBytes(from, to, rows * requiredBytes(from, type.typeId));
  }
}

function copyField(from: duckdb.Vector, to: duckdb.Vector, index: number, type: DuckDBType, rows: number): void {
  copy(duckdb.struct_vector_get_child(from, index), duckdb.struct_vector_get_child(to, index), type, rows);
}

/** Copies where the elements of each list are. Gives both vectors of elements, and their number. */
function copyEntries(from: duckdb.Vector, to: duckdb.Vector, rows: number): [duckdb.Vector, duckdb.Vector, number] {
  const count = duckdb.list_vector_get_size(from);
  duckdb.list_vector_reserve(to, count);
  duckdb.list_vector_set_size(to, count);
  copyBytes(from, to, rows * 16);
  return [duckdb.list_vector_get_child(from), duckdb.list_vector_get_child(to), count];
}

function copyBytes(from: duckdb.Vector, to: duckdb.Vector, count: number): void {
  write(to, duckdb.vector_get_data(from, count));
}

function write(to: duckdb.Vector, { buffer, byteOffset, byteLength }: Uint8Array): void {
  duckdb.copy_data_to_vector(to, 0, buffer as ArrayBuffer, byteOffset, byteLength);
}

function copyValidity(from: duckdb.Vector, to: duckdb.Vector, rows: number): void {
  const count = Math.ceil(rows / 64) * 8;
  // The binding gives nothing, against its type, for a vector in which every row has a value.
  const validity = duckdb.vector_get_validity(from, count) as Uint8Array | null;
  if (validity === null) return;
  duckdb.vector_ensure_validity_writable(to);
  duckdb.copy_data_to_vector_validity(to, 0, validity.buffer as ArrayBuffer, validity.byteOffset, count);
}

/** The types by the bytes of a value. A text, and what DuckDB stores like one, has its length and a pointer. */
const TYPES_BY_BYTES: Readonly<Record<number, readonly DuckDBTypeId[]>> = {
  1: [DuckDBTypeId.BOOLEAN, DuckDBTypeId.TINYINT, DuckDBTypeId.UTINYINT],
  2: [DuckDBTypeId.SMALLINT, DuckDBTypeId.USMALLINT],
  4: [DuckDBTypeId.INTEGER, DuckDBTypeId.UINTEGER, DuckDBTypeId.FLOAT, DuckDBTypeId.DATE],
  8: [
    DuckDBTypeId.BIGINT,
    DuckDBTypeId.UBIGINT,
    DuckDBTypeId.DOUBLE,
    DuckDBTypeId.TIME,
    DuckDBTypeId.TIME_NS,
    DuckDBTypeId.TIME_TZ,
    DuckDBTypeId.TIMESTAMP,
    DuckDBTypeId.TIMESTAMP_S,
    DuckDBTypeId.TIMESTAMP_MS,
    DuckDBTypeId.TIMESTAMP_NS,
    DuckDBTypeId.TIMESTAMP_TZ,
  ],
  16: [
    DuckDBTypeId.HUGEINT,
    DuckDBTypeId.UHUGEINT,
    DuckDBTypeId.UUID,
    DuckDBTypeId.INTERVAL,
    DuckDBTypeId.VARCHAR,
    DuckDBTypeId.BLOB,
    DuckDBTypeId.BIT,
    DuckDBTypeId.BIGNUM,
    DuckDBTypeId.GEOMETRY,
  ],
};
const BYTES = new Map<number, number>(
  Object.entries(TYPES_BY_BYTES).flatMap(([bytes, types]) => types.map((type) => [type, Number(bytes)] as const)),
);

/** undefined: the values of the type have parts. */
function bytesOf(vector: duckdb.Vector, typeId: DuckDBTypeId): number | undefined {
  return BYTES.get(storedType(vector, typeId));
}

function requiredBytes(vector: duckdb.Vector, typeId: DuckDBTypeId): number {
  const bytes = bytesOf(vector, typeId);
  if (bytes === undefined) throw new TypeError(`no vector of ${DuckDBTypeId[typeId]} is copied`);
  return bytes;
}

/** The type of the numbers by which a vector has its values. */
function storedType(vector: duckdb.Vector, typeId: DuckDBTypeId): number {
  switch (typeId) {
    case DuckDBTypeId.DECIMAL:
      return duckdb.decimal_internal_type(duckdb.vector_get_column_type(vector));
    case DuckDBTypeId.ENUM:
      return duckdb.enum_internal_type(duckdb.vector_get_column_type(vector));
    default:
      return typeId;
  }
}
