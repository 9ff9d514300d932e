import { BIGINT, TIMESTAMP, timestampValue } from '@duckdb/node-api';
import { quoteIdentifier } from '../datasources/duckdb/sql-text.js';
import type { Feature } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { JobFailure } from '../jobs/job-failure.js';
import { allJoined, createSnapshot, joinLabels } from '../training-sets/join-labels.js';
import { planTrainingSet } from '../training-sets/training-set-plan.js';
import type { TrainingSetRequest } from '../training-sets/training-sets.js';
import { WorkDatabase } from '../training-sets/work-database.js';
import type { BacktestDependencies } from './backtest-dependencies.js';
import type { ActualValues } from './backtests.js';

interface ActualOptions {
  readonly request: TrainingSetRequest;
  readonly actual: ActualValues<Feature>;
  /** The columns of the labels, with their types. */
  readonly labelColumns: readonly { readonly name: string; readonly type: string }[];
}

/**
 * Writes the table `actuals`, a row for each row of `labels`, in the same order. It is a table of its own, which no
 * prediction reads.
 */
export async function writeActuals(
  dependencies: BacktestDependencies,
  work: WorkDatabase,
  { request, actual, labelColumns }: ActualOptions,
): Promise<void> {
  if (actual.kind === 'FEATURE') return writeFeature(dependencies, work, request, actual);
  const found = labelColumns.find(({ name }) => name === actual.column);
  if (!found || !/^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN)$/.test(found.type)) {
    throw badInput(`The labels have no column "${actual.column}" with numbers or booleans.`, 'actual.column');
  }
  const value = quoteIdentifier(actual.column);
  await work.run(
    `CREATE OR REPLACE TABLE ${work.table('actuals')} AS SELECT ${toActual(value, found.type, 'true')}
FROM ${work.table('rows')} ORDER BY rowid`,
  );
  await refuseInexact(work, actual.column);
}

/** The columns `actual`, the value as a double where `counts` is true, and `inexact`, the digits of an integer that no double has. */
function toActual(value: string, type: string, counts: string): string {
  const double = `CAST(${value} AS DOUBLE)`;
  // The others are exact, or fractions, of which metrics take the nearest double.
  const isInexact = /^U?BIGINT$/.test(type) ? `${double}::HUGEINT <> ${value}::HUGEINT` : 'false';
  return (
    `CASE WHEN ${counts} AND isfinite(${double}) THEN ${double} END AS actual, ` +
    `CASE WHEN ${counts} AND ${isInexact} THEN CAST(${value} AS VARCHAR) END AS inexact`
  );
}

/** Metrics are doubles. The nearest one would be compared as if it were the actual value. */
async function refuseInexact(work: WorkDatabase, name: string): Promise<void> {
  const actuals = work.table('actuals');
  const [found] = await work.rows(
    `SELECT rowid AS row, inexact FROM ${actuals} WHERE inexact IS NOT NULL ORDER BY rowid LIMIT 1`,
  );
  if (found) {
    throw new JobFailure(
      'VALUE_NOT_REPRESENTABLE',
      `The actual value of "${name}" in row ${String(found.row)} (counted from 0) is ${String(found.inexact)}. A backtest computes ` +
        'with doubles, which do not have this integer. Compare with smaller integers, or with a DOUBLE.',
    );
  }
  await work.run(`ALTER TABLE ${actuals} DROP COLUMN inexact`);
}

/** The value as of the end of the horizon counts if it became true after the moment, and if the horizon is over. */
async function writeFeature(
  { database, findRemoteStore, clock }: BacktestDependencies,
  work: WorkDatabase,
  { joins, labels }: TrainingSetRequest,
  { feature, horizon }: Extract<ActualValues<Feature>, { readonly kind: 'FEATURE' }>,
): Promise<void> {
  const later = await WorkDatabase.open(
    await database.connectAfterWrites(),
    `${work.name.slice(1, -1)} actual`,
    work.signal,
  );
  try {
    await later.run(
      `CREATE TABLE ${later.table('labels')} AS SELECT label_time + to_microseconds($1) AS label_time, label_time AS label_0, entity_0
FROM ${work.table('labels')} ORDER BY rowid`,
      [horizon],
      [BIGINT],
    );
    const request: TrainingSetRequest = {
      labels,
      joins: [{ ...joins[0]!, features: [feature], prefix: '' }],
      ttl: null,
      options: {},
      withTimestamps: false,
    };
    const plan = planTrainingSet(request, [{ name: labels.timeColumn, type: 'TIMESTAMP' }], findRemoteStore);
    await createSnapshot(later, plan);
    await joinLabels(later, plan, Number.MAX_SAFE_INTEGER, {
      onStep: async () => undefined,
      onEstimate: () => undefined,
    });
    const [
      {
        feature: { valueColumn },
        timeColumn,
      },
    ] = plan.features as [(typeof plan.features)[number]];
    const type = feature.valueType === 'INT64' ? 'BIGINT' : feature.valueType;
    await work.run(
      `CREATE OR REPLACE TABLE ${work.table('actuals')} AS SELECT ${toActual(valueColumn, type, `${timeColumn} > label_0 AND label_time <= $1`)}
FROM (SELECT * FROM ${later.table('labels')} POSITIONAL JOIN ${allJoined(later, plan)})`,
      [timestampValue(clock())],
      [TIMESTAMP],
    );
    await refuseInexact(work, feature.name);
  } finally {
    await later.close();
  }
}
