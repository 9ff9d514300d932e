import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import { quoteText } from '../datasources/duckdb/sql-text.js';
import type { SourcePlan } from '../datasources/offline/point-in-time/plan.js';
import { deriveValues, type DerivationWay } from './derive-values.js';
import { findForm } from './find-form.js';
import type { OffendingRow, ValidationRequest } from './training-sets.js';
import type { PlannedColumn, TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/**
 * The time of a value in a checked row: its own time if the output has times, else the time that is stored for its
 * source.
 */
export function checkedTime({ timeColumn, timestampName }: PlannedColumn, index: number): string {
  return timestampName === null ? timeColumn! : `time_${index}`;
}

/** The approximate number of rows whose values are derived again; all rows if there are no more. */
const VERIFIED_ROWS = 1000;
/** The maximum number of these rows if the histories of their entities must be fetched from a remote store. */
export const REMOTE_VERIFIED_ROWS = 100;

/**
 * Selects the rows whose values are derived again. A hash of the seed and the row number decides, so the selection is
 * repeatable.
 */
export function isSampled(rows: number, { mode, seed }: ValidationRequest): string {
  if (mode === 'FULL') return 'true';
  return `${sampleOrder(seed)} % ${Math.max(1, Math.floor(rows / VERIFIED_ROWS))} = 0`;
}

/** Seed 0 gives the sample of versions that had no seeds. */
export function sampleOrder(seed: number): string {
  return seed === 0 ? 'hash(row_id)' : `hash(row_id, ${seed})`;
}

export interface SampleVerification {
  readonly verified: bigint;
  /** Rows with a value or time that differs from the history as of the label's time. */
  readonly wrong: bigint;
  /** The first of these rows. */
  readonly wrongRows: readonly OffendingRow[];
}

/**
 * Derives the rows of the table `sample` again (derive-values.ts) and compares them. A row with `leaks` is already
 * counted as wrong and is omitted.
 */
export async function verifySample(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  tableOf: (source: SourcePlan) => string,
  maxRows: number,
): Promise<SampleVerification> {
  await work.run('CREATE OR REPLACE TEMP TABLE wrong (row_id BIGINT, source INTEGER, reason VARCHAR)');
  const numbered = plan.features.map((column, index) => ({ column, index }));
  for (const [number, [source, columns]] of [...Map.groupBy(numbered, ({ column }) => column.source)].entries()) {
    const table = tableOf(source);
    const way = (await findForm(work, source, 'sample', table)) === 'lookup' ? 'ALL_LABELS' : 'FIRST_LABEL';
    await work.run(`CREATE OR REPLACE TEMP TABLE compared AS ${compare(plan, source, columns, table, way)}`);
    await work.run(`INSERT INTO wrong SELECT row_id, ${number}, reason FROM compared WHERE reason IS NOT NULL`);
  }
  const [counts] = await work.rows(
    'SELECT (SELECT count(*) FROM sample) AS verified, (SELECT count(DISTINCT row_id) FROM wrong) AS wrong',
  );
  const rows = await work.rows(
    `SELECT row_id, arg_max(reason, source) AS reason FROM wrong GROUP BY row_id ORDER BY row_id LIMIT ${maxRows}`,
  );
  await work.run('DROP TABLE compared; DROP TABLE wrong');
  return {
    verified: BigInt(String(counts?.verified)),
    wrong: BigInt(String(counts?.wrong)),
    wrongRows: rows.map(({ row_id, reason }) => ({
      row: BigInt(String(row_id)),
      kind: 'LEAKED' as const,
      reason: String(reason),
    })),
  };
}

/** A column of the output, and its number in the plan. */
interface NumberedColumn {
  readonly column: PlannedColumn;
  readonly index: number;
}

/** For each row of the sample: the first value or time that differs from the history. */
function compare(
  { pointInTime: { options } }: TrainingSetPlan,
  source: SourcePlan,
  columns: readonly NumberedColumn[],
  table: string,
  way: DerivationWay,
): string {
  const derivation = deriveValues(
    source,
    columns.map(({ column }) => column),
    options,
    table,
    way,
  );
  const reasons = columns.map(({ column, index }, number) => {
    const { valueColumn, ttl } = column.feature;
    const { value, time } = derivation.columns[number]!;
    const isCut = time !== null && ttl !== null && !options.includeExpired;
    const expected = isCut
      ? `CASE WHEN epoch_us(label_time) - epoch_us(${time}) > ${ttl} THEN NULL ELSE ${value} END`
      : value;
    const isOther = joinSql(
      [
        `${valueColumn} IS DISTINCT FROM ${expected}`,
        time !== null && `${checkedTime(column, index)} IS DISTINCT FROM ${time}`,
      ],
      ' OR ',
    );
    return `WHEN ${isOther} THEN ${quoteText(`${column.name}: the history gives another value or time`)}`;
  });
  return `SELECT row_id,
  CASE WHEN NOT leaks THEN CASE ${reasons.join('\n    ')} END END AS reason
FROM sample LEFT JOIN (${derivation.sql}) USING (row_id)`;
}
