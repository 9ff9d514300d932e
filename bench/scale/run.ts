import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { projectRoot } from '../../config/project-root.js';
import { benchRegistry } from '../bench-registry.js';
import { fillEntities } from './fill-entities.js';
import { randomIds, type ReaderAnswer, type ReaderRequest, type ReadShape } from './messages.js';

/**
 * What a read of current values costs in embedded stores of growing size, with many features an entity: the CPU time of the
 * fill and of reads of random entities, the latency over HTTP at half of the highest load, and two processes over one store.
 * The sizes take turns, each in a process of its own. The files are in the temporary folder, and are removed at the end.
 *
 *     npm run bench:scale -- [ENTITIES,ENTITIES…] [ROUNDS] [FEATURES]
 */
const [sizesText = '100000,1000000', roundsText = '5', featuresText = '200'] = process.argv.slice(2);
const SIZES = sizesText.split(',').map(Number);
const [ROUNDS, FEATURES] = [Number(roundsText), Number(featuresText)];
const SHAPES: readonly [ReadShape, ReadShape] = [
  { entities: 1, features: 10 },
  { entities: 50, features: FEATURES },
];
const ARGUMENTS = 'featurestore: "bench", entityType: "thing", entityIds: $ids';
const LIST = `query ($ids: [ID!]!, $names: [String!]) { entities(${ARGUMENTS}) { entityId features(names: $names) { name value status timestamp } } }`;
const MATRIX = `query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(${ARGUMENTS}, names: $names) { entityIds names values timestamps statuses } }`;
const WORKLOADS: readonly Workload[] = [
  ...SHAPES.map((shape) => ({ name: named(shape), shape, query: LIST })),
  { name: `${named(SHAPES[1])} as a matrix`, shape: SHAPES[1], query: MATRIX },
];
const CONNECTIONS = 8;
const LOAD_SECONDS = 6;
const REQUESTS = 1_000;
/** A little more than rows of the bench registry take. */
const BYTES_PER_ENTITY = 500 + FEATURES * 20;

interface Workload {
  readonly name: string;
  readonly shape: ReadShape;
  readonly query: string;
}

interface Reader {
  readonly child: ChildProcess;
  readonly port: number;
}

const needed = SIZES.reduce((sum, size) => sum + size * BYTES_PER_ENTITY, 0);
const { bavail, bsize } = await statfs(tmpdir());
if (needed > bavail * bsize * 0.8) {
  throw new Error(`${tmpdir()} needs ${needed} bytes for these sizes, of which ${bavail * bsize} are free`);
}
const folder = await mkdtemp(join(tmpdir(), 'featuregraph-scale-'));
const readers = new Map<number, Reader>();
try {
  const results: Record<string, Record<string, number>> = {};
  for (const size of SIZES) {
    const store = join(folder, String(size));
    const fill = await fillEntities(store, benchRegistry(FEATURES).entityType('bench', 'thing'), size);
    const { blocks } = await stat(join(store, 'data.mdb'));
    results[size] = {
      'fill: seconds of CPU': round(fill.cpuSeconds),
      'fill: seconds': round(fill.wallSeconds),
      'store: MiB': Math.round((blocks * 512) / 1024 / 1024),
    };
    console.log(size, results[size]);
    readers.set(size, await openReader(size));
  }
  for (const shape of SHAPES) {
    const used = new Map(SIZES.map((size): [number, number[]] => [size, []]));
    for (let done = 0; done < ROUNDS; done += 1) {
      for (const [size, { child }] of readers) {
        const { microseconds } = await ask(child, { kind: 'reads', shape });
        used.get(size)!.push(microseconds);
      }
    }
    for (const [size, all] of used) results[size]![`${named(shape)}: µs of CPU`] = round(median(all));
  }
  for (const [size, reader] of readers) Object.assign(results[size]!, await loadOver(reader, size));
  const largest = SIZES.at(-1)!;
  const two = await compareProcesses(readers.get(largest)!, largest);
  console.log(results, two);
  await writeResults(results, two);
} finally {
  for (const { child } of readers.values()) child.disconnect();
  await rm(folder, { recursive: true, force: true });
}

async function openReader(size: number): Promise<Reader> {
  const child = fork(join(import.meta.dirname, 'reader.js'), [
    join(folder, String(size)),
    String(size),
    String(FEATURES),
  ]);
  const [answer] = (await once(child, 'message')) as [ReaderAnswer];
  if (answer.kind !== 'listens') throw new Error('the reader did not say its port');
  return { child, port: answer.port };
}

async function ask(child: ChildProcess, request: ReaderRequest): Promise<{ readonly microseconds: number }> {
  child.send(request);
  const [answer] = (await once(child, 'message')) as [ReaderAnswer];
  if (answer.kind !== request.kind) throw new Error(`the reader answered ${answer.kind} to ${request.kind}`);
  return answer;
}

/** The latency over HTTP at half of the highest load, and the CPU time of a request then. */
async function loadOver(reader: Reader, size: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const workload of WORKLOADS) {
    const highest = await load(reader, size, workload);
    const before = await cpuOf([reader]);
    const half = await load(reader, size, workload, Math.max(1, Math.floor(highest.requests.average / 2)));
    const over = `${workload.name} over HTTP`;
    found[`${over}: requests a second`] = Math.round(highest.requests.average);
    found[`${over} at half load: µs of CPU`] = Math.round(((await cpuOf([reader])) - before) / half.requests.total);
    found[`${over} at half load: p50 ms`] = half.latency.p50;
    found[`${over} at half load: p99 ms`] = half.latency.p99;
  }
  return found;
}

interface ProcessFigures {
  readonly speeds: number[];
  readonly serverCosts: number[];
  readonly clientCosts: number[];
}

/**
 * Requests a second, and the CPU of one, by one process and by two over one store. The clients take their share of the same
 * cores, so their CPU says what two processes would answer if the clients were elsewhere.
 */
async function compareProcesses(one: Reader, size: number): Promise<Record<string, number>> {
  const other = await openReader(size);
  try {
    const [, workload] = WORKLOADS as [Workload, Workload];
    const empty = (): ProcessFigures => ({ speeds: [], serverCosts: [], clientCosts: [] });
    const figures = { one: empty(), two: empty() };
    await load(other, size, workload);
    for (let done = 0; done < ROUNDS; done += 1) {
      for (const [name, used] of [
        ['one', [one]],
        ['two', [one, other]],
      ] as const) {
        const [before, ownBefore] = [await cpuOf(used), process.cpuUsage()];
        const loads = await Promise.all(used.map((reader) => load(reader, size, workload)));
        const { user, system } = process.cpuUsage(ownBefore);
        const requests = loads.reduce((sum, { requests: { total } }) => sum + total, 0);
        figures[name].speeds.push(loads.reduce((sum, { requests: { average } }) => sum + average, 0));
        figures[name].serverCosts.push(((await cpuOf(used)) - before) / requests);
        figures[name].clientCosts.push((user + system) / requests);
      }
    }
    const [costOfOne, costOfTwo] = [median(figures.one.serverCosts), median(figures.two.serverCosts)];
    return {
      'one process: requests a second': Math.round(median(figures.one.speeds)),
      'two processes: requests a second': Math.round(median(figures.two.speeds)),
      'one process: µs of CPU a request': Math.round(costOfOne),
      'two processes: µs of CPU a request': Math.round(costOfTwo),
      'clients: µs of CPU a request': Math.round(median(figures.two.clientCosts)),
      'two processes by one, by CPU': Math.round((200 * costOfOne) / costOfTwo) / 100,
    };
  } finally {
    other.child.disconnect();
  }
}

async function cpuOf(used: readonly Reader[]): Promise<number> {
  let sum = 0;
  for (const { child } of used) sum += (await ask(child, { kind: 'cpu' })).microseconds;
  return sum;
}

async function load(
  { port }: Reader,
  size: number,
  { shape, query }: Workload,
  rate?: number,
): Promise<autocannon.Result> {
  const names = Array.from({ length: shape.features }, (_, index) => `f${index}`);
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/graphql`,
    connections: CONNECTIONS,
    duration: LOAD_SECONDS,
    ...(rate === undefined ? {} : { overallRate: rate }),
    requests: Array.from({ length: REQUESTS }, () => ({
      method: 'POST' as const,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { ids: randomIds(shape.entities, size), names } }),
    })),
  });
  if (result.non2xx + result.errors > 0) throw new Error(`${result.non2xx + result.errors} requests failed`);
  return result;
}

async function writeResults(
  byEntities: Record<string, Record<string, number>>,
  processes: Record<string, number>,
): Promise<void> {
  const [processor] = cpus();
  const machine = { cpu: processor?.model, cores: cpus().length, node: process.version, load: round(loadavg()[0]!) };
  const results = { machine, features: FEATURES, rounds: ROUNDS, byEntities, processes };
  await writeFile(join(projectRoot, `bench/scale/results-${FEATURES}.json`), `${JSON.stringify(results, null, 2)}\n`);
}

function named({ entities, features }: ReadShape): string {
  return `${entities} x ${features}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}
