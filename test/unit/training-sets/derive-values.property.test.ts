import { LIST, listValue, VARCHAR, BIGINT } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { historyTable } from '../../../datasources/duckdb/history-table.js';
import { fromDuckDb, instantFromDuckDb } from '../../../datasources/duckdb/value-mapping.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { planPointInTime, timeColumnName, type SourcePlan } from '../../../datasources/offline/point-in-time/plan.js';
import { deriveValues } from '../../../training-sets/derive-values.js';
import type { PlannedColumn } from '../../../training-sets/training-set-plan.js';
import { pointInTimeProblem } from '../../support/point-in-time-arbitrary.js';
import { oracleCell } from '../../support/point-in-time-oracle.js';
import type { RawValue } from '../../../values/value-type.js';
import { openSortingAsof } from '../../support/sorting-asof.js';
import { testEntityType } from '../../support/test-registry.js';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 100);

let database: DuckDbDatabase;
beforeAll(async () => {
  database = await openSortingAsof();
});
afterAll(() => database.close());

function columnsOf(source: SourcePlan): PlannedColumn[] {
  const isStatic = source.source.timestampColumn === null;
  return source.features.map((feature) => ({
    name: feature.feature.name,
    source,
    feature,
    timeColumn: isStatic ? null : timeColumnName(source, feature),
    timestampName: null,
    writtenAfterColumn: null,
  }));
}

/** The derived values are compared by SQL, for which minus zero is zero. */
function withOneZero(value: RawValue | null): RawValue | null {
  if (value === 0) return 0;
  return Array.isArray(value) ? (value.map((item: unknown) => (item === 0 ? 0 : item)) as RawValue) : value;
}

let entityTypes = 0;

it.each(['ALL_LABELS', 'FIRST_LABEL'] as const)(
  'derives what looking at every row for every label gives, %s',
  { timeout: 300_000 },
  async (way) => {
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const entityType = testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem.entityType });
        const store = await DuckDbOfflineStore.open(database, entityType.sources);
        await store.append(entityType.sources[0]!, problem.rows);
        const { sources, options } = planPointInTime(
          [{ entityColumn: 'entity_0', features: entityType.features }],
          problem.options,
        );
        const source = sources[0]!;
        const { sql, columns } = deriveValues(source, columnsOf(source), options, historyTable(source.source), way);
        const rows = await database.use(async (connection) => {
          await connection.run(
            `CREATE OR REPLACE TEMP TABLE sample AS SELECT unnest(range(len($1))) AS row_id,
             unnest($1) AS entity_0, make_timestamp(unnest($2)) AS label_time`,
            [
              listValue(problem.labels.map(({ entityId }) => entityId)),
              listValue(problem.labels.map(({ time }) => time)),
            ],
            [LIST(VARCHAR), LIST(BIGINT)],
          );
          return (await connection.runAndReadAll(sql)).getRowObjects();
        });
        const byRow = new Map(rows.map((row) => [Number(row.row_id), row]));
        expect(byRow.size).toBe(rows.length);
        const derived = problem.labels.map((_, label) =>
          entityType.features.map((feature, index) => {
            const row = byRow.get(label);
            const { value, time } = columns[index]!;
            return {
              value: withOneZero(fromDuckDb(feature.valueType, row?.[value] ?? null)),
              timestamp: instantFromDuckDb(time === null ? null : row?.[time]),
            };
          }),
        );
        const expected = problem.labels.map((label) =>
          entityType.features.map((feature) => {
            const { value, timestamp } = oracleCell(problem.rows, label, feature, { ...options, includeExpired: true });
            return { value: withOneZero(value), timestamp };
          }),
        );
        expect(derived).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  },
);

it('looks at each row of the history once, however many labels its entity has', async () => {
  const entityType = testEntityType({
    name: 'hub',
    dense: true,
    sources: [{ features: [{ name: 'count', valueType: 'INT64' }] }],
  });
  await DuckDbOfflineStore.open(database, entityType.sources);
  const { sources, options } = planPointInTime([{ entityColumn: 'entity_0', features: entityType.features }]);
  const source = sources[0]!;
  const table = historyTable(source.source);
  const { sql } = deriveValues(source, columnsOf(source), options, table, 'FIRST_LABEL');
  const text = await database.use(async (connection) => {
    await connection.run(
      `INSERT INTO ${table} SELECT 'one', make_timestamp(r), NULL, NULL, r FROM range(20000) AS rows(r)`,
    );
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE sample AS
       SELECT r AS row_id, 'one' AS entity_0, make_timestamp(r * 20) AS label_time FROM range(1000) AS labels(r)`,
    );
    const plan = await connection.runAndReadAll(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
    return String(plan.getRows()[0]?.[1]);
  });
  const cardinalities = [...text.matchAll(/"operator_cardinality": (\d+)/g)].map(([, rows]) => Number(rows));
  expect(cardinalities.length).toBeGreaterThan(5);
  expect(Math.max(...cardinalities)).toBe(20_000);
});
