import { toElementType, type RawValue, type ValueType } from './value-type.js';

/**
 * The value in a type, or undefined when it is of another. An integer is also a DOUBLE, and a DOUBLE without a fraction an
 * INT64: a column of whole numbers comes from a file as either.
 */
export function convert(valueType: ValueType, value: RawValue): RawValue | undefined {
  const elementType = toElementType(valueType);
  if (elementType !== undefined) {
    if (!Array.isArray(value)) return undefined;
    const elements = (value as readonly RawValue[]).map((element) => convert(elementType, element));
    return elements.includes(undefined) ? undefined : (elements as RawValue);
  }
  switch (valueType) {
    case 'BOOL':
      return typeof value === 'boolean' ? value : undefined;
    case 'DOUBLE':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
    case 'INT64':
      if (typeof value === 'bigint') return value;
      return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
    case 'TIMESTAMP':
      return typeof value === 'bigint' ? value : undefined;
    case 'STRING':
      return typeof value === 'string' ? value : undefined;
    case 'BYTES':
      return value instanceof Uint8Array ? value : undefined;
    default:
      return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array) ? value : undefined;
  }
}

/** An integer written as text, as JSON carries those beyond 2^53; undefined for one that is not, or not of 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
