import { TIMESTAMP, timestampValue } from '@duckdb/node-api';
import { describeColumns, measuredColumn } from '../datasources/duckdb/written-columns.js';
import type { ColumnReads } from '../datasources/offline/column-reads.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { defaultMetric, distanceBetween, isComparedType, MAX_CATEGORIES } from '../statistics/compare-distributions.js';
import type { WorkDatabase } from '../training-sets/work-database.js';
import type { BacktestSettings, InputDrift } from './backtests.js';
import type { Windows } from './windows.js';

interface DriftOptions {
  readonly model: Model;
  readonly windows: Windows;
  readonly baseline: BacktestSettings['baseline'];
}

/**
 * The distance of each input of the model in each window from the baseline, by the metrics of Feature.drift. `table` has
 * $window_number, $label_time, which are not names of columns that clients use, and the inputs.
 */
export async function inputDrift(
  reads: ColumnReads,
  work: WorkDatabase,
  table: string,
  { model, windows, baseline }: DriftOptions,
): Promise<InputDrift[]> {
  if (baseline) {
    await work.run(
      `CREATE OR REPLACE TABLE ${work.table('baseline')} AS SELECT * FROM ${table} WHERE "$label_time" >= $1 AND "$label_time" < $2`,
      [timestampValue(baseline.from), timestampValue(baseline.before)],
      [TIMESTAMP, TIMESTAMP],
    );
  }
  const before = baseline ? work.table('baseline') : `(SELECT * FROM ${table} WHERE "$window_number" = 0)`;
  const described = await describeColumns(work.connection, table);
  const inputs = described
    .filter(({ name }) => model.inputs.some((input) => input.name === name))
    .map(({ name, type }) => measuredColumn(name, type))
    .filter(({ valueType }) => isComparedType(valueType));
  const found: InputDrift[] = [];
  for (const column of inputs) {
    const feature = { name: column.name, valueType: column.valueType! };
    const metric = defaultMetric(feature);
    const distances: (number | null)[] = [];
    for (const { number } of windows.all()) {
      const distributions = await reads.distributions({
        feature,
        bins: REQUEST_LIMITS.defaultHistogramBins,
        maxTopValues: MAX_CATEGORIES,
        places: [
          { kind: 'COLUMN', relation: before, column },
          { kind: 'COLUMN', relation: `(SELECT * FROM ${table} WHERE "$window_number" = ${number})`, column },
        ],
        signal: work.signal,
      });
      distances.push(distanceBetween(feature, metric, distributions));
    }
    found.push({ input: column.name, metric, distances });
  }
  return found;
}
