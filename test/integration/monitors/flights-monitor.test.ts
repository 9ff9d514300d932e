import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../../datasources/duckdb/database.js';
import { historyTable } from '../../../datasources/duckdb/history-table.js';
import { DuckDbOfflineStore } from '../../../datasources/offline/duckdb/duckdb-offline-store.js';
import { measureFeature, toRanges, toRead } from '../../../monitors/measure.js';
import type { Registry } from '../../../datasources/registry/registry.js';
import type { MonitorCheck } from '../../../monitors/monitors.js';
import { parseInstant } from '../../../values/instant.js';
import { testRegistry } from '../../support/test-registry.js';

const FLIGHTS = join(import.meta.dirname, '../../../node_modules/vega-datasets/data/flights-3m.parquet');
const DAY = 86_400;

/**
 * The day of the week is left out: in the file as it is, its distance in the last four weeks is more than twice that of earlier
 * ones, so a finding in it would say nothing of what is planted.
 */
const FEATURES = [
  { name: 'delay', valueType: 'INT64' as const },
  { name: 'distance', valueType: 'INT64' as const },
  { name: 'hour', valueType: 'INT64' as const },
  { name: 'destination', valueType: 'STRING' as const },
  { name: 'length', valueType: 'INT64' as const },
];

/** Four weeks, whose end is the moment of the run: those from 4 May, and the baseline before them. */
const PLANTED_END = '2001-06-01T00:00:00Z';
/** The ends of earlier windows, of which nothing is changed. */
const EARLIER_ENDS = ['2001-03-09T00:00:00Z', '2001-04-06T00:00:00Z', '2001-05-04T00:00:00Z'];

const NAMES = ['original', 'planted'];
const monitor = { windowSeconds: 28 * DAY, checks: { drift: {}, maxNullShare: 0.1 } };

/** The registry with thresholds for features, by name; 0 for others. */
function createRegistry(thresholds: ReadonlyMap<string, number>) {
  const features = FEATURES.map((feature) => ({ ...feature, driftThreshold: thresholds.get(feature.name) ?? 0 }));
  return testRegistry({
    name: 'flights',
    entityTypes: NAMES.map((name) => ({ name, sources: [{ features }] })),
    monitors: NAMES.map((name) => ({ ...monitor, name, entityType: name })),
  });
}

const unthresholded = createRegistry(new Map());

let database: DuckDbDatabase;
let store: DuckDbOfflineStore;
let registry: Registry;

beforeAll(async () => {
  const { entityTypes } = unthresholded.featurestore('flights');
  database = await DuckDbDatabase.open(':memory:');
  store = await DuckDbOfflineStore.open(
    database,
    entityTypes.flatMap(({ sources }) => sources),
  );
  for (const { name, sources } of entityTypes) {
    const planted = name === 'planted' ? `date >= '2001-05-04'` : 'false';
    await database.transaction(async (connection) => {
      // The flights of the ten busiest airports. Flights of one minute are told apart by microseconds.
      await connection.run(`INSERT INTO ${historyTable(sources[0]!)}
        SELECT origin, date + to_microseconds(row_number() OVER (PARTITION BY origin, date)), NULL, NULL,
          CAST(delay * CASE WHEN ${planted} THEN 1.5 ELSE 1 END AS BIGINT), distance, hour(date),
          CASE WHEN ${planted} AND destination = 'LAX' THEN 'SFO' ELSE destination END,
          CASE WHEN ${planted} AND minute(date) % 3 = 0 THEN NULL ELSE distance END
        FROM '${FLIGHTS}'
        WHERE origin IN (SELECT origin FROM '${FLIGHTS}' GROUP BY origin ORDER BY count(*) DESC, origin LIMIT 10)
          AND date >= '2001-01-12' AND date < '2001-06-01'`);
    });
  }
  registry = createRegistry(await learnThresholds());
}, 300_000);
afterAll(() => database.close());

const payer = { admit: () => Promise.reject(new Error('DuckDB sends no bill')) };

async function checksOf(from: Registry, name: string, end: string): Promise<MonitorCheck[]> {
  const of = from.featurestore('flights').monitors.find((each) => each.name === name)!;
  const ranges = toRanges(of, parseInstant(end));
  const { signal } = new AbortController();
  const found: MonitorCheck[] = [];
  for (const feature of of.features) {
    found.push(...(await measureFeature(of, toRead(of, feature, ranges), store, { payer, signal })).checks);
  }
  return found;
}

/** Twice the largest distance between earlier windows, as in test/integration/statistics/flights-drift.test.ts. */
async function learnThresholds(): Promise<Map<string, number>> {
  const largest = new Map<string, number>();
  for (const end of EARLIER_ENDS) {
    for (const { check, feature, value } of await checksOf(unthresholded, 'original', end)) {
      if (check === 'DRIFT') largest.set(feature!, Math.max(largest.get(feature!) ?? 0, 2 * value!));
    }
  }
  return largest;
}

const findingsOf = async (name: string) =>
  (await checksOf(registry, name, PLANTED_END))
    .filter(({ isFinding }) => isFinding)
    .map(({ check, feature }) => `${check} ${feature}`);

describe('a monitor of real flights', () => {
  it('finds nothing in four weeks that are as the four before', async () => {
    expect(await findingsOf('original')).toEqual([]);
  }, 300_000);

  it('finds delays times 1.5, a category that vanished and nulls that rose, and no other feature', async () => {
    expect(await findingsOf('planted')).toEqual(['DRIFT delay', 'DRIFT destination', 'NULL_SHARE length']);
  }, 300_000);
});
