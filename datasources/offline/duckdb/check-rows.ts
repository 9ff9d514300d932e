import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { OperatorError } from '../../../errors/operator-error.js';
import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import { toElementType } from '../../../values/value-type.js';
import { joinSql } from '../point-in-time/sql-text.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { violationSql } from '../../duckdb/violation-sql.js';
import { describeExpectation } from '../../registry/describe-expectation.js';
import type { FeatureSource } from '../../registry/model.js';
import { RejectedRows, type ComputedViolation } from '../computed-violation.js';
import { examplesSql, toExamples } from './computed-examples.js';
import { describe } from './source-columns.js';

/** What remains in a table of computed rows. */
export interface CheckedRows {
  readonly rows: bigint;
  readonly leftOut: bigint;
  readonly violations: readonly ComputedViolation[];
}

/**
 * Checks what types cannot express, and what the registry expects of the values, in one pass over the columns concerned.
 * Rows with a violation that is to be quarantined are removed. The caller refuses those that are to be rejected.
 */
export async function checkRows(
  connection: DuckDBConnection,
  source: FeatureSource,
  table: string,
): Promise<CheckedRows> {
  const arrays = source.features.filter(({ valueType }) => toElementType(valueType) !== undefined);
  const expected = listExpected(source);
  const quarantined = expected.filter(({ expectation }) => expectation.onViolation === 'QUARANTINE');
  const isLeftOut = quarantined.map(({ isViolated }) => isViolated).join(' OR ');
  const counts = joinSql(
    [
      'count(*) AS rows',
      `count(*) FILTER (WHERE strlen(entity_id) > ${MAX_ENTITY_ID_BYTES}) AS bad_ids`,
      ...arrays.map(
        ({ name }, index) =>
          `count(*) FILTER (WHERE len(${quoteIdentifier(name)}) <> list_count(${quoteIdentifier(name)})) AS "$nulls_${index}"`,
      ),
      ...expected.flatMap(({ isViolated }, index) => [
        `count(*) FILTER (WHERE ${isViolated}) AS "$violated_${index}"`,
        `${examplesSql(source)} FILTER (WHERE ${isViolated}) AS "$examples_${index}"`,
      ]),
    ],
    ', ',
  );
  const [row = {}] = (await connection.runAndReadAll(`SELECT ${counts} FROM ${table}`)).getRowObjects();
  refuseFaulty(source, row, arrays);
  const violations = expected.flatMap(({ feature, expectation }, index): ComputedViolation[] => {
    const rows = BigInt(String(row[`$violated_${index}`]));
    if (rows === 0n) return [];
    const { kind, onViolation: action } = expectation;
    const description = describeExpectation(feature, expectation);
    const examples = toExamples(row[`$examples_${index}`]);
    return [{ feature: feature.name, kind, action, description, rows, examples }];
  });
  const hasQuarantined = violations.some(({ action }) => action === 'QUARANTINE');
  const leftOut = hasQuarantined
    ? BigInt((await connection.run(`DELETE FROM ${table} WHERE ${isLeftOut}`)).rowsChanged)
    : 0n;
  return { rows: BigInt(String(row.rows ?? 0)) - leftOut, leftOut, violations };
}

/** Throws if a violation is to be rejected: the transaction of the import ends without a change. */
export function refuseRejected(source: FeatureSource, violations: readonly ComputedViolation[]): void {
  if (violations.some(({ action }) => action === 'REJECT')) throw new RejectedRows(source, violations);
}

/** Each expectation of a value with its violation as SQL. A share is one of many rows: a training set checks it. */
function listExpected({ features }: FeatureSource) {
  return features.flatMap((feature) =>
    feature.expectations
      .filter(({ kind }) => kind !== 'NULL_SHARE')
      .map((expectation) => ({
        feature,
        expectation,
        isViolated: violationSql(quoteIdentifier(feature.name), feature, expectation),
      })),
  );
}

function refuseFaulty(
  source: FeatureSource,
  row: Readonly<Record<string, DuckDBValue>>,
  arrays: FeatureSource['features'],
): void {
  const faults = [
    ...(row.bad_ids ? [`${String(row.bad_ids)} rows have an id of over ${MAX_ENTITY_ID_BYTES} bytes`] : []),
    ...arrays.flatMap(({ name }, index) => {
      const rows = row[`$nulls_${index}`];
      return rows ? [`${String(rows)} rows have a null inside the array ${name}`] : [];
    }),
  ];
  if (faults.length > 0) throw new OperatorError(`${describe(source)} has rows that cannot be stored:`, faults);
}
