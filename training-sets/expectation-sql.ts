import { describeExpectation } from '../datasources/registry/describe-expectation.js';
import type { ExpectedItem, FeatureExpectation } from '../datasources/registry/expectation.js';
import { MAX_MATCHED_LENGTH } from '../datasources/registry/expected-pattern.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import { toElementType, type ValueType } from '../values/value-type.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { UnexpectedValues } from './training-sets.js';

/** Rows that are named for each expectation. */
export const MAX_EXAMPLES = 10;

interface Expected {
  readonly column: PlannedColumn;
  readonly expectation: FeatureExpectation;
}

/**
 * What the registry expects of the values of a training set, as SQL over its checked rows. Each expectation is an aggregate
 * of the query that counts, so that the rows are read once. Values of every store pass here, in DuckDB.
 */
export class ExpectationSql {
  readonly #expected: readonly Expected[];

  constructor(plan: TrainingSetPlan) {
    this.#expected = plan.features.flatMap((column) =>
      column.feature.feature.expectations.map((expectation) => ({ column, expectation })),
    );
  }

  /** The columns of the query that counts. Empty without expectations. */
  counts(): string[] {
    return this.#expected.flatMap(({ column, expectation }, index) => {
      const filter = `FILTER (WHERE ${violationSql(column, expectation)})`;
      return [
        `count(*) ${filter} AS unexpected_${index}`,
        `min(row_id, ${MAX_EXAMPLES}) ${filter} AS unexpected_rows_${index}`,
      ];
    });
  }

  /** The expectations that the counted rows violate. `rowsOf` gives the row numbers of a list. */
  violations(
    rows: bigint,
    count: (name: string) => bigint,
    rowsOf: (name: string) => readonly bigint[],
  ): UnexpectedValues[] {
    return this.#expected.flatMap(({ column, expectation }, index) => {
      const unexpected = count(`unexpected_${index}`);
      if (!isViolated(expectation, unexpected, rows)) return [];
      const { kind, onViolation: action } = expectation;
      const description = describeExpectation(column.feature.feature, expectation);
      const examples = rowsOf(`unexpected_rows_${index}`);
      return [{ column: column.name, kind, action, description, rows: unexpected, examples }];
    });
  }
}

/** A quotient of two counts is the nearest double of the share, as the share in the registry is: 29 of 100 is 0.29. */
function isViolated(expectation: FeatureExpectation, unexpected: bigint, rows: bigint): boolean {
  if (expectation.kind !== 'NULL_SHARE') return unexpected > 0n;
  return rows > 0n && Number(unexpected) / Number(rows) > expectation.max;
}

/** A condition that is true for a row with an unexpected value, and false for all others. */
function violationSql({ feature }: PlannedColumn, expectation: FeatureExpectation): string {
  const { valueColumn: value } = feature;
  const { valueType } = feature.feature;
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
