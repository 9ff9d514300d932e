import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { historyTable } from '../../datasources/duckdb/history-table.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import type { PointInTimeRead } from '../../datasources/offline/offline-store.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { HistoryKeeper, type BuiltHistory } from '../../ingestion/history/history-keeper.js';
import { benchRegistry } from '../bench-registry.js';

/**
 * Reads of past values from the key-value history and from DuckDB, which take turns: microseconds of CPU time of the process
 * for each read, the median of the rounds. Then what a copy of a row costs, and its bytes on disk.
 */
const ROUNDS = Number(process.argv[2] ?? 5);
const FEATURES = 10;
const START = 1_000_000_000_000_000n;
const HOUR = 3_600_000_000n;
const SIZES = [
  { entities: 1_000, rowsEach: 100 },
  { entities: 1_000, rowsEach: 1_000 },
  { entities: 10_000, rowsEach: 100 },
];

const entityType = benchRegistry(20).entityType('bench', 'thing');
const [source] = entityType.sources;
if (!source) throw new Error('the bench registry has one source');
const features = entityType.features.slice(0, FEATURES);

for (const { entities, rowsEach } of SIZES) {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-bench-'));
  const database = await DuckDbDatabase.open(join(folder, 'offline.duckdb'));
  const offline = await DuckDbOfflineStore.open(database, entityType.sources);
  const online = new LmdbOnlineStore(join(folder, 'online'));
  try {
    await database.use((connection) =>
      connection.run(`INSERT INTO ${historyTable(source)}
        SELECT 'e' || e, make_timestamp(${START} + r * ${HOUR}), make_timestamp(${START} + r * ${HOUR}), NULL,
          ${entityType.features.map(({ valueType }, index) => ({ DOUBLE: `r / ${index + 7}`, INT64: `r + ${index}`, STRING: `'v' || r % 97`, BOOL: `r % 2 = 0` })[valueType as string]).join(', ')}
        FROM range(${entities}) AS entities(e), range(${rowsEach}) AS rows(r) ORDER BY ALL`),
    );
    const history = online.openHistory();
    let built: BuiltHistory | undefined;
    const keeper = new HistoryKeeper({
      history,
      openSnapshot: (of) => offline.openSnapshot(of),
      alone: (task) => task(),
      listSources: () => entityType.sources,
      maxRows: 100_000_000,
      onBuilt: (one) => (built = one),
      onError: (error) => {
        throw error;
      },
    });
    const before = process.cpuUsage();
    keeper.start();
    await keeper.settled();
    await keeper.close();
    const cpu = microseconds(before);
    const rows = entities * rowsEach;
    const bytes = (await stat(join(folder, 'online', 'data.mdb'))).size;
    const duckDbBytes = (await stat(join(folder, 'offline.duckdb'))).size;
    console.log(
      `\n${entities} entities with ${rowsEach} rows of ${entityType.features.length} features: a copied row takes ` +
        `${(cpu / rows).toFixed(1)} µs of CPU and ${Math.round(bytes / rows)} bytes (DuckDB: ${Math.round(duckDbBytes / rows)}); ` +
        `all in ${((built?.milliseconds ?? NaN) / 1000).toFixed(1)} s`,
    );
    for (const pairs of [1, 100]) {
      const reads = Array.from({ length: 20 }, (_, read): PointInTimeRead => ({
        entityType,
        features,
        labels: Array.from({ length: pairs }, (__, pair) => ({
          entityId: `e${((read * pairs + pair) * 197) % entities}`,
          time: START + BigInt(((read * pairs + pair) * 7919) % rowsEach) * HOUR + 1n,
        })),
      }));
      const ways = { history: history.pointInTime.bind(history), DuckDB: offline.pointInTime.bind(offline) };
      const times = { history: [] as number[], DuckDB: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const way of ['history', 'DuckDB'] as const) {
          const start = process.cpuUsage();
          for (const read of reads) await ways[way](read);
          times[way].push(microseconds(start) / reads.length);
        }
      }
      const [ofHistory, ofDuckDb] = [median(times.history), median(times.DuckDB)];
      console.log(
        `  ${String(pairs).padStart(3)} pairs: ${ofHistory.toFixed(0).padStart(6)} µs from the history, ` +
          `${ofDuckDb.toFixed(0).padStart(7)} µs from DuckDB, ${(ofHistory / ofDuckDb).toFixed(4)} of it`,
      );
    }
  } finally {
    await online.close();
    database.close();
    await rm(folder, { recursive: true });
  }
}

function microseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
