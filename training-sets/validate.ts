import { REQUEST_LIMITS } from '../limits/request-limits.js';
import {
  DEFAULT_VALIDATION,
  type FeatureCoverageResult,
  type OffendingRow,
  type TrainingSetValidationResult,
} from './training-sets.js';
import { copyHistories } from './copy-histories.js';
import { checkedRows, IS_CHANGED } from './checked-rows.js';
import { historyAt } from './join-labels.js';
import { ExpectationSql } from './expectation-sql.js';
import { findRepeatedTimes } from './find-repeated-times.js';
import { findLabelCopies } from './label-copies.js';
import { ValidationSql } from './validation-sql.js';
import { isSampled, sampleOrder, verifySample, REMOTE_VERIFIED_ROWS } from './verify-sample.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import { countRows, type WorkDatabase } from './work-database.js';

/**
 * Validates an output against its labels and the history, by queries that share nothing with the compiler that made it.
 * `output` selects its rows as they are read back (output-format.ts). docs/training-sets.md describes what this proves
 * and what it does not.
 *
 * On all rows: no value has a time after its label's time, and no value lacks a time. On a sample, or on all rows if
 * they are few: each value and time equals the result of a scan of the entity's whole history.
 */
export async function validate(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  output: string,
  onShare?: (share: number) => void,
): Promise<TrainingSetValidationResult> {
  const tableOf = await historyAt(work, plan);
  const checked = checkedRows(work, plan, output, tableOf);
  const facts = new ValidationSql(plan);
  const expectations = new ExpectationSql(plan);
  const sampling = plan.request.validation ?? DEFAULT_VALIDATION;
  const labels = await countRows(work, 'labels');
  // This query takes nearly all of the time.
  const counting = [facts.counts(), ...expectations.counts()].join(',\n  ');
  const counted = await work.run(`${checked} SELECT ${counting} FROM checked`, [], undefined, onShare);
  const [counts = {}] = await counted.getRowObjects();
  const sampled = checkedRows(work, plan, `SELECT * FROM (${output}) WHERE ${isSampled(labels, sampling)}`, tableOf);
  const most = plan.remoteStores.size > 0 ? `ORDER BY ${sampleOrder(sampling.seed)} LIMIT ${REMOTE_VERIFIED_ROWS}` : '';
  await work.run(
    `CREATE OR REPLACE TEMP TABLE sample AS ${sampled} SELECT *, ${facts.leaked()} AS leaks FROM checked ${most}`,
  );
  const count = (name: string): bigint => BigInt(String(counts[name] ?? 0));
  const sum = (what: string, isCounted: (column: PlannedColumn) => boolean = () => true): bigint =>
    plan.features.reduce((all, column, index) => all + (isCounted(column) ? count(`${what}_${index}`) : 0n), 0n);
  const copied = await copyHistories(work, plan);
  const historyOf = (source: PlannedColumn['source']): string => copied.get(source) ?? tableOf(source.source);
  const { verified, wrong, wrongRows } = await verifySample(work, plan, historyOf, REQUEST_LIMITS.maxOffendingRows);
  const offenders = async (kind: OffendingRow['kind'], condition: string, reason: string): Promise<OffendingRow[]> => {
    if (count(kind) === 0n) return [];
    const rows = await work.rows(
      `${checked} SELECT row_id, ${reason} AS reason FROM checked WHERE ${condition} ORDER BY row_id LIMIT ${REQUEST_LIMITS.maxOffendingRows}`,
    );
    return rows.map((row) => ({ row: BigInt(String(row.row_id)), kind, reason: String(row.reason) }));
  };
  const hasCreation = ({ writtenAfterColumn }: PlannedColumn): boolean => writtenAfterColumn !== null;
  const leaked = await offenders('LEAKED', facts.leaked(), facts.leakReason());
  return {
    labelRows: BigInt(labels),
    joinedRows: count('rows'),
    leakedRows: count('LEAKED') + wrong,
    unmatchedRows: count('UNMATCHED'),
    expiredValues: sum('expired'),
    invalidLabels: count('INVALID'),
    changedRows: count('CHANGED'),
    valuesAtLabelTime: sum('exact'),
    unverifiableValues: sum('present', ({ timeColumn }) => timeColumn === null),
    labelCopies: await findLabelCopies(work, plan, checked),
    verifiedRows: verified,
    mode: sampling.mode,
    seed: sampling.seed,
    valuesWrittenAfterLabel: plan.features.some(hasCreation) ? sum('written_after', hasCreation) : null,
    featureCoverage: plan.features.map(({ name }, index) => coverage(name, index, count)),
    unexpectedValues: [
      ...expectations.violations(count('rows'), count, (name) => counts[name]),
      ...(await findRepeatedTimes(work, plan, checked, tableOf)),
    ],
    offendingRows: [
      ...[...leaked, ...wrongRows].slice(0, REQUEST_LIMITS.maxOffendingRows),
      ...(await offenders('CHANGED', IS_CHANGED, `'a column of the label is not as it was in the input'`)),
      ...(await offenders('INVALID', facts.invalid(), facts.invalidReason())),
      ...(await offenders('UNMATCHED', facts.unmatched(), `'no feature was known of it at its time'`)),
    ],
  };
}

function coverage(column: string, index: number, count: (name: string) => bigint): FeatureCoverageResult {
  const found = count(`found_${index}`);
  const present = count(`present_${index}`);
  const expired = count(`expired_${index}`);
  const nulls = found - present - expired;
  return { column, present, expired, nulls: nulls < 0n ? 0n : nulls, notFound: count('rows') - found };
}
