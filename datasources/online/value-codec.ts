import { readInt64, textSize, writeDouble, writeInt64, writeText } from '../../runtime/write-bytes.js';
import { isArrayValue, type ArrayValue, type RawValue, type StructValue } from '../../values/value-type.js';

/**
 * A value as bytes: one tag, then the payload. The tag makes a value readable without its registry: decodeValue detects
 * a changed value type and names it, and never misreads the bytes.
 */
const TAG = {
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

export function encodeValue(value: RawValue | null): Buffer {
  const bytes = Buffer.allocUnsafe(encodedSize(value));
  writeValue(value, bytes, 0);
  return bytes;
}

/** The number of bytes that `writeValue` needs for a value. */
export function encodedSize(value: RawValue | null): number {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'number' || typeof value === 'bigint') return 1 + 8;
  if (typeof value === 'string') return 1 + textSize(value);
  if (value instanceof Uint8Array) return 1 + value.length;
  if (isArrayValue(value)) return 1 + arraySize(value);
  return 1 + Buffer.byteLength(JSON.stringify(value satisfies StructValue));
}

/** Writes a value into a buffer with room for it. Returns the position after it. */
export function writeValue(value: RawValue | null, bytes: Buffer, start: number): number {
  const at = start + 1;
  if (value === null) return bytes.writeUInt8(TAG.NULL, start);
  if (typeof value === 'boolean') return bytes.writeUInt8(value ? TAG.TRUE : TAG.FALSE, start);
  if (typeof value === 'number') {
    bytes[start] = TAG.DOUBLE;
    return writeDouble(value, bytes, at);
  }
  if (typeof value === 'bigint') {
    bytes[start] = TAG.INT64;
    return writeInt64(value, bytes, at);
  }
  if (typeof value === 'string') {
    bytes[start] = TAG.STRING;
    return writeText(value, bytes, at);
  }
  if (value instanceof Uint8Array) {
    bytes[start] = TAG.BYTES;
    bytes.set(value, at);
    return at + value.length;
  }
  if (isArrayValue(value)) return writeArray(value, bytes, start);
  bytes[start] = TAG.STRUCT;
  return at + bytes.write(JSON.stringify(value satisfies StructValue), at);
}

function arraySize(array: ArrayValue): number {
  const [first] = array;
  if (typeof first === 'boolean') return array.length;
  if (typeof first !== 'string') return array.length * 8;
  return (array as readonly string[]).reduce((size, text) => size + 4 + Buffer.byteLength(text), 0);
}

/** An empty array has no element that tells its type: any array tag decodes to []. */
function writeArray(array: ArrayValue, bytes: Buffer, start: number): number {
  const [first] = array;
  let at = start + 1;
  if (typeof first === 'boolean') {
    bytes[start] = TAG.BOOL_ARRAY;
    for (const item of array) bytes[at++] = Number(item);
  } else if (typeof first === 'bigint') {
    bytes[start] = TAG.INT64_ARRAY;
    for (const item of array as readonly bigint[]) at = writeInt64(item, bytes, at);
  } else if (typeof first === 'string') {
    bytes[start] = TAG.STRING_ARRAY;
    for (const item of array as readonly string[]) {
      const length = bytes.write(item, at + 4);
      bytes.writeUInt32LE(length, at);
      at += 4 + length;
    }
  } else {
    bytes[start] = TAG.DOUBLE_ARRAY;
    for (const item of array as readonly number[]) at = writeDouble(item, bytes, at);
  }
  return at;
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
