import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { RunningGateway } from '../start-gateway.js';
import { openBareDuckDb, openBareLmdb, type Sink } from './bare-stores.js';
import { ask, postAll, streamAll, toMutation } from './gateway-clients.js';
import { rowOf, rowsFrom, toInputRow, toLine, type Row } from './rows.js';

const ROUNDS = 5;
const ENTITIES = 10_000;

/**
 * Rows of a request, clients at once, and rows of a turn: about half a second. In the last one, clients write for seconds without a pause, so
 * that the rows move to DuckDB meanwhile.
 */
const LOADS = [
  { batch: 1, clients: 1, rows: 100 },
  { batch: 1, clients: 32, rows: 600 },
  { batch: 100, clients: 1, rows: 4_000 },
  { batch: 100, clients: 8, rows: 8_000 },
  { batch: 1_000, clients: 1, rows: 10_000 },
  { batch: 1_000, clients: 4, rows: 12_000 },
  { batch: 1_000, clients: 4, rows: 100_000 },
] as const;

/** Each row is new: the gateway does less for one that it has. */
let nextRow = 0;
const newRows = (count: number): Row[] => rowsFrom((nextRow += count) - count, count, ENTITIES);

const PEERS = ['lmdb', 'duckdb', 'mutation', 'lines'] as const;
type Peer = (typeof PEERS)[number];

interface Turn {
  readonly perSecond: number;
  /** Microseconds of processor time a row, until the row is in every store. NaN on systems without /proc. */
  readonly cpu: number;
}

/**
 * Rows a second that are durable, by the gateway and by each of its two stores alone. They take short turns, and the
 * ratios are of turns that follow each other: what else the machine does changes all of a round. The gateway has both
 * stores: a row is read, checked, in LMDB and in the log before it is acknowledged, and DuckDB gets it in the background,
 * in the same process.
 *
 * On a busy machine a turn is slow because others run, the more the longer it works without a pause. The processor time
 * does not have that fault. It is of all threads, and for the gateway not of its client.
 */
export async function measureThroughput({ url, child }: RunningGateway, folder: string): Promise<void> {
  await warmUp(url);
  console.log(
    'rows a request | clients | rows | LMDB alone | DuckDB alone | writeFeatureValues | POST /ingest | ' +
      'of the slower: writeFeatureValues | POST /ingest | CPU µs a row: LMDB | DuckDB | writeFeatureValues | POST /ingest',
  );
  for (const { batch, clients, rows } of LOADS) {
    const rounds: Record<Peer, Turn>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const lmdb = await measureBare(await openBareLmdb(folder), toBatches(newRows(rows), batch), clients, rows);
      const bodies = toBatches(newRows(rows), batch).map((each) => toMutation(each.map(toInputRow)));
      const mutation = await measureGateway(url, child, rows, () => postAll(url, bodies, clients));
      const duckdb = await measureBare(await openBareDuckDb(folder), toBatches(newRows(rows), batch), clients, rows);
      const texts = toBatches(newRows(rows), batch).map((each) => each.map(toLine).join(''));
      const lines = await measureGateway(url, child, rows, () => streamAll(url, texts, batch, clients));
      rounds.push({ lmdb, duckdb, mutation, lines });
    }
    const ratioOf = (peer: Peer): string =>
      median(
        rounds.map((round) => round[peer].perSecond / Math.min(round.lmdb.perSecond, round.duckdb.perSecond)),
      ).toFixed(2);
    const rates = PEERS.map((peer) => whole(median(rounds.map((round) => round[peer].perSecond))));
    const cpu = PEERS.map((peer) => whole(median(rounds.map((round) => round[peer].cpu))));
    console.log([batch, clients, rows, ...rates, ratioOf('mutation'), ratioOf('lines'), ...cpu].join(' | '));
  }
}

async function measureBare(
  store: { readonly write: Sink; readonly close: () => Promise<void> },
  batches: readonly (readonly Row[])[],
  clients: number,
  rows: number,
): Promise<Turn> {
  const before = process.cpuUsage();
  const perSecond = await rate(rows, () => store.write(batches, clients));
  const { user, system } = process.cpuUsage(before);
  await store.close();
  return { perSecond, cpu: (user + system) / rows };
}

async function measureGateway(
  url: string,
  { pid }: ChildProcess,
  rows: number,
  write: () => Promise<void>,
): Promise<Turn> {
  const before = await cpuOf(pid!);
  const perSecond = await rate(rows, write);
  await drain(url);
  return { perSecond, cpu: ((await cpuOf(pid!)) - before) / rows };
}

/** Linux counts in hundredths of a second. */
const MICROSECONDS_OF_A_TICK = 10_000;

/** Microseconds of processor time of all threads of a process. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The name, in parentheses, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_OF_A_TICK;
}

/** A gateway that serves has compiled code. */
async function warmUp(url: string): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await postAll(
      url,
      toBatches(newRows(10_000), 500).map((rows) => toMutation(rows.map(toInputRow))),
      2,
    );
    await streamAll(
      url,
      toBatches(newRows(10_000), 500).map((rows) => rows.map(toLine).join('')),
      500,
      2,
    );
    await drain(url);
  }
}

let drains = 0;

/** Returns when DuckDB has every acknowledged row: rows move in order, and a read as of a moment waits for its entity's. */
export async function drain(url: string): Promise<void> {
  await postAll(url, [toMutation([toInputRow({ ...rowOf((drains += 1), 1), entityId: 'last' })])], 1);
  await ask(
    url,
    `{ entity(featurestore: "bench", entityType: "customer", entityId: "last", asOf: "2020-01-01T00:00:00Z") {
      features(names: ["orders"]) { value } } }`,
  );
}

export function toBatches<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

export async function rate(rows: number, write: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await write();
  return (rows / (performance.now() - start)) * 1000;
}

export const whole = (value: number): string => value.toFixed(0);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
