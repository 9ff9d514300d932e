import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbOfflineStore } from '../../../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { parseInstant } from '../../../../../values/instant.js';
import type { BigQueryServer } from '../../../../support/google/bigquery-server/server.js';
import { withBulkReads } from '../../../../support/bulk-reads.js';
import { openTestStore, PROJECT, startBigQuery } from '../../../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../../../support/google/with-googlesql.js';
import { sentQuery } from '../../../../support/google/sent-query.js';
import { openHistoryStores } from '../../../../support/history-store.js';
import {
  caseEntityType,
  hasMixedTypes,
  isFinerThanMicroseconds,
  latestCaseTime,
  readCases,
  runCase,
  listTimes,
  type PointInTimeCase,
} from '../../../../support/point-in-time-case.js';
import { openSortingAsof } from '../../../../support/sorting-asof.js';

/** More cases of the same form can be run: PIT_CASES names a folder of them. */
const folder = process.env.PIT_CASES ?? join(import.meta.dirname, '../../../../cases/pit');
const cases = existsSync(folder) ? readCases(folder) : [];
/** Of the registry: as many seconds as a number holds exactly in microseconds. */
const MAX_TTL_SECONDS = 9_007_199_254;

const byId = (chosen: readonly PointInTimeCase[]) => chosen.map((pit) => [pit.id, pit] as const);
const tooFine = cases.filter(isFinerThanMicroseconds);
const tooLong = cases.filter(({ options }) => (options.ttlSeconds ?? 0) > MAX_TTL_SECONDS);
const mixed = cases.filter(hasMixedTypes);
const notRun = new Set([...tooFine, ...tooLong, ...mixed]);
const named = byId(cases.filter((pit) => !notRun.has(pit)));

it('finds the point-in-time cases', () => {
  expect(cases.length).toBeGreaterThan(0);
});

// Docs and `parseInstant` say why: a time that is rounded may show a value before it was true.
it.each(byId(tooFine))('%s is refused: it has a time finer than a microsecond', (_id, pit) => {
  expect(() => listTimes(pit).map(parseInstant)).toThrow(/finer than a microsecond/);
});

it.each(byId(tooLong))('%s is refused: no registry takes a time to live of so long', (_id, pit) => {
  expect(() => caseEntityType(pit)).toThrow(/ttlSeconds is a number of seconds from 0/);
});

it.skip.each(byId(mixed))('%s is not run: it has a feature of several types', () => undefined);

describe.each(['lookup', 'timeline'] as const)('point-in-time cases, DuckDB, %s form', (form) => {
  it.each(named)('%s', async (_id, pit) => {
    const entityType = caseEntityType(pit);
    const store = await DuckDbOfflineStore.open(await openSortingAsof(), entityType.sources, { form });
    try {
      expect(await runCase(store, entityType, pit)).toEqual(expectedOf(pit));
    } finally {
      await store.close();
    }
  });
});

describe.each(['COPIED', 'WRITTEN'] as const)('point-in-time cases, the key-value history, rows %s', (way) => {
  it.each(named)('%s', async (_id, pit) => {
    const entityType = caseEntityType(pit);
    const stores = await openHistoryStores(way);
    try {
      expect(await runCase(await stores.storeFor(entityType), entityType, pit)).toEqual(expectedOf(pit));
      expect(stores.outcomes).not.toContain('ABSENT');
    } finally {
      await stores.dispose();
    }
  });
});

describeWithGoogleSql('point-in-time cases, BigQuery', () => {
  let server: BigQueryServer;
  beforeAll(async () => {
    server = await startBigQuery();
  });
  afterAll(() => server.stop());

  it.each(named)('%s', async (id, pit) => {
    const entityType = caseEntityType(pit);
    // BigQuery takes streamed rows of the last ten years only, and the cases are older.
    server.tables.now = () => latestCaseTime(pit);
    server.tables.addDataset(PROJECT, id, 'EU');
    const store = await openTestStore(server, entityType, { dataset: id });
    expect(await runCase(store, entityType, pit)).toEqual(expectedOf(pit));
    // What the client sent and BigQuery ran, for a reviewer to read.
    if (!process.env.PIT_CASES) {
      await expect(sentQuery(server, id)).toMatchFileSnapshot(`../../../../golden/point-in-time/bigquery/${id}.sql`);
    }
  });

  it.each(named)('%s, its labels loaded', async (id, pit) => {
    const entityType = caseEntityType(pit);
    server.tables.now = () => latestCaseTime(pit);
    server.tables.addDataset(PROJECT, id, 'EU');
    // The table of the labels must not be over before it is used.
    const clock = () => latestCaseTime(pit);
    const store = await openTestStore(server, entityType, { dataset: id }, { clock });
    expect(await runCase(withBulkReads(store), entityType, pit)).toEqual(expectedOf(pit));
    if (id === 'bigquery_example3') {
      const sent = sentQuery(server, id).replaceAll(/featuregraph_labels_\w+/g, 'featuregraph_labels_ID');
      await expect(sent).toMatchFileSnapshot(`../../../../golden/point-in-time/bigquery-loaded/${id}.sql`);
    }
  });
});

function expectedOf(pit: PointInTimeCase): Record<string, unknown>[] {
  return pit.expected.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isInteger(value) ? expect.closeTo(value, 9) : value,
      ]),
    ),
  );
}
