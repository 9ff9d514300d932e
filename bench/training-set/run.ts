import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../config/project-root.js';
import { DataFiles } from '../../datasources/files/data-files.js';
import { prepareStores } from '../../ingestion/prepare.js';
import { JobEngine } from '../../jobs/job-engine.js';
import { LmdbJobStore } from '../../datasources/job-store/lmdb/lmdb-job-store.js';
import { LocalTrainingSets } from '../../training-sets/local-training-sets.js';
import { TrainingSetHandler } from '../../training-sets/training-set-handler.js';
import { TRAINING_SET_JOB } from '../../training-sets/training-set-job.js';
import type { TrainingSetResult } from '../../training-sets/training-sets.js';
import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { FileReader } from '../../datasources/files/file-reader.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { DEFAULT_OPTIONS } from '../../datasources/offline/point-in-time/plan.js';
import { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import { getFeature } from '../../datasources/registry/registry.js';
import { loadRegistry } from '../../datasources/registry/yaml/load-registry.js';
import { systemClock } from '../../values/clock.js';

/**
 * A training set of all 3,000,000 flights: six features each of the origin, the destination and the route, joined, written
 * to Parquet and validated by a job, beside the ASOF SQL a person would write for the same file. The two take turns; the
 * median of the rounds is compared. `npm run bench:training-set -- 5` runs five rounds.
 */
const ROUNDS = Number(process.argv[2] ?? 3);
const LABELS = 3_000_000;
const AIRPORT = ['departures_1h', 'departures_24h', 'mean_delay_3h', 'p90_delay_24h', 'late_share_24h', 'is_hub'];
const ROUTE = ['departures_24h', 'mean_delay_24h', 'mean_delay_7d', 'late_share_7d', 'last_delay', 'distance_miles'];

const folder = process.env.FEATUREGRAPH_DATA_DIR ?? join(tmpdir(), 'featuregraph-bench-training-set');
await mkdir(folder, { recursive: true });
const registry = await loadRegistry(join(projectRoot, 'examples/flights/registry.yaml'));
const airport = registry.entityType('flights', 'airport');
const route = registry.entityType('flights', 'route');
const database = await DuckDbDatabase.open(join(folder, 'offline.duckdb'));
const reader = await FileReader.open(join(folder, 'reading'));
const offline = await DuckDbOfflineStore.open(database, [...airport.sources, ...route.sources], { reader });
const online = new LmdbOnlineStore(join(folder, 'online'));
await prepareStores(
  registry,
  offline,
  () => online,
  systemClock,
  ({ step }) => process.stderr.write(`${step}\n`),
);
await online.close();

const flights = airport.featurestore.tables.get('flights')!.path;
const files = await DataFiles.open(join(folder, 'files'));
await database.use((connection) => connection.run(`COPY (FROM '${flights}') TO '${files.folder}/flights.parquet'`));
const dependencies = {
  database,
  findRemoteStore: () => undefined,
  stores: { offline: () => offline },
  registry,
  files,
  workFolder: join(folder, 'work'),
  clock: systemClock,
};
const handler = new TrainingSetHandler(dependencies);
// Of an earlier run: its jobs had the same ids, and no output is written over another.
for (const left of ['jobs', 'files/training-sets']) await rm(join(folder, left), { recursive: true, force: true });
let jobs = 0;
const engine = new JobEngine({
  store: new LmdbJobStore(join(folder, 'jobs')),
  handlers: [handler],
  clock: systemClock,
  newId: () => `bench-${(jobs += 1)}`,
  maxRunning: 1,
  onError: (error) => process.stderr.write(`${String(error)}\n`),
});
const trainingSets = new LocalTrainingSets(engine, handler, dependencies);
const featuresOf = (entityType: typeof airport, names: readonly string[]) =>
  names.map((name) => getFeature(entityType, name));

/** Seconds until the output was written, of each round; what comes after is the validation, which no SQL by hand has. */
const written: number[] = [];

async function byJob(): Promise<TrainingSetResult> {
  const start = performance.now();
  const { id } = await trainingSets.start({
    labels: { kind: 'FILE', file: 'flights.parquet', format: 'PARQUET', timeColumn: 'date' },
    joins: [
      { entityType: airport, entityIdColumns: ['origin'], features: featuresOf(airport, AIRPORT), prefix: '' },
      { entityType: airport, entityIdColumns: ['destination'], features: featuresOf(airport, AIRPORT), prefix: 'to_' },
      {
        entityType: route,
        entityIdColumns: ['origin', 'destination'],
        features: featuresOf(route, ROUTE),
        prefix: 'route_',
      },
    ],
    options: DEFAULT_OPTIONS,
    withTimestamps: false,
    displayName: 'all flights',
    jobLabels: {},
    createdBy: null,
    idempotencyKey: null,
    output: { format: 'PARQUET', location: null },
  });
  let isWritten = false;
  for await (const job of (await engine.follow(id))!) {
    // Three quarters of a job's progress are its output (make-training-set.ts). Seen a quarter of a second late at most.
    if (!isWritten && job.progress.completed * 4n >= BigInt(LABELS) * 3n) {
      isWritten = true;
      written.push((performance.now() - start) / 1000);
    }
    if (job.error) throw new Error(job.error.message);
    if (job.result !== null) return TRAINING_SET_JOB.read(job).result!;
  }
  throw new Error('the job ended without a result');
}

/** ASOF joins as DuckDB documents them; the ttl of mean_delay_3h as the registry says it, and the order of the labels. */
async function byHand(): Promise<void> {
  const mean = (side: string) =>
    `CASE WHEN f.date - ${side}.event_timestamp <= INTERVAL 3 HOURS THEN ${side}.mean_delay_3h END`;
  const airportColumns = (side: string, prefix: string) =>
    AIRPORT.map((name) => `${name === 'mean_delay_3h' ? mean(side) : `${side}.${name}`} AS ${prefix}${name}`);
  const routeColumns = ROUTE.map((name) => `${name === 'distance_miles' ? 'd' : 'r'}.${name} AS route_${name}`);
  await database.use((connection) =>
    connection.run(`COPY (
      SELECT f.* EXCLUDE (file_row_number), ${[...airportColumns('o', ''), ...airportColumns('t', 'to_'), ...routeColumns].join(', ')}
      FROM read_parquet('${files.folder}/flights.parquet', file_row_number = true) AS f
      ASOF LEFT JOIN flights."airport.hourly" AS o ON o.entity_id = f.origin AND f.date >= o.event_timestamp
      ASOF LEFT JOIN flights."airport.hourly" AS t ON t.entity_id = f.destination AND f.date >= t.event_timestamp
      ASOF LEFT JOIN flights."route.hourly" AS r ON r.entity_id = f.origin || ',' || f.destination AND f.date >= r.event_timestamp
      LEFT JOIN flights."route.details" AS d ON d.entity_id = f.origin || ',' || f.destination
      ORDER BY f.file_row_number) TO '${files.folder}/by-hand.parquet'`),
  );
}

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}
const costs: Record<'job' | 'hand', Cost[]> = { job: [], hand: [] };
let result: TrainingSetResult | undefined;
await byHand();
for (let round = 0; round < ROUNDS; round += 1) {
  costs.hand.push(await measure(byHand));
  costs.job.push(await measure(async () => (result = await byJob())));
}
const differing = await database.use(async (connection) => {
  const file = (name: string) => `(FROM '${files.folder}/${name}')`;
  const made = file(result!.output.location);
  const [[count] = []] = (
    await connection.runAndReadAll(`SELECT count(*) FROM (${made} EXCEPT ALL ${file('by-hand.parquet')})`)
  ).getRows();
  return count;
});
const of = (side: 'job' | 'hand', part: keyof Cost): number => median(costs[side].map((cost) => cost[part]));
const line = (side: 'job' | 'hand'): string =>
  `${of(side, 'wall').toFixed(2)} s, ${Math.round(LABELS / of(side, 'wall'))} rows a second, ${of(side, 'cpu').toFixed(2)} s of CPU`;
console.log(`labels                ${LABELS}`);
console.log(`by hand               ${line('hand')}`);
console.log(`job, validated        ${line('job')}`);
console.log(`job, until written    ${median(written).toFixed(2)} s`);
console.log(`ratio, until written  ${(of('hand', 'wall') / median(written)).toFixed(2)}`);
console.log(`ratio, wall clock     ${(of('hand', 'wall') / of('job', 'wall')).toFixed(2)}`);
console.log(`ratio, CPU            ${(of('hand', 'cpu') / of('job', 'cpu')).toFixed(2)}`);
console.log(`rows that differ      ${String(differing)}`);
console.log(`peak memory           ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
console.log(result?.validation);
await engine.stop();
await offline.close();

async function measure(work: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
