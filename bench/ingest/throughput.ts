import { openBareDuckDb, openBareLmdb } from './bare-stores.js';
import { ask, postAll, streamAll, toMutation } from './gateway-clients.js';
import { rowOf, rowsFrom, toInputRow, toLine, type Row } from './rows.js';

const ROUNDS = 5;
const ENTITIES = 10_000;

/** Rows of a request, clients at once, and rows of a turn: about half a second. */
const LOADS = [
  { batch: 1, clients: 1, rows: 100 },
  { batch: 1, clients: 32, rows: 600 },
  { batch: 100, clients: 1, rows: 4_000 },
  { batch: 100, clients: 8, rows: 8_000 },
  { batch: 1_000, clients: 1, rows: 10_000 },
  { batch: 1_000, clients: 4, rows: 12_000 },
] as const;

/** Each row is new: the gateway does less for one that it has. */
let nextRow = 0;
const newRows = (count: number): Row[] => rowsFrom((nextRow += count) - count, count, ENTITIES);

type Peer = 'lmdb' | 'duckdb' | 'mutation' | 'lines';

/**
 * Rows a second that are durable, by the gateway and by each of its two stores alone. They take short turns, and the
 * ratios are of turns that follow each other: what else the machine does changes all of a round. The gateway has both
 * stores: a row is read, checked, in LMDB and in the log before it is acknowledged, and DuckDB gets it in the background,
 * in the same process. "drained" is until DuckDB has all of them.
 */
export async function measureThroughput(url: string, folder: string): Promise<void> {
  await warmUp(url);
  console.log(
    'rows a request | clients | LMDB alone | DuckDB alone | writeFeatureValues | drained | POST /ingest | ' +
      'of the slower: writeFeatureValues | POST /ingest',
  );
  for (const { batch, clients, rows: count } of LOADS) {
    const rounds: Record<Peer | 'drained', number>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(url, folder, batch, clients, count));
    const rateOf = (peer: Peer | 'drained'): string => whole(median(rounds.map((round) => round[peer])));
    const ratioOf = (peer: Peer): string =>
      median(rounds.map((round) => round[peer] / Math.min(round.lmdb, round.duckdb))).toFixed(2);
    const rates = (['lmdb', 'duckdb', 'mutation', 'drained', 'lines'] as const).map(rateOf);
    console.log([batch, clients, ...rates, ratioOf('mutation'), ratioOf('lines')].join(' | '));
  }
}

async function measureRound(
  url: string,
  folder: string,
  batch: number,
  clients: number,
  count: number,
): Promise<Record<Peer | 'drained', number>> {
  const bodies = toBatches(newRows(count), batch).map((rows) => toMutation(rows.map(toInputRow)));
  const start = performance.now();
  const mutation = await rate(count, () => postAll(url, bodies, clients));
  await drain(url);
  const drained = (count / (performance.now() - start)) * 1000;
  const lmdbStore = await openBareLmdb(folder);
  const lmdb = await rate(count, () => lmdbStore.write(toBatches(newRows(count), batch), clients));
  await lmdbStore.close();
  const duckDbStore = await openBareDuckDb(folder);
  const duckdb = await rate(count, () => duckDbStore.write(toBatches(newRows(count), batch), clients));
  await duckDbStore.close();
  const texts = toBatches(newRows(count), batch).map((rows) => rows.map(toLine).join(''));
  const lines = await rate(count, () => streamAll(url, texts, batch, clients));
  await drain(url);
  return { lmdb, duckdb, mutation, lines, drained };
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
