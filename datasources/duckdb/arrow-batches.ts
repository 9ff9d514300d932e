import {
  type DuckDBBlobValue,
  type DuckDBListValue,
  type DuckDBStructValue,
  DuckDBTypeId,
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBType,
} from '@duckdb/node-api';
import {
  Binary,
  Bool,
  DateDay,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow';
import { bytesData, nullsOf, offsetsOf, textData } from '../../values/arrow/column-data.js';
import { readFixedVector, readTextVector } from './typed-vectors.js';

/** The bytes of DuckDB and Arrow are the same. */
interface FixedType {
  readonly type: DataType;
  readonly bytesOfValue: number;
  readonly view: (bytes: ArrayBuffer) => ArrayLike<unknown>;
}

const LONG = (bytes: ArrayBuffer): BigInt64Array => new BigInt64Array(bytes);

const FIXED: Partial<Readonly<Record<DuckDBTypeId, FixedType>>> = {
  [DuckDBTypeId.TINYINT]: { type: new Int8(), bytesOfValue: 1, view: (bytes) => new Int8Array(bytes) },
  [DuckDBTypeId.SMALLINT]: { type: new Int16(), bytesOfValue: 2, view: (bytes) => new Int16Array(bytes) },
  [DuckDBTypeId.INTEGER]: { type: new Int32(), bytesOfValue: 4, view: (bytes) => new Int32Array(bytes) },
  [DuckDBTypeId.BIGINT]: { type: new Int64(), bytesOfValue: 8, view: LONG },
  [DuckDBTypeId.UTINYINT]: { type: new Uint8(), bytesOfValue: 1, view: (bytes) => new Uint8Array(bytes) },
  [DuckDBTypeId.USMALLINT]: { type: new Uint16(), bytesOfValue: 2, view: (bytes) => new Uint16Array(bytes) },
  [DuckDBTypeId.UINTEGER]: { type: new Uint32(), bytesOfValue: 4, view: (bytes) => new Uint32Array(bytes) },
  [DuckDBTypeId.UBIGINT]: { type: new Uint64(), bytesOfValue: 8, view: (bytes) => new BigUint64Array(bytes) },
  [DuckDBTypeId.FLOAT]: { type: new Float32(), bytesOfValue: 4, view: (bytes) => new Float32Array(bytes) },
  [DuckDBTypeId.DOUBLE]: { type: new Float64(), bytesOfValue: 8, view: (bytes) => new Float64Array(bytes) },
  [DuckDBTypeId.DATE]: { type: new DateDay(), bytesOfValue: 4, view: (bytes) => new Int32Array(bytes) },
  [DuckDBTypeId.TIMESTAMP]: { type: new TimestampMicrosecond(), bytesOfValue: 8, view: LONG },
  [DuckDBTypeId.TIMESTAMP_TZ]: { type: new TimestampMicrosecond('UTC'), bytesOfValue: 8, view: LONG },
};

/** The columns whose type has no equal in a stream, e.g. DECIMAL. */
export function unstreamable(result: DuckDBResult): { readonly name: string; readonly type: string }[] {
  return result.columnNames().flatMap((name, column) => {
    const type = result.columnType(column);
    return arrowTypeOf(type) ? [] : [{ name, type: String(type) }];
  });
}

/** The rows of a result as record batches, one for each chunk of DuckDB. Without rows there is one, which has the schema. */
export async function* toRecordBatches(result: DuckDBResult): AsyncGenerator<RecordBatch> {
  const types = result.columnTypes();
  const fields = result.columnNames().map((name, column) => new Field(name, arrowTypeOf(types[column]!)!, true));
  const schema = new Schema(fields);
  const batch = (length: number, children: Data[]): RecordBatch =>
    new RecordBatch(schema, makeData({ type: new Struct(fields), length, nullCount: 0, children }));
  let isEmpty = true;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    isEmpty = false;
    yield batch(
      chunk.rowCount,
      types.map((type, column) => chunkColumn(chunk, column, type)),
    );
  }
  if (isEmpty)
    yield batch(
      0,
      types.map((type) => valuesColumn(type, [])),
    );
}

/** undefined: a value of this type would not be exact, or has no reader. */
function arrowTypeOf(type: DuckDBType): DataType | undefined {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return new Bool();
    case DuckDBTypeId.VARCHAR:
      return new Utf8();
    case DuckDBTypeId.BLOB:
      return new Binary();
    case DuckDBTypeId.LIST: {
      const item = arrowTypeOf(type.valueType);
      return item && new List(new Field('item', item, true));
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames } = type;
      const entries = type.entryTypes.map(arrowTypeOf);
      if (entries.includes(undefined)) return undefined;
      return new Struct(entries.map((entry, index) => new Field(entryNames[index]!, entry!, true)));
    }
    default:
      return FIXED[type.typeId]?.type;
  }
}

function chunkColumn(chunk: DuckDBDataChunk, column: number, type: DuckDBType): Data {
  const length = chunk.rowCount;
  const fixed = FIXED[type.typeId];
  if (fixed) {
    const { bytes, validity } = readFixedVector(chunk, column, fixed.bytesOfValue);
    const data = fixed.view(copyOf(bytes));
    return makeData({ type: fixed.type, length, ...nullsOfValidity(validity, length), data } as never);
  }
  if (type.typeId === DuckDBTypeId.BOOLEAN) {
    const { bytes, validity } = readFixedVector(chunk, column, 1);
    return makeData({ type: new Bool(), length, ...nullsOfValidity(validity, length), data: toBits(bytes) });
  }
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    const { bytes, offsets, validity } = readTextVector(chunk, column);
    const nulls = nullsOfValidity(validity, length);
    return makeData({ type: new Utf8(), length, ...nulls, valueOffsets: offsets, data: bytes });
  }
  return valuesColumn(type, chunk.getColumnValues(column));
}

/** The memory of a chunk is used again when the chunk is gone. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Both have a bit for each row, the lowest first, and 1 for a value. */
function nullsOfValidity(validity: Uint8Array | null, length: number) {
  if (validity === null) return { nullCount: 0 };
  const nullBitmap = validity.slice(0, (length + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < length; row += 1) nullCount += 1 - ((nullBitmap[row >> 3]! >> (row & 7)) & 1);
  return { nullCount, nullBitmap };
}

function toBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array((bytes.length + 7) >> 3);
  for (let row = 0; row < bytes.length; row += 1) if (bytes[row] !== 0) bits[row >> 3]! |= 1 << (row & 7);
  return bits;
}

/** A column from values of the client, for what has no fixed size, and what is in it. */
function valuesColumn(type: DuckDBType, values: readonly unknown[]): Data {
  const { length } = values;
  const nulls = nullsOf(values);
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
      return textData(values as (string | null)[], nulls);
    case DuckDBTypeId.BLOB:
      return bytesData(
        (values as (DuckDBBlobValue | null)[]).map((value) => value?.bytes ?? null),
        nulls,
      );
    case DuckDBTypeId.LIST: {
      const lists = (values as (DuckDBListValue | null)[]).map((value) => value?.items ?? []);
      const child = valuesColumn(type.valueType, lists.flat());
      const valueOffsets = offsetsOf(lists.map((list) => list.length));
      return makeData({ type: arrowTypeOf(type) as List, length, ...nulls, valueOffsets, child });
    }
    case DuckDBTypeId.STRUCT: {
      const structs = values as (DuckDBStructValue | null)[];
      const children = type.entryTypes.map((entryType, index) =>
        valuesColumn(
          entryType,
          structs.map((value) => value?.entries[type.entryNames[index]!] ?? null),
        ),
      );
      return makeData({ type: arrowTypeOf(type) as Struct, length, ...nulls, children });
    }
    case DuckDBTypeId.BOOLEAN:
      return makeData({ type: new Bool(), length, ...nulls, data: toBits(Uint8Array.from(values, Number)) });
    default: {
      const fixed = FIXED[type.typeId]!;
      const data = fixed.view(new ArrayBuffer(length * fixed.bytesOfValue)) as unknown[];
      values.forEach((value, row) => {
        if (value !== null) data[row] = plainNumber(value);
      });
      return makeData({ type: fixed.type, length, ...nulls, data } as never);
    }
  }
}

/** A time of the client is an object with a number. */
function plainNumber(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return 'micros' in value ? value.micros : (value as { readonly days: number }).days;
}
