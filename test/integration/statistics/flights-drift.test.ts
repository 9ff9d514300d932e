import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { historyTable } from '../../../datasources/duckdb/history-table.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { TimeRange } from '../../../datasources/offline/statistics-read.js';
import type { Feature } from '../../../datasources/registry/model.js';
import { distanceBetween, MAX_CATEGORIES, metricOf } from '../../../statistics/compare-distributions.js';
import { parseInstant } from '../../../values/instant.js';
import { testEntityType } from '../../support/test-registry.js';

const FLIGHTS = join(import.meta.dirname, '../../../node_modules/vega-datasets/data/flights-3m.parquet');

/** The flights of the ten busiest airports, each a row. The delays of May are those of the file times 1.5. */
const PLANTED = 'planted';
/** The same flights as the file has them. */
const ORIGINAL = 'original';

const features = [
  { name: 'delay', valueType: 'INT64' as const },
  { name: 'distance', valueType: 'INT64' as const },
  { name: 'hour', valueType: 'INT64' as const },
  { name: 'destination', valueType: 'STRING' as const },
];

let database: DuckDbDatabase;
const stores = new Map<string, { readonly store: DuckDbOfflineStore; readonly features: readonly Feature[] }>();

beforeAll(async () => {
  database = await DuckDbDatabase.open(':memory:');
  for (const name of [ORIGINAL, PLANTED]) {
    const entityType = testEntityType({ name, sources: [{ features }] });
    const store = await DuckDbOfflineStore.open(database, entityType.sources);
    stores.set(name, { store, features: entityType.features });
    const factor = name === PLANTED ? `CASE WHEN month(date) = 5 THEN 1.5 ELSE 1 END` : '1';
    await database.transaction(async (connection) => {
      // Flights of one minute are told apart by microseconds.
      await connection.run(`INSERT INTO ${historyTable(entityType.sources[0]!)}
        SELECT origin, date + to_microseconds(row_number() OVER (PARTITION BY origin, date)), NULL, NULL,
          CAST(delay * ${factor} AS BIGINT), distance, hour(date), destination
        FROM '${FLIGHTS}'
        WHERE origin IN (SELECT origin FROM '${FLIGHTS}' GROUP BY origin ORDER BY count(*) DESC, origin LIMIT 10)
          AND date < '2001-06-01'`);
    });
  }
}, 300_000);
afterAll(() => database.close());

const month = (number: number): TimeRange => ({
  from: parseInstant(`2001-0${number}-01T00:00:00Z`),
  before: parseInstant(`2001-0${number + 1}-01T00:00:00Z`),
});

async function drift(name: string, feature: string, baseline: number, later: number): Promise<number> {
  const { store, features } = stores.get(name)!;
  const of = features.find((one) => one.name === feature)!;
  const ranges = [month(baseline), month(later)];
  const read = { feature: of, ranges, entityIds: null, bins: 50, maxTopValues: MAX_CATEGORIES };
  return distanceBetween(of, metricOf(of, null), await store.statistics(read))!;
}

/** The features whose distance between two months is more than twice as large as between any two months before. */
async function findDrift(name: string, later: number): Promise<string[]> {
  const found: string[] = [];
  for (const { name: feature } of features) {
    const earlier: number[] = [];
    for (let before = 1; before + 1 < later; before += 1) earlier.push(await drift(name, feature, before, before + 1));
    const driftThreshold = 2 * Math.max(...earlier);
    if ((await drift(name, feature, later - 1, later)) > driftThreshold) found.push(feature);
  }
  return found;
}

describe('drift of real flights', () => {
  it('is in no feature between April and May of 2001', async () => {
    expect(await findDrift(ORIGINAL, 5)).toEqual([]);
  }, 300_000);

  it('is in the delay, and in no other feature, if the delays of May are 1.5 times as long', async () => {
    expect(await findDrift(PLANTED, 5)).toEqual(['delay']);
  }, 300_000);
});
