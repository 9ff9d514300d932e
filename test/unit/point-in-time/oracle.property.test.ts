import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DuckDbDatabase } from '../../../datasources/offline/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { pointInTimeProblem } from '../../support/point-in-time-arbitrary.js';
import { oracleCell } from '../../support/point-in-time-oracle.js';
import { openSortingAsof } from '../../support/sorting-asof.js';
import { testEntityType } from '../../support/test-registry.js';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 150);

describe.each(['lookup', 'timeline'] as const)('the point-in-time compiler, %s form', (form) => {
  let database: DuckDbDatabase;
  let entityTypes = 0;
  beforeAll(async () => {
    database = await openSortingAsof();
  });
  afterAll(() => database.close());

  it('gives what looking at every row for every label gives', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const entityType = testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem.entityType });
        const store = await DuckDbOfflineStore.open(database, entityType.sources, form);
        await store.append(entityType.sources[0]!, problem.rows);
        const cells = await store.pointInTime({
          entityType,
          labels: problem.labels,
          features: entityType.features,
          options: problem.options,
        });
        const expected = problem.labels.map((label) =>
          entityType.features.map((feature) => oracleCell(problem.rows, label, feature, problem.options)),
        );
        expect(cells).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });
});
