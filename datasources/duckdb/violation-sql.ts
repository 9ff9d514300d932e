import type { ExpectedItem, FeatureExpectation } from '../registry/expectation.js';
import { MAX_MATCHED_LENGTH } from '../registry/expected-pattern.js';
import type { Feature } from '../registry/model.js';
import { toElementType, type ValueType } from '../../values/value-type.js';
import { quoteText } from './sql-text.js';

/**
 * A condition that is true for a row whose `value`, a column as SQL, is unexpected, and false for all others. At a write,
 * ingestion/expectations/ checks the same in JavaScript.
 */
export function violationSql(
  value: string,
  { valueType }: Pick<Feature, 'valueType'>,
  expectation: FeatureExpectation,
): string {
  if (expectation.kind === 'NULL_SHARE') return `${value} IS NULL`;
  const itemType = toElementType(valueType);
  if (itemType === undefined) return isUnexpected(value, valueType, expectation);
  if (expectation.kind === 'ITEMS')
    return `(${value} IS NOT NULL AND NOT (${within(`len(${value})`, expectation, String)}))`;
  return `coalesce(len(list_filter(${value}, lambda item: ${isUnexpected('item', itemType, expectation)})) > 0, false)`;
}

type OfValue = Exclude<FeatureExpectation, { kind: 'NULL_SHARE' | 'ITEMS' }>;

function isUnexpected(value: string, type: ValueType, expectation: FeatureExpectation): string {
  return `(${value} IS NOT NULL AND NOT coalesce(${expectedSql(value, type, expectation as OfValue)}, false))`;
}

function expectedSql(value: string, type: ValueType, expectation: OfValue): string {
  // A timestamp is compared in microseconds, as it is in memory.
  const compared = type === 'TIMESTAMP' ? `epoch_us(${value})` : value;
  const literal = (item: ExpectedItem): string => literalSql(item, type);
  switch (expectation.kind) {
    case 'RANGE': {
      const isWithin = within(compared, expectation, literal);
      // In DuckDB, NaN is greater than all numbers.
      return type === 'DOUBLE' ? `NOT isnan(${value}) AND ${isWithin}` : isWithin;
    }
    case 'SET':
      return `${compared} IN (${expectation.values.map(literal).join(', ')})`;
    case 'PATTERN':
      return `length(${value}) <= ${MAX_MATCHED_LENGTH} AND regexp_full_match(${value}, ${textSql(expectation.pattern)})`;
    case 'LENGTH':
      return within(type === 'BYTES' ? `octet_length(${value})` : `length(${value})`, expectation, String);
  }
}

function within<Bound>(
  value: string,
  { min, max }: { readonly min: Bound | null; readonly max: Bound | null },
  literal: (bound: Bound) => string,
): string {
  const bounds = [
    ...(min === null ? [] : [`${value} >= ${literal(min)}`]),
    ...(max === null ? [] : [`${value} <= ${literal(max)}`]),
  ];
  return bounds.join(' AND ');
}

function literalSql(item: ExpectedItem, type: ValueType): string {
  if (typeof item === 'string') return textSql(item);
  if (typeof item === 'boolean') return String(item);
  // As text: DuckDB reads a number with a point as a DECIMAL, and would compare another number.
  return `CAST('${String(item)}' AS ${type === 'DOUBLE' ? 'DOUBLE' : 'BIGINT'})`;
}

/** The text of a query cannot have a NUL. */
function textSql(text: string): string {
  return text
    .split('\0')
    .map((part) => quoteText(part))
    .join(' || chr(0) || ');
}
