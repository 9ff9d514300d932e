import {
  Binary,
  Bool,
  Field,
  Float64,
  Int64,
  List,
  makeData,
  TimestampMicrosecond,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow';
import { stringifyExactly } from '../minus-zero.js';
import { toElementType, type RawValue, type ValueType } from '../value-type.js';

/** The type of a column: it holds every value of the feature exactly. Times are microseconds in UTC; a STRUCT is JSON text. */
export function arrowType(valueType: ValueType): DataType {
  const element = toElementType(valueType);
  if (element) return new List(new Field('item', arrowType(element), false));
  switch (valueType) {
    case 'BOOL':
      return new Bool();
    case 'DOUBLE':
      return new Float64();
    case 'INT64':
      return new Int64();
    case 'BYTES':
      return new Binary();
    case 'TIMESTAMP':
      return new TimestampMicrosecond('UTC');
    default:
      return new Utf8();
  }
}

/** The values of a column. A value is null where the bit of the bitmap is 0. */
export function columnData(valueType: ValueType, values: readonly (RawValue | null)[]): Data {
  const element = toElementType(valueType);
  const nulls = nullsOf(values);
  if (element) {
    const lists = values as readonly (readonly RawValue[] | null)[];
    const child = columnData(
      element,
      lists.flatMap((list) => list ?? []),
    );
    const valueOffsets = offsetsOf(lists.map((list) => list?.length ?? 0));
    return makeData({ type: arrowType(valueType) as List, length: values.length, ...nulls, valueOffsets, child });
  }
  return scalarData(valueType, values, nulls);
}

export interface Nulls {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array;
}

export function nullsOf(values: readonly unknown[]): Nulls {
  const nullBitmap = new Uint8Array((values.length + 7) >> 3);
  let nullCount = 0;
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] === null) nullCount += 1;
    else nullBitmap[index >> 3]! |= 1 << (index & 7);
  }
  return { nullCount, nullBitmap };
}

function scalarData(valueType: ValueType, values: readonly (RawValue | null)[], nulls: Nulls): Data {
  const { length } = values;
  switch (valueType) {
    case 'BOOL': {
      const data = new Uint8Array((length + 7) >> 3);
      for (let index = 0; index < length; index += 1) if (values[index] === true) data[index >> 3]! |= 1 << (index & 7);
      return makeData({ type: new Bool(), length, ...nulls, data });
    }
    case 'DOUBLE': {
      const data = new Float64Array(length);
      for (let index = 0; index < length; index += 1) data[index] = (values[index] as number | null) ?? 0;
      return makeData({ type: new Float64(), length, ...nulls, data });
    }
    case 'INT64':
      return makeData({ type: new Int64(), length, ...nulls, data: bigIntegers(values) });
    case 'TIMESTAMP':
      return makeData({ type: new TimestampMicrosecond('UTC'), length, ...nulls, data: bigIntegers(values) });
    case 'BYTES':
      return bytesData(values as readonly (Uint8Array | null)[], nulls);
    default:
      return textData(
        values.map((value) => (value === null || typeof value === 'string' ? value : stringifyExactly(value))),
        nulls,
      );
  }
}

const EMPTY = new Uint8Array(0);

function bigIntegers(values: readonly (RawValue | null)[]): BigInt64Array {
  const data = new BigInt64Array(values.length);
  for (let index = 0; index < values.length; index += 1) data[index] = (values[index] as bigint | null) ?? 0n;
  return data;
}

/** A column of texts. */
export function textData(texts: readonly (string | null)[], nulls: Nulls = nullsOf(texts)): Data<Utf8> {
  // One text of all is encoded at once; the lengths of texts in ASCII are those of their bytes.
  const data = Buffer.from(texts.join(''), 'utf8');
  const lengths = texts.map((text) => text?.length ?? 0);
  const isAscii = lengths.reduce((sum, length) => sum + length, 0) === data.length;
  const valueOffsets = offsetsOf(
    isAscii ? lengths : texts.map((text) => (text === null ? 0 : Buffer.byteLength(text))),
  );
  return makeData({ type: new Utf8(), length: texts.length, ...nulls, valueOffsets, data });
}

/** A column of bytes. */
export function bytesData(values: readonly (Uint8Array | null)[], nulls: Nulls = nullsOf(values)): Data<Binary> {
  const parts = values.map((value) => value ?? EMPTY);
  const valueOffsets = offsetsOf(parts.map(({ byteLength }) => byteLength));
  return makeData({ type: new Binary(), length: values.length, ...nulls, valueOffsets, data: Buffer.concat(parts) });
}

export function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (let index = 0; index < lengths.length; index += 1) offsets[index + 1] = offsets[index]! + lengths[index]!;
  return offsets;
}
