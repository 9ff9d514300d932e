import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { BigtableOnlineStore } from '../../datasources/online/bigtable/bigtable-online-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { FillableOnlineStore } from '../../datasources/online/online-store.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import {
  describeWithBigtable,
  openTestStore,
  startBigtableEmulator,
  type BigtableEmulator,
} from '../support/google/bigtable-emulator.js';
import type { BigQueryServer } from '../support/google/bigquery-server/server.js';
import { openTestStore as openBigQuery, startBigQuery } from '../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../support/google/with-googlesql.js';
import { pointInTimeProblem, type PointInTimeProblem } from '../support/point-in-time-arbitrary.js';
import { testEntityType } from '../support/test-registry.js';

let database: DuckDbDatabase;
let entityTypes = 0;
const numRuns = Number(process.env.PROPERTY_RUNS ?? 60);

beforeAll(async () => {
  database = await DuckDbDatabase.open(':memory:');
});
afterAll(() => database.close());

/** Later than every timestamp of the problems, and near enough for their ttls to matter. */
const NOW = 1_000_000_000_000_006n;

describe('LMDB', () => {
  let folder: string;
  let online: LmdbOnlineStore;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'featuregraph-agree-'));
    online = new LmdbOnlineStore(folder);
  });
  afterAll(async () => {
    await online.close();
    await rm(folder, { recursive: true });
  });

  agreesWithOffline(() => online);
});

describeWithGoogleSql('LMDB, filled from BigQuery', () => {
  let folder: string;
  let online: LmdbOnlineStore;
  let server: BigQueryServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'featuregraph-agree-'));
    online = new LmdbOnlineStore(folder);
    server = await startBigQuery(() => NOW);
  });
  afterAll(async () => {
    await online.close();
    await rm(folder, { recursive: true });
    await server.stop();
  });

  it('the online store and the offline store as of now give the same cells', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const entityType = testEntityType({ name: `thing_${(entityTypes += 1)}`, ...problem.entityType });
        const [source] = entityType.sources;
        const { features } = entityType;
        const offline = await openBigQuery(server, entityType);
        await offline.append(source!, problem.rows);
        for await (const batch of offline.newest(source!)) await online.write(entityType, batch);
        const entityIds = [...new Set([...problem.rows.map((row) => row.entityId!), 'never,seen'])];
        const labels = entityIds.map((entityId) => ({ entityId, time: problem.latest }));
        const asOfNow = await offline.pointInTime({ entityType, labels, features });
        expect(await online.read({ entityType, entityIds, features, now: problem.latest })).toEqual(asOfNow);
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });
});

describeWithBigtable('Bigtable', () => {
  let emulator: BigtableEmulator;
  let online: BigtableOnlineStore;
  beforeAll(async () => {
    emulator = await startBigtableEmulator();
    online = await openTestStore(emulator.endpoint, { versionRetentionSeconds: 1 });
  });
  afterAll(async () => {
    await online.close();
    await emulator.stop();
  });

  agreesWithOffline(() => online);

  it('answers reads of the past as the offline store does, or not at all', { timeout: 300_000 }, async () => {
    // The retention begins in the middle of the histories.
    const now = 1_000_000_000_999_998n;
    const answered = { yes: 0, no: 0 };
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const { entityType, source, offline } = await openOffline(problem);
        for (const row of problem.rows) await online.write(entityType, [onlineWrite(source, row)]);
        const { features } = entityType;
        const labels = problem.labels.flatMap(({ entityId, time }) =>
          entityId === null || time === null ? [] : [{ entityId, time }],
        );
        if (labels.length === 0) return;
        const expected = await offline.pointInTime({ entityType, labels, features });
        for (const [index, { entityId, time }] of labels.entries()) {
          const [row] = await online.versions!.readAsOf({
            entityType,
            entityIds: [entityId],
            features,
            now,
            asOf: time,
          });
          row!.forEach((cell, feature) => {
            answered[cell === undefined ? 'no' : 'yes'] += 1;
            if (cell !== undefined) expect(cell).toEqual(expected[index]![feature]);
          });
        }
      }),
      { numRuns },
    );
    // Neither never nor always: the property would say nothing.
    expect(answered.yes).toBeGreaterThan(0);
    expect(answered.no).toBeGreaterThan(0);
  });
});

function agreesWithOffline(openOnline: () => FillableOnlineStore): void {
  it('the online store and the offline store as of now give the same cells', { timeout: 300_000 }, async () => {
    const online = openOnline();
    await fc.assert(
      fc.asyncProperty(pointInTimeProblem, async (problem) => {
        const { entityType: written, source, offline } = await openOffline(problem);
        const { entityType: synced, source: syncedSource, offline: syncedOffline } = await openOffline(problem);
        // One way into the online store is writing rows as they come, the other is a sync from the offline store.
        for (const row of problem.rows) await online.write(written, [onlineWrite(source, row)]);
        for await (const batch of syncedOffline.newest(syncedSource)) await online.write(synced, batch);

        const entityIds = [...new Set([...problem.rows.map((row) => row.entityId!), 'never,seen'])];
        const asOfNow = await offline.pointInTime({
          entityType: written,
          labels: entityIds.map((entityId) => ({ entityId, time: problem.latest })),
          features: written.features,
        });
        for (const entityType of [written, synced]) {
          const cells = await online.read({
            entityType,
            entityIds,
            features: entityType.features,
            now: problem.latest,
          });
          expect(cells).toEqual(asOfNow);
        }
      }),
      { numRuns },
    );
  });

  it(
    'filled from the offline store at any moment, the online store knows nothing later',
    { timeout: 300_000 },
    async () => {
      const online = openOnline();
      await fc.assert(
        fc.asyncProperty(pointInTimeProblem, async (problem) => {
          const { entityType, source, offline } = await openOffline(problem, { sql: 'computed.sql' });
          const { features } = entityType;
          const entityIds = [...new Set([...problem.rows.map((row) => row.entityId!), 'never,seen'])];
          for (const now of new Set(problem.labels.flatMap(({ time }) => time ?? []))) {
            await online.fill(entityType, {
              fingerprint: `as of ${now}`,
              expectedFill: await online.currentFill(entityType),
              readWrites: () => offline.newest(source, { asOf: now }),
            });
            const labels = entityIds.map((entityId) => ({ entityId, time: now }));
            const asOfNow = await offline.pointInTime({ entityType, labels, features });
            expect(await online.read({ entityType, entityIds, features, now })).toEqual(asOfNow);
          }
        }),
        { numRuns },
      );
    },
  );
}

/** An entity type of the problem's kind, with the problem's rows in the offline store. */
async function openOffline(problem: PointInTimeProblem, { sql }: { readonly sql?: string } = {}) {
  const sources = problem.entityType.sources.map((source) => ({ ...source, ...(sql === undefined ? {} : { sql }) }));
  const entityType: EntityType = testEntityType({
    name: `thing_${(entityTypes += 1)}`,
    ...problem.entityType,
    sources,
  });
  const source: FeatureSource = entityType.sources[0]!;
  const offline = await DuckDbOfflineStore.open(database, entityType.sources);
  await offline.append(source, problem.rows);
  return { entityType, source, offline };
}

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
