import { randomUUID } from 'node:crypto';
import { BigtableOnlineStore } from '../../datasources/online/bigtable/bigtable-online-store.js';
import { rowKey } from '../../datasources/online/bigtable/row-key.js';
import { registryDocument } from '../../datasources/registry/document/document.js';
import { toModel } from '../../datasources/registry/document/to-model.js';
import type { BigtableSettings, EntityType, Feature } from '../../datasources/registry/model.js';
import { Registry } from '../../datasources/registry/registry.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import { systemClock } from '../../values/clock.js';

/**
 * A fill of Bigtable, and reads of some and of all 50 features of an entity type, one read after the other. The last
 * lines read the same cells by a regular expression of the columns' names and without any filter of columns. Against an
 * emulator (BIGTABLE_EMULATOR_HOST) it measures the emulator, not Bigtable.
 */
const ENTITIES = Number(process.argv[3] ?? 5000);
const SECONDS = Number(process.argv[2] ?? 3);
const FEATURES = 50;
const NOW = 1_000_000_000_000_000n;

const { Bigtable } = await import('@google-cloud/bigtable');
const settings: BigtableSettings = {
  kind: 'BIGTABLE',
  project: 'bench',
  instance: 'bench',
  table: `bench-${process.pid}`,
  columnFamily: 'f',
  appProfile: null,
  readDeadlineMs: 60_000,
  fillRowsPerSecond: 1_000_000,
  versionRetentionSeconds: 0,
};
const client = new Bigtable({ projectId: settings.project, metricsEnabled: false });
const [table] = await client
  .instance(settings.instance)
  .createTable(settings.table, { families: [{ name: 'f', rule: { versions: 1 } }] });
const store = await BigtableOnlineStore.open(settings, { clock: systemClock, newId: randomUUID });
const entityType = wideEntityType();
const { features } = entityType;

await measureFill('first fill of an empty table', undefined, 'first');
await measureFill('fill of a full table', 'first', 'second');
for (const keys of [1, 100, 1000]) {
  await measure(`${keys} keys x 10 neighbouring features`, keys, readFeatures(features.slice(0, 10)));
  await measure(`${keys} keys x 10 scattered features`, keys, readFeatures(features.filter((_, at) => at % 5 === 0)));
  await measure(`${keys} keys x all ${FEATURES} features`, keys, readFeatures(features));
}
const columns = ['=$values', ...features.map(({ name }) => `=${name}`)];
const expression = { column: { name: `^(?:${columns.map((name) => name.replace('$', '\\$')).join('|')})$` } };
await measure(`100 keys x all ${FEATURES} features by a regular expression`, 100, readFiltered([expression]));
await measure(`100 keys x all ${FEATURES} features without a filter of columns`, 100, readFiltered([]));
await table.delete();
await Promise.all([store.close(), client.close()]);

async function measureFill(name: string, expectedFill: string | undefined, fingerprint: string): Promise<void> {
  const begun = performance.now();
  await store.fill(entityType, { fingerprint, expectedFill, readWrites: listWrites });
  const perSecond = Math.round(ENTITIES / ((performance.now() - begun) / 1000));
  console.log(`${name}: ${perSecond} entities/s of ${FEATURES} features`);
}

async function measure(name: string, keys: number, read: (ids: string[]) => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  const end = performance.now() + SECONDS * 1000;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const ids = Array.from({ length: keys }, (_, index) => `e${(turn * 197 + index * 31) % ENTITIES}`);
    const start = performance.now();
    await read(ids);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  const perSecond = (times.length * keys) / SECONDS;
  console.log(`${name}: median ${times[times.length >> 1]?.toFixed(1)} ms, ${perSecond.toFixed(0)} entities/s`);
}

function readFeatures(some: readonly Feature[]) {
  return (entityIds: readonly string[]) => store.read({ entityType, entityIds, features: some, now: NOW });
}

function readFiltered(filter: readonly object[]) {
  return (ids: readonly string[]) =>
    table.getRows({
      keys: ids.map((id) => rowKey(entityType, id)),
      decode: false,
      filter: [{ family: 'f' }, ...filter, { column: { cellLimit: 1 } }],
    });
}

async function* listWrites(): AsyncGenerator<OnlineWrite[]> {
  const [source] = entityType.sources;
  const values = new Map(features.map(({ name }) => [name, 1.5]));
  const version = { timestamp: NOW, createdTimestamp: null, sequence: null };
  for (let start = 0; start < ENTITIES; start += 2000) {
    const size = Math.min(2000, ENTITIES - start);
    yield Array.from({ length: size }, (_, at) => ({ entityId: `e${start + at}`, source: source!, version, values }));
  }
}

function wideEntityType(): EntityType {
  const wide = Array.from({ length: FEATURES }, (_, at) => ({ name: `feature_${at}`, valueType: 'DOUBLE' }));
  const sources = [{ sql: 'wide.sql', features: wide }];
  const document = registryDocument.parse({
    featurestores: [{ name: 'bench', entityTypes: [{ name: 'thing', dense: true, sources }] }],
  });
  const sqlTexts = new Map([['wide.sql', 'SELECT 1']]);
  return new Registry(toModel(document.featurestores, { sqlTexts, tablePaths: new Map() })).entityType(
    'bench',
    'thing',
  );
}
