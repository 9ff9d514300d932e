import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { historyTable } from '../../datasources/duckdb/history-table.js';
import { DataFiles } from '../../datasources/files/data-files.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { joinLabels } from '../../training-sets/join-labels.js';
import { prepareLabels } from '../../training-sets/make-training-set.js';
import { outputAsJoined } from '../../training-sets/output-format.js';
import { validate } from '../../training-sets/validate.js';
import { WorkDatabase } from '../../training-sets/work-database.js';
import { benchRegistry } from '../bench-registry.js';

/**
 * What a validation costs beside the join that it checks, where histories are long and skewed: CPU seconds, the median of
 * the rounds, how long the validation delays the event loop, and the most memory of the process. `npm run bench:validation -- 5` runs five rounds.
 */
const ROUNDS = Number(process.argv[2] ?? 3);
/** The histogram counts the time between two timers, so it includes this interval. */
const LOOP_INTERVAL_MS = 1;
const LABELS = 1488;
const START = 1_000_000_000_000_000n;
const SCENARIOS = [
  { entities: 1, rowsEach: 100_000 },
  { entities: 1, rowsEach: 3_000_000 },
  { entities: 2000, rowsEach: 1500 },
] as const;

const entityType = benchRegistry().entityType('bench', 'thing');
const [source] = entityType.sources;
if (!source) throw new Error('the bench registry has one source');
const folder = await mkdtemp(join(tmpdir(), 'featuregraph-bench-validation-'));
const database = await DuckDbDatabase.open(join(folder, 'offline.duckdb'), { memoryLimitBytes: 1.5 * 2 ** 30 });
const files = await DataFiles.open(join(folder, 'files'));
await DuckDbOfflineStore.open(database, entityType.sources);

for (const { entities, rowsEach } of SCENARIOS) {
  const rows = entities * rowsEach;
  await database.use(async (connection) => {
    const values = entityType.features.map(
      ({ valueType }, index) =>
        ({ DOUBLE: `r / ${index + 7}`, INT64: `r + ${index}`, STRING: `'v' || r % 97`, BOOL: `r % 2 = 0` })[
          valueType as string
        ],
    );
    await connection.run(`DELETE FROM ${historyTable(source)}`);
    await connection.run(`INSERT INTO ${historyTable(source)}
      SELECT 'e' || r % ${entities}, make_timestamp(${START} + (r * 7919) % ${rows} * 1000000), NULL, NULL, ${values.join(', ')}
      FROM range(${rows}) AS rows(r)`);
    await connection.run(`CREATE OR REPLACE TABLE labels AS SELECT 'e' || i % ${entities} AS id,
      make_timestamp(${START} + (i * 1306463) % ${rows} * 1000000) AS at FROM range(${LABELS}) AS numbers(i)`);
  });
  const join: number[] = [];
  const validation: number[] = [];
  const loop = monitorEventLoopDelay({ resolution: LOOP_INTERVAL_MS });
  for (let round = 0; round < ROUNDS; round += 1) {
    const work = await WorkDatabase.open(await database.instance.connect(), `r${round}`, new AbortController().signal);
    const plan = await prepareLabels(
      work,
      {
        labels: { kind: 'TABLE', table: 'labels', timeColumn: 'at' },
        joins: [
          { entityType, entityIdColumns: ['id'], features: entityType.features.slice(0, 10), prefix: 'feature_' },
        ],
        options: {},
        withTimestamps: true,
      },
      { files, findRemoteStore: () => undefined },
    );
    const steps = { onStep: async () => undefined, onEstimate: () => undefined };
    join.push(await cpu(() => joinLabels(work, plan, LABELS, steps)));
    loop.enable();
    validation.push(
      await cpu(async () => {
        const { leakedRows, verifiedRows } = await validate(work, plan, outputAsJoined(work, plan));
        if (leakedRows !== 0n || verifiedRows !== BigInt(LABELS)) throw new Error('the validation found a fault');
      }),
    );
    loop.disable();
    await work.close();
  }
  const [joined, validated] = [median(join), median(validation)];
  console.log(`${LABELS} labels, ${entities} entities x ${rowsEach} rows`);
  console.log(`  join         ${joined.toFixed(2)} s of CPU`);
  console.log(`  validation   ${validated.toFixed(2)} s of CPU`);
  console.log(`  ratio        ${(validated / joined).toFixed(2)}`);
  console.log(`  event loop   delayed by ${delayMs(loop.percentile(99))} ms (p99), ${delayMs(loop.max)} ms (max)`);
  console.log(`  peak memory  ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}
database.close();
await rm(folder, { recursive: true, force: true });

async function cpu(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function delayMs(nanoseconds: number): string {
  return Math.max(0, nanoseconds / 1e6 - LOOP_INTERVAL_MS).toFixed(1);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
