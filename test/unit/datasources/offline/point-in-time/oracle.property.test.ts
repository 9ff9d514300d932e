import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DuckDbDatabase } from '../../../../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../../../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { OfflineStore } from '../../../../../datasources/offline/offline-store.js';
import type { EntityType } from '../../../../../datasources/registry/model.js';
import type { BigQueryServer } from '../../../../support/google/bigquery-server/server.js';
import { withBulkReads } from '../../../../support/bulk-reads.js';
import { DATASET, openTestStore, PROJECT, startBigQuery } from '../../../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../../../support/google/with-googlesql.js';
import { openHistoryStores, type HistoryStores } from '../../../../support/history-store.js';
import { pointInTimeProblem } from '../../../../support/point-in-time-arbitrary.js';
import { oracleCell, oracleWrittenAfter } from '../../../../support/point-in-time-oracle.js';
import { openSortingAsof } from '../../../../support/sorting-asof.js';
import { testEntityType } from '../../../../support/test-registry.js';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 150);
/** Each run makes a table and sends it over a socket. */
const BIGQUERY_RUNS = Math.ceil(RUNS / 3);

describe.each(['lookup', 'timeline'] as const)('the point-in-time compiler, DuckDB, %s form', (form) => {
  let database: DuckDbDatabase;
  beforeAll(async () => {
    database = await openSortingAsof();
  });
  afterAll(() => database.close());

  it('gives what looking at every row for every label gives', { timeout: 300_000 }, () =>
    agreesWithOracle((entityType) => DuckDbOfflineStore.open(database, entityType.sources, { form }), RUNS),
  );
});

describe.each(['COPIED', 'WRITTEN'] as const)('the key-value history, rows %s', (way) => {
  let stores: HistoryStores;
  beforeAll(async () => {
    stores = await openHistoryStores(way);
  });
  afterAll(() => stores.dispose());

  it('gives what looking at every row for every label gives', { timeout: 300_000 }, async () => {
    await agreesWithOracle((entityType) => stores.storeFor(entityType), RUNS);
    expect(new Set(stores.outcomes)).toEqual(new Set(['HISTORY']));
  });
});

describeWithGoogleSql('the point-in-time compiler, BigQuery', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery(() => 1_000_000_000_000_000n);
  });
  afterAll(() => server.stop());

  it('gives what looking at every row for every label gives', { timeout: 300_000 }, () =>
    agreesWithOracle((entityType) => openTestStore(server, entityType), BIGQUERY_RUNS),
  );

  it('gives the same for labels that are loaded, and leaves none of them behind', { timeout: 300_000 }, async () => {
    await agreesWithOracle(async (entityType) => withBulkReads(await openTestStore(server, entityType)), BIGQUERY_RUNS);
    expect(server.tables.idsOf(PROJECT, DATASET).filter((id) => id.includes('labels'))).toEqual([]);
  });
});

let entityTypes = 0;

async function agreesWithOracle(
  open: (entityType: EntityType) => Promise<Pick<OfflineStore, 'append' | 'pointInTime'>>,
  numRuns: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(pointInTimeProblem, async (problem) => {
      const entityType = testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem.entityType });
      const store = await open(entityType);
      await store.append(entityType.sources[0]!, problem.rows);
      const cells = await store.pointInTime({
        entityType,
        labels: problem.labels,
        features: entityType.features,
        options: problem.options,
        writtenAfter: true,
      });
      const expected = problem.labels.map((label) =>
        entityType.features.map((feature) => ({
          ...oracleCell(problem.rows, label, feature, problem.options),
          writtenAfter: oracleWrittenAfter(problem.rows, label, feature, problem.options),
        })),
      );
      expect(cells).toEqual(expected);
    }),
    { numRuns },
  );
}
