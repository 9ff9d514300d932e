import { randomUUID } from 'node:crypto';
import { BigtableOnlineStore } from '../../datasources/online/bigtable/bigtable-online-store.js';
import type { BigtableSettings } from '../../datasources/registry/model.js';
import { systemClock } from '../../values/clock.js';
import { benchRegistry } from '../bench-registry.js';

/**
 * Reads of 10 of the bench registry's features from Bigtable, by the number of keys asked at once, one read after the
 * other. Against an emulator (BIGTABLE_EMULATOR_HOST) it measures the gateway's side, not Bigtable's.
 */
const ENTITIES = 5000;
const SECONDS = Number(process.argv[2] ?? 5);
const NOW = 1_000_000_000_000_000n;

const { Bigtable } = await import('@google-cloud/bigtable');
const settings: BigtableSettings = {
  kind: 'BIGTABLE',
  project: 'bench',
  instance: 'bench',
  table: `bench-${process.pid}`,
  columnFamily: 'f',
  appProfile: null,
  readDeadlineMs: 3000,
  versionRetentionSeconds: 0,
};
const client = new Bigtable({ projectId: settings.project, metricsEnabled: false });
const [table] = await client
  .instance(settings.instance)
  .createTable(settings.table, { families: [{ name: 'f', rule: { versions: 1 } }] });
const store = await BigtableOnlineStore.open(settings, { clock: systemClock, newId: randomUUID });
const entityType = benchRegistry().entityType('bench', 'thing');
const [source] = entityType.sources;
if (!source) throw new Error('the bench registry has one source');
const features = entityType.features.slice(0, 10);
const valueOf = { DOUBLE: 1.5, INT64: 7n, STRING: 'value', BOOL: true } as const;
const values = new Map(features.map(({ name, valueType }) => [name, valueOf[valueType as keyof typeof valueOf]]));

const begun = performance.now();
await store.write(
  entityType,
  Array.from({ length: ENTITIES }, (_, index) => ({
    entityId: `e${index}`,
    source,
    version: { timestamp: NOW, createdTimestamp: null, sequence: null },
    values,
  })),
);
console.log(`written: ${Math.round(ENTITIES / ((performance.now() - begun) / 1000))} entities/s of 10 features`);

for (const keys of [1, 100, 1000]) {
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const entityIds = Array.from({ length: keys }, (_, index) => `e${(turn * 197 + index * 31) % ENTITIES}`);
    const start = performance.now();
    await store.read({ entityType, entityIds, features, now: NOW });
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  console.log(
    `${String(keys).padStart(4)} keys: ${(times.length / SECONDS).toFixed(0)} reads/s, ` +
      `${((times.length * keys) / SECONDS).toFixed(0)} entities/s, median ${times[times.length >> 1]?.toFixed(1)} ms`,
  );
}
await table.delete();
await Promise.all([store.close(), client.close()]);
