import type { ValueType } from '../../../../values/value-type.js';

/**
 * DuckDB makes the result of max() of structs, and the lists that an ASOF join finds, from bytes that it sorts by, in which
 * minus zero is zero. So these values have the signs of their zeros beside them.
 */

const MINUS_ZERO = `CAST('-0.0' AS DOUBLE)`;

/** SQL of the signs of the zeros of a value; undefined for a type without them. */
export function signsSql(valueType: ValueType, value: string): string | undefined {
  if (valueType === 'DOUBLE') return isMinusZero(value);
  if (valueType === 'DOUBLE_ARRAY') {
    return `CASE WHEN list_contains(${value}, 0) THEN list_transform(${value}, lambda e: ${isMinusZero('e')}) END`;
  }
  return undefined;
}

/** SQL of a value with the signs of its zeros. */
export function withSigns(valueType: ValueType, value: string, signs: string): string {
  if (valueType === 'DOUBLE') return `CASE WHEN ${signs} THEN ${MINUS_ZERO} ELSE ${value} END`;
  if (valueType === 'DOUBLE_ARRAY') {
    const zeros = `lambda pair: CASE WHEN pair[2] THEN ${MINUS_ZERO} ELSE pair[1] END`;
    return `CASE WHEN ${signs} IS NULL THEN ${value} ELSE list_transform(list_zip(${value}, ${signs}), ${zeros}) END`;
  }
  return value;
}

function isMinusZero(double: string): string {
  return `${double} = 0 AND signbit(${double})`;
}
