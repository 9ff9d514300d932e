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
  if (value === null) return Buffer.of(TAG.NULL);
  if (typeof value === 'boolean') return Buffer.of(value ? TAG.TRUE : TAG.FALSE);
  if (typeof value === 'number') return tagged(TAG.DOUBLE, doubles([value]));
  if (typeof value === 'bigint') return tagged(TAG.INT64, integers([value]));
  if (typeof value === 'string') return tagged(TAG.STRING, Buffer.from(value));
  if (value instanceof Uint8Array) return tagged(TAG.BYTES, value);
  if (isArrayValue(value)) return encodeArray(value);
  return tagged(TAG.STRUCT, Buffer.from(JSON.stringify(value satisfies StructValue)));
}

/** An empty array has no element that tells its type: any array tag decodes to []. */
function encodeArray(array: ArrayValue): Buffer {
  const [first] = array;
  if (typeof first === 'boolean') return tagged(TAG.BOOL_ARRAY, Buffer.from(array.map(Number)));
  if (typeof first === 'bigint') return tagged(TAG.INT64_ARRAY, integers(array as readonly bigint[]));
  if (typeof first === 'string') return tagged(TAG.STRING_ARRAY, strings(array as readonly string[]));
  return tagged(TAG.DOUBLE_ARRAY, doubles(array as readonly NonNullable<typeof first>[]));
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
      return bytes.readBigInt64LE(from);
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

function tagged(tag: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), payload]);
}

function doubles(values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  values.forEach((value, index) => bytes.writeDoubleLE(value, index * 8));
  return bytes;
}

function integers(values: readonly bigint[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  values.forEach((value, index) => bytes.writeBigInt64LE(value, index * 8));
  return bytes;
}

function strings(values: readonly string[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const text = Buffer.from(value);
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
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
