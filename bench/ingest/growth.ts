import type { RunningGateway } from '../start-gateway.js';
import { streamAll } from './gateway-clients.js';
import { rowsFrom, toLine, type Row } from './rows.js';
import { drain, rate, toBatches, whole } from './throughput.js';

const BATCH = 1_000;
const CLIENTS = 4;
const MEASURED = 20_000;
const MOST = Number(process.argv[3] ?? 100_000);

let nextRow = 0;
const newRows = (count: number, entities: number): Row[] => rowsFrom((nextRow += count) - count, count, entities);

/**
 * Rows a second by `POST /ingest` when the stores have more and more: entities from a thousand to a hundred thousand (or
 * `bench:ingest growth <entities>`), then their long histories, one entity that gets every row, and rows that come late.
 */
export async function measureGrowth({ url }: Pick<RunningGateway, 'url'>): Promise<void> {
  console.log('entities | rows of history | written | rows/s');
  let history = 0;
  const measure = async (entities: number, name: string, rows: readonly Row[]): Promise<void> => {
    const perSecond = await rate(rows.length, () => send(url, rows));
    await drain(url);
    history += rows.length;
    console.log([entities, history, name, whole(perSecond)].join(' | '));
  };
  const fill = async (rows: number, entities: number): Promise<void> => {
    for (let left = rows; left > 0; left -= 100_000) {
      const count = Math.min(left, 100_000);
      await send(url, newRows(count, entities));
      await drain(url);
      history += count;
    }
  };
  for (let entities = 1_000; entities <= MOST; entities *= 10) {
    await fill(entities, entities);
    await measure(entities, 'new rows of all entities', newRows(MEASURED, entities));
  }
  await fill(MOST, 1_000);
  await measure(MOST, `new rows of 1000 entities with ${Math.round(MOST / 1_000)} rows each`, newRows(MEASURED, 1_000));
  await measure(MOST, 'new rows of one entity', newRows(MEASURED, 1));
  const late = newRows(MEASURED, 1_000).map((row) => ({ ...row, timeMs: row.timeMs - 10 * 365 * 86_400_000 }));
  await measure(MOST, 'rows older than all others, of 1000 entities', late);
}

async function send(url: string, rows: readonly Row[]): Promise<void> {
  await streamAll(
    url,
    toBatches(rows, BATCH).map((batch) => batch.map(toLine).join('')),
    BATCH,
    CLIENTS,
  );
}
