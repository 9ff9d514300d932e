import type { DuckDBValue } from '@duckdb/node-api';
import { badInput } from '../errors/app-error.js';
import type { WorkDatabase } from '../training-sets/work-database.js';
import type { BacktestSettings, BacktestWindow, WindowMetrics } from './backtests.js';
import type { Windows } from './windows.js';

/** A probability of exactly 0 or 1 that is wrong would have an infinite log loss. It is the distance that scikit-learn uses. */
const CLIPPED = 2.220446049250313e-16;

/**
 * The metrics of each window, from a table with $window_number, actual and predicted.
 *
 * Regression: the means of |p - a| and of p - a, and the root of the mean of (p - a)^2. Classification: the log loss is the
 * mean of -(a ln p + (1 - a) ln(1 - p)); the area under the ROC curve is the share of pairs of a true and a false row of which
 * the true one has the higher probability, where equal ones count half (Mann and Whitney, 1947; Hanley and McNeil, 1982).
 */
export async function windowMetrics(
  work: WorkDatabase,
  table: string,
  windows: Windows,
  { task, threshold }: BacktestSettings,
): Promise<BacktestWindow[]> {
  const isScored = 'actual IS NOT NULL AND predicted IS NOT NULL';
  if (task === 'CLASSIFICATION') await refuseOtherClasses(work, table, isScored);
  const aggregates = task === 'REGRESSION' ? REGRESSION : CLASSIFICATION;
  const rows = await work.rows(
    `SELECT "$window_number", count(*) AS rows, count(*) FILTER (WHERE predicted IS NULL) AS failed,
  count(*) FILTER (WHERE ${isScored}) AS scored, ${aggregates}
FROM (SELECT *, ${isScored} AS is_scored, predicted - actual AS error, predicted >= $1::DOUBLE AS is_positive,
    rank() OVER ranked + (count(*) OVER tied - 1) / 2 AS middle_rank,
    least(greatest(predicted, ${CLIPPED}::DOUBLE), 1 - ${CLIPPED}::DOUBLE) AS clipped
  FROM ${table}
  WINDOW ranked AS (PARTITION BY "$window_number", ${isScored} ORDER BY predicted),
    tied AS (PARTITION BY "$window_number", ${isScored}, predicted))
GROUP BY "$window_number"`,
    [threshold],
  );
  const found = new Map(rows.map((row) => [Number(row.$window_number), row]));
  return windows.all().map(({ number, from, before }) => {
    const row = found.get(number) ?? {};
    const count = (name: string): bigint => (row[name] ?? 0n) as bigint;
    return { from, before, rows: count('rows'), failed: count('failed'), scored: count('scored'), ...metricsOf(row) };
  });
}

const OF_SCORED = 'FILTER (WHERE is_scored)';
const REGRESSION = `avg(abs(error)) ${OF_SCORED} AS mae, sqrt(avg(error * error) ${OF_SCORED}) AS rmse, avg(error) ${OF_SCORED} AS bias`;

const positives = `count(*) FILTER (WHERE is_scored AND actual = 1)`;
const negatives = `count(*) FILTER (WHERE is_scored AND actual = 0)`;
const hits = `count(*) FILTER (WHERE is_scored AND actual = 1 AND is_positive)`;
const CLASSIFICATION = `avg((is_positive = (actual = 1))::INTEGER) ${OF_SCORED} AS accuracy,
  -avg(CASE WHEN actual = 1 THEN ln(clipped) ELSE ln(1 - clipped) END) ${OF_SCORED} AS log_loss,
  (sum(middle_rank) FILTER (WHERE is_scored AND actual = 1) - ${positives} * (${positives} + 1) / 2)
    / nullif(${positives}::DOUBLE * ${negatives}, 0) AS auc,
  ${hits} / nullif(count(*) FILTER (WHERE is_scored AND is_positive), 0) AS precision_,
  ${hits} / nullif(${positives}, 0) AS recall_`;

function metricsOf(row: Readonly<Record<string, DuckDBValue>>): WindowMetrics {
  const number = (name: string): number | null => {
    const value = row[name] ?? null;
    return value === null ? null : Number(value);
  };
  return {
    meanAbsoluteError: number('mae'),
    rootMeanSquaredError: number('rmse'),
    bias: number('bias'),
    accuracy: number('accuracy'),
    logLoss: number('log_loss'),
    areaUnderRocCurve: number('auc'),
    precision: number('precision_'),
    recall: number('recall_'),
  };
}

async function refuseOtherClasses(work: WorkDatabase, table: string, isScored: string): Promise<void> {
  const [other] = await work.rows(
    `SELECT 1 FROM ${table} WHERE ${isScored} AND (actual NOT IN (0, 1) OR predicted < 0 OR predicted > 1) LIMIT 1`,
  );
  if (!other) return;
  throw badInput(
    'A classification compares a probability from 0 to 1 with an actual value of 0 or 1, and there are others. Choose REGRESSION, another output or other values.',
    'task',
  );
}
