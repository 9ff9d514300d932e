import { openBareDuckDb, openBareLmdb } from './bare-stores.js';
import { ask, postAll, streamAll, toMutation } from './gateway-clients.js';
import { rowOf, rowsFrom, toInputRow, toLine, type Row } from './rows.js';

const ROUNDS = 3;
const ENTITIES = 10_000;

/** Rows of a request, clients at once, and rows in all. */
const LOADS = [
  { batch: 1, clients: 1, rows: 500 },
  { batch: 1, clients: 32, rows: 5_000 },
  { batch: 100, clients: 1, rows: 20_000 },
  { batch: 100, clients: 8, rows: 50_000 },
  { batch: 1_000, clients: 1, rows: 50_000 },
  { batch: 1_000, clients: 4, rows: 50_000 },
] as const;

/** Each row is new: the gateway does less for one that it has. */
let nextRow = 0;
const newRows = (count: number): Row[] => rowsFrom((nextRow += count) - count, count, ENTITIES);

/**
 * Rows a second that are durable, by the gateway and by each of its two stores alone, in turns. The gateway has both:
 * a row is read, checked, in LMDB and in the log before it is acknowledged, and DuckDB gets it in the background, in the
 * same process. "drained" is until DuckDB has all of them.
 */
export async function measureThroughput(url: string, folder: string): Promise<void> {
  console.log(
    'rows a request | clients | LMDB alone | DuckDB alone | writeFeatureValues | of the slower | drained | POST /ingest | of the slower',
  );
  for (const { batch, clients, rows: count } of LOADS) {
    const rates: Record<'lmdb' | 'duckdb' | 'mutation' | 'drained' | 'lines', number[]> = {
      lmdb: [],
      duckdb: [],
      mutation: [],
      drained: [],
      lines: [],
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      const lmdb = await openBareLmdb(folder);
      rates.lmdb.push(await rate(count, () => lmdb.write(toBatches(newRows(count), batch), clients)));
      await lmdb.close();
      const duckdb = await openBareDuckDb(folder);
      rates.duckdb.push(await rate(count, () => duckdb.write(toBatches(newRows(count), batch), clients)));
      await duckdb.close();
      const bodies = toBatches(newRows(count), batch).map((rows) => toMutation(rows.map(toInputRow)));
      const start = performance.now();
      rates.mutation.push(await rate(count, () => postAll(url, bodies, clients)));
      await drain(url);
      rates.drained.push((count / (performance.now() - start)) * 1000);
      const lines = toBatches(newRows(count), batch).map((rows) => rows.map(toLine).join(''));
      rates.lines.push(await rate(count, () => streamAll(url, lines, batch, clients)));
      await drain(url);
    }
    const [bareLmdb, bareDuckDb, mutation, drained, lines] = Object.values(rates).map(median) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const slower = Math.min(bareLmdb, bareDuckDb);
    const cells = [
      batch,
      clients,
      whole(bareLmdb),
      whole(bareDuckDb),
      whole(mutation),
      (mutation / slower).toFixed(2),
      whole(drained),
      whole(lines),
      (lines / slower).toFixed(2),
    ];
    console.log(cells.join(' | '));
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
