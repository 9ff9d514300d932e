import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeUniformRow } from '../../datasources/online/lmdb/row-encoder.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import { KeyedList, ListKeys } from '../../runtime/keyed-list.js';
import { openLmdb, transact } from '../../runtime/lmdb.js';
import { benchRegistry } from '../bench-registry.js';
import { valueOf } from '../filled-store.js';

/**
 * What a fill of the embedded online store costs beside puts of ready rows into LMDB, in transactions of the same size:
 * microseconds of processor time an entity, of all threads, and the ratio. They take turns; each figure is the median of the
 * rounds. `npm run bench:fill -- 9` runs nine rounds.
 *
 * A dense entity type has one row of a source for each entity. In others, each feature has a version of its own: `same` and
 * `different` say whether the values of an entity have one event time, and come as one write, or many.
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const ENTITIES_PER_BATCH = 2_048;
const START = 1_700_000_000_000_000n;
const CASES = [
  { features: 50, entities: 16_384, shape: 'dense' },
  { features: 200, entities: 6_144, shape: 'dense' },
  { features: 50, entities: 6_144, shape: 'same' },
  { features: 200, entities: 2_048, shape: 'same' },
  { features: 200, entities: 2_048, shape: 'different' },
] as const;
const keys = new WeakMap<FeatureSource, ListKeys<string>>();
type Shape = (typeof CASES)[number]['shape'];

const folder = await mkdtemp(join(tmpdir(), 'featuregraph-bench-fill-'));
try {
  console.log('features | entities | shape | µs an entity: fill | ready rows | ratio');
  for (const { features, entities, shape } of CASES) {
    const entityType = benchRegistry(features, shape === 'dense').entityType('bench', 'thing');
    const [source] = entityType.sources;
    if (!source) throw new Error('the bench registry has one source');
    const batches = Array.from({ length: entities / ENTITIES_PER_BATCH }, (_, batch) =>
      Array.from({ length: ENTITIES_PER_BATCH }, (_, index) =>
        writesOf(source, batch * ENTITIES_PER_BATCH + index, shape),
      ),
    );
    const rows = readyRows(batches);
    const flat = batches.map((batch) => batch.flat());
    const fills: number[] = [];
    const puts: number[] = [];
    // The first round compiles the code.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const path = join(folder, `${features}-${shape}-${round}`);
      const fill = await measureFill(join(path, 'store'), entityType, flat);
      const put = await measurePuts(join(path, 'bare'), rows);
      if (round > 0) {
        fills.push(fill / entities);
        puts.push(put / entities);
      }
      await rm(path, { recursive: true });
    }
    const ratio = median(fills.map((fill, round) => fill / puts[round]!));
    console.log(
      [features, entities, shape, median(fills).toFixed(1), median(puts).toFixed(1), ratio.toFixed(2)].join(' | '),
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureFill(path: string, entityType: EntityType, batches: readonly OnlineWrite[][]): Promise<number> {
  const store = new LmdbOnlineStore(path);
  const used = await cpu(() =>
    store.fill(entityType, {
      fingerprint: 'bench',
      expectedFill: undefined,
      readWrites: async function* () {
        for (const batch of batches) yield await Promise.resolve(batch);
      },
    }),
  );
  await store.close();
  return used;
}

async function measurePuts(path: string, batches: readonly (readonly ReadyRow[])[]): Promise<number> {
  const environment = openLmdb({ path, maxDbs: 1 });
  const database = environment.openDB<Buffer, Buffer>({ name: 'rows', encoding: 'binary', keyEncoding: 'binary' });
  const used = await cpu(async () => {
    for (const batch of batches) {
      await transact(environment, () => {
        for (const { key, row } of batch) void database.put(key, row);
      });
    }
    await environment.flushed;
  });
  await environment.close();
  return used;
}

interface ReadyRow {
  readonly key: Buffer;
  readonly row: Buffer;
}

/** Rows of one version with the values that the fill gets. */
function readyRows(batches: readonly (readonly (readonly OnlineWrite[])[])[]): ReadyRow[][] {
  return batches.map((batch) =>
    batch.map((writes) => {
      const values = [null, ...writes.flatMap((write) => [...write.values.values()])];
      const row = encodeUniformRow([...values.keys()], values, writes[0]!.version);
      return { key: Buffer.from(writes[0]!.entityId), row: Buffer.from(row) };
    }),
  );
}

function writesOf(source: FeatureSource, entity: number, shape: Shape): OnlineWrite[] {
  const entityId = `e${entity}`;
  const version = { timestamp: START + BigInt(entity), createdTimestamp: START, sequence: null };
  const values = source.features.map(
    ({ name, valueType }, column) => [name, valueOf(valueType, entity + column)] as const,
  );
  if (shape === 'dense') {
    const list = values.map(([, value]) => value);
    return [{ entityId, source, version, values: new KeyedList(keysOf(source), list) }];
  }
  const newest = { entityId, source, version: { ...version, createdTimestamp: null }, values: new Map() };
  if (shape === 'same') return [newest, { entityId, source, version, values: new Map(values), isPartial: false }];
  const each = values.map(([name, value], column): OnlineWrite => {
    const timestamp = version.timestamp - BigInt(column);
    return { entityId, source, version: { ...version, timestamp }, values: new Map([[name, value]]), isPartial: false };
  });
  return [newest, ...each];
}

/** The offline store gives whole rows that share their keys. */
function keysOf(source: FeatureSource): ListKeys<string> {
  const known = keys.get(source) ?? new ListKeys(source.features.map(({ name }) => name));
  keys.set(source, known);
  return known;
}

async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
