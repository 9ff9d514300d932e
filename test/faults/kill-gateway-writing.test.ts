import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { WRITE_VALUES, writtenShop } from '../support/written-shop.js';

const KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 50);
const WRITERS = 4;
const ROWS_PER_REQUEST = 10;

/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

const REGISTRY = writtenShop('orders', '{ name: count, valueType: INT64 }');
const START = Date.parse('2001-01-01T00:00:00Z');
const at = (number: number): string => new Date(START + number * 1000).toISOString();

it(`a gateway that is killed ${KILLS} times while it writes (seed ${seed}) loses and doubles no acknowledged value`, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  const serve = (): Promise<GatewayProcess> =>
    startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: data,
      // Each start would compile all modules again.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    });

  let gateway = await serve();
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  let isOver = false;
  let repeated = 0;
  let foundWritten = 0;
  /** The acknowledged rows of each writer: all numbers below this one. */
  const acknowledged = Array.from({ length: WRITERS }, () => 0);

  /** Writes numbers in rising order, newest first in each request, and repeats a request until it is acknowledged. */
  const writeOn = async (writer: number): Promise<void> => {
    while (!isOver) {
      const first = acknowledged[writer]!;
      const numbers = Array.from({ length: ROWS_PER_REQUEST }, (_, index) => first + ROWS_PER_REQUEST - 1 - index);
      const rows = numbers.map((number) => ({
        entityType: 'customer',
        entityId: `c${writer}`,
        timestamp: at(number),
        values: [{ feature: 'count', value: String(number) }],
      }));
      for (let isRepeated = false; ; isRepeated = true) {
        try {
          const { writeFeatureValues: answer } = await ask(gateway.url, WRITE_VALUES, {
            input: { featurestore: 'shop', rows },
          });
          expect(answer).toMatchObject({ userErrors: [] });
          expect(answer.written + answer.duplicates).toBe(ROWS_PER_REQUEST);
          if (answer.duplicates > 0) foundWritten += 1;
          // A transaction is whole or absent.
          expect([0, ROWS_PER_REQUEST]).toContain(answer.written);
          break;
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          if (!isRepeated) repeated += 1;
          await sleep(20);
        }
      }
      acknowledged[writer] = first + ROWS_PER_REQUEST;
    }
  };
  const writing = Promise.all(acknowledged.map((_, writer) => writeOn(writer)));
  writing.catch(() => undefined);

  const readServed = async (): Promise<number[]> => {
    const { entities } = await ask(
      gateway.url,
      `query ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) {
        features { value } } }`,
      { ids: acknowledged.map((_, writer) => `c${writer}`) },
    );
    return entities.map(({ features: [count] }: any) => Number(count.value));
  };
  for (const delay of fc.sample(fc.integer({ min: 0, max: 400 }), { seed, numRuns: KILLS })) {
    await sleep(delay);
    const exited = once(gateway.child, 'exit');
    gateway.child.kill('SIGKILL');
    await exited;
    const before = [...acknowledged];
    gateway = await serve();
    // At once after the start: what was acknowledged is served, and nothing older.
    const served = await readServed();
    for (const [writer, count] of before.entries()) {
      if (count > 0) expect(served[writer]).toBeGreaterThanOrEqual(count - 1);
    }
  }
  await sleep(300);
  isOver = true;
  await writing;
  expect(await readServed()).toEqual(acknowledged.map((count) => count - 1));
  await gateway.stop();

  const duckdb = await DuckDBInstance.create(join(data, 'offline.duckdb'));
  onTestFinished(() => duckdb.closeSync());
  const connection = await duckdb.connect();
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  const table = 'shop."customer.orders"';
  const stored = await read(
    `SELECT entity_id, count(*) AS rows, count(DISTINCT event_timestamp) AS moments,
       count(*) FILTER (WHERE epoch_ms(event_timestamp) - ${START} = count * 1000) AS right
     FROM ${table} GROUP BY entity_id ORDER BY entity_id`,
  );
  const total = acknowledged.reduce((sum, count) => sum + count, 0);
  const rows = stored.reduce((sum, row) => sum + Number(row.rows), 0);
  const moments = stored.reduce((sum, row) => sum + Number(row.moments), 0);
  console.log(
    `${KILLS} kills: ${total} rows acknowledged, ${total - moments} lost, ${rows - moments} doubled; ` +
      `${repeated} requests repeated, of which ${foundWritten} were durable already`,
  );
  expect(stored).toEqual(
    acknowledged.map((count, writer) => ({
      entity_id: `c${writer}`,
      rows: String(count),
      moments: String(count),
      right: String(count),
    })),
  );
  expect(repeated).toBeGreaterThan(0);
}, 600_000);
