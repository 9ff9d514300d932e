import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../datasources/offline/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import { pointInTimeProblem } from '../support/point-in-time-arbitrary.js';
import { testEntityType } from '../support/test-registry.js';

let folder: string;
let online: LmdbOnlineStore;
let database: DuckDbDatabase;
let entityTypes = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'featuregraph-agree-'));
  online = new LmdbOnlineStore(folder);
  database = await DuckDbDatabase.open(':memory:');
});
afterAll(async () => {
  await online.close();
  database.close();
  await rm(folder, { recursive: true });
});

/** Later than every timestamp of the problems, and near enough for their ttls to matter. */
const NOW = 1_000_000_000_000_006n;

it('the online store and the offline store as of now give the same cells', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(pointInTimeProblem, async (problem) => {
      const [written, synced] = [1, 2].map(() =>
        testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem.entityType }),
      ) as [EntityType, EntityType];
      const offline = await DuckDbOfflineStore.open(database, [...written.sources, ...synced.sources]);
      const [source, syncedSource] = [written.sources[0], synced.sources[0]] as [FeatureSource, FeatureSource];

      await offline.append(source, problem.rows);
      await offline.append(syncedSource, problem.rows);
      // One way into the online store is writing rows as they come, the other is a sync from the offline store.
      for (const row of problem.rows) await online.write(written, [onlineWrite(source, row)]);
      for await (const batch of offline.newest(syncedSource)) await online.write(synced, batch);

      const entityIds = [...new Set([...problem.rows.map((row) => row.entityId!), 'never,seen'])];
      const asOfNow = await offline.pointInTime({
        entityType: written,
        labels: entityIds.map((entityId) => ({ entityId, time: NOW })),
        features: written.features,
      });
      expect(await online.read({ entityType: written, entityIds, features: written.features, now: NOW })).toEqual(
        asOfNow,
      );
      expect(await online.read({ entityType: synced, entityIds, features: synced.features, now: NOW })).toEqual(
        asOfNow,
      );
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 60) },
  );
});

function onlineWrite(source: FeatureSource, row: FeatureRow) {
  return {
    entityId: row.entityId!,
    source,
    version: {
      timestamp: row.timestamp,
      createdTimestamp: row.createdTimestamp ?? null,
      sequence: row.sequence ?? null,
    },
    values: row.values,
  };
}
