import { ByteWriter } from '../../runtime/byte-writer.js';
import { readInt64, textSize } from '../../runtime/write-bytes.js';
import { stringifyExactly } from '../../values/minus-zero.js';
import { isArrayValue, type ArrayValue, type RawValue, type StructValue } from '../../values/value-type.js';

/**
 * A value as bytes: one tag, then the payload. The tag makes a value readable without its registry: decodeValue detects
 * a changed value type and names it, and never misreads the bytes.
 */
export const TAG = {
  NULL: 0,
  FALSE: 1,
  TRUE: 2,
  DOUBLE: 3,
  INT64: 4,
  STRING: 5,
  BYTES: 6,
  STRUCT: 7,
  BOOL_ARRAY: 8,
  DOUBLE_ARRAY: 9,
  INT64_ARRAY: 10,
  STRING_ARRAY: 11,
} as const;

const writer = new ByteWriter();

export function encodeValue(value: RawValue | null): Buffer {
  writeValue(value, writer.begin());
  return Buffer.from(writer.written());
}

/** The number of bytes that `writeValue` needs for a value. */
export function encodedSize(value: RawValue | null): number {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'number' || typeof value === 'bigint') return 1 + 8;
  if (typeof value === 'string') return 1 + textSize(value);
  if (value instanceof Uint8Array) return 1 + value.length;
  if (isArrayValue(value)) return 1 + arraySize(value);
  return 1 + Buffer.byteLength(stringifyExactly(value satisfies StructValue));
}

export function writeValue(value: RawValue | null, to: ByteWriter): void {
  if (value === null) to.uint8(TAG.NULL);
  else if (typeof value === 'boolean') to.uint8(value ? TAG.TRUE : TAG.FALSE);
  else if (typeof value === 'number') {
    to.uint8(TAG.DOUBLE);
    to.double(value);
  } else if (typeof value === 'bigint') {
    to.uint8(TAG.INT64);
    to.int64(value);
  } else if (typeof value === 'string') {
    to.uint8(TAG.STRING);
    to.text(value);
  } else if (value instanceof Uint8Array) {
    to.uint8(TAG.BYTES);
    to.bytes(value);
  } else if (isArrayValue(value)) writeArray(value, to);
  else {
    to.uint8(TAG.STRUCT);
    to.text(stringifyExactly(value satisfies StructValue));
  }
}

function arraySize(array: ArrayValue): number {
  const [first] = array;
  if (typeof first === 'boolean') return array.length;
  if (typeof first !== 'string') return array.length * 8;
  return (array as readonly string[]).reduce((size, text) => size + 4 + Buffer.byteLength(text), 0);
}

/** An empty array has no element that tells its type: any array tag decodes to []. */
function writeArray(array: ArrayValue, to: ByteWriter): void {
  const [first] = array;
  if (typeof first === 'boolean') {
    to.uint8(TAG.BOOL_ARRAY);
    for (const item of array) to.uint8(Number(item));
  } else if (typeof first === 'bigint') {
    to.uint8(TAG.INT64_ARRAY);
    for (const item of array as readonly bigint[]) to.int64(item);
  } else if (typeof first === 'string') {
    to.uint8(TAG.STRING_ARRAY);
    for (const item of array as readonly string[]) {
      const size = to.skip(4);
      to.text(item);
      to.setUint32(size, to.length - size - 4);
    }
  } else {
    to.uint8(TAG.DOUBLE_ARRAY);
    for (const item of array as readonly number[]) to.double(item);
  }
}

export function decodeValue(bytes: Buffer, start: number, end: number): RawValue | null {
  const from = start + 1;
  switch (bytes[start]) {
    case TAG.NULL:
      return null;
    case TAG.FALSE:
      return false;
    case TAG.TRUE:
      return true;
    case TAG.DOUBLE:
      return bytes.readDoubleLE(from);
    case TAG.INT64:
      return readInt64(bytes, from);
    case TAG.STRING:
      return bytes.toString('utf8', from, end);
    case TAG.BYTES:
      return new Uint8Array(bytes.subarray(from, end));
    case TAG.STRUCT:
      return JSON.parse(bytes.toString('utf8', from, end)) as StructValue;
    case TAG.BOOL_ARRAY:
      return Array.from(bytes.subarray(from, end), (byte) => byte === 1);
    case TAG.DOUBLE_ARRAY:
      return Array.from({ length: (end - from) / 8 }, (_, index) => bytes.readDoubleLE(from + index * 8));
    case TAG.INT64_ARRAY:
      return Array.from({ length: (end - from) / 8 }, (_, index) => bytes.readBigInt64LE(from + index * 8));
    case TAG.STRING_ARRAY:
      return readStrings(bytes, from, end);
    default:
      throw new Error(`a stored value has the unknown tag ${bytes[start]}`);
  }
}

function readStrings(bytes: Buffer, start: number, end: number): string[] {
  const values: string[] = [];
  for (let at = start; at < end;) {
    const length = bytes.readUInt32LE(at);
    values.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return values;
}
