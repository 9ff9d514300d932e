import { describeExpectation } from '../datasources/registry/describe-expectation.js';
import { violationSql } from '../datasources/duckdb/violation-sql.js';
import type { FeatureExpectation } from '../datasources/registry/expectation.js';
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
      const filter = `FILTER (WHERE ${violationSql(column.feature.valueColumn, column.feature.feature, expectation)})`;
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
