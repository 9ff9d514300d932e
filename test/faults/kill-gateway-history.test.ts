import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { ask } from '../support/ask.js';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';
import { createRandom } from '../support/random.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { WRITE_VALUES } from '../support/written-shop.js';

const KILLS = Number(process.env.FEATUREGRAPH_TEST_KILLS ?? 5);
/** The seed of the times of killing: FEATUREGRAPH_TEST_SEED repeats a run that failed. */
const seed = Number(process.env.FEATUREGRAPH_TEST_SEED ?? randomInt(2 ** 31));

/** Enough that a copy takes about a second. */
const ENTITIES = 3_000;
const ROWS_EACH = 10;
const IDS = ['c0', 'c1', 'c2', 'c1499', 'c2999', 'never seen'];
const START = Date.parse('2001-01-01T00:00:00Z');
const at = (second: number): string => new Date(START + second * 1000).toISOString();

const REGISTRY = `
featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, columns: { entity_id: VARCHAR, moment: TIMESTAMPTZ, total: BIGINT } } }
    entityTypes:
      - name: customer
        sources:
          - { name: orders, sql: orders.sql, timestampColumn: moment, features: [{ name: total, valueType: INT64 }] }
          - { name: notes, features: [{ name: note, valueType: INT64 }, { name: mood, valueType: INT64 }] }
`;

function writeOrders(folder: string, generation: number): void {
  const rows = Array.from({ length: ENTITIES * ROWS_EACH }, (_, row) => {
    const [entity, second] = [Math.floor(row / ROWS_EACH), row % ROWS_EACH];
    return `c${entity},${at(second * 10)},${generation * 100 + second}`;
  });
  writeFileSync(join(folder, 'orders.csv'), ['entity_id,moment,total', ...rows, ''].join('\n'));
}

const READ = `query ($ids: [ID!]!, $asOf: DateTime) {
  entities(featurestore: "shop", entityType: "customer", entityIds: $ids, asOf: $asOf) {
    entityId features { feature { name } status value timestamp } } }`;

it(`a gateway that is killed ${KILLS} times while it writes and copies (seed ${seed}) answers from the history as from DuckDB`, async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY);
  writeFileSync(join(folder, 'orders.sql'), 'SELECT * FROM orders');
  const serve = (historyRows: number): Promise<GatewayProcess> =>
    startGatewayProcess({
      FEATUREGRAPH_REGISTRY: join(folder, 'registry.yaml'),
      FEATUREGRAPH_DATA_DIR: join(folder, 'data'),
      FEATUREGRAPH_HISTORY_ROWS: String(historyRows),
      METRICS_PORT: '0',
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    });
  let gateway!: GatewayProcess;
  onTestFinished(() => void gateway.child.kill('SIGKILL'));

  const readAll = async (): Promise<unknown[]> => {
    const answers: unknown[] = [];
    for (let second = -1; second < 100; second += 3) {
      answers.push(await ask(gateway.url, READ, { ids: IDS, asOf: at(second) }));
    }
    return answers;
  };
  const countReads = async (): Promise<Record<string, number>> => {
    const { metricsUrl } = gateway.log.find((entry) => typeof entry.metricsUrl === 'string') as { metricsUrl: string };
    const text = await (await fetch(metricsUrl)).text();
    const found = text.matchAll(/featuregraph_past_reads_total\{answer="(\w+)"\} (\d+)/g);
    return Object.fromEntries([...found].map(([, answer, count]) => [answer, Number(count)]));
  };
  /** Reads until the history answers everything. */
  const readFromHistory = async (): Promise<unknown[]> => {
    for (;;) {
      const before = await countReads();
      const answers = await readAll();
      if ((await countReads()).absent === before.absent) return answers;
      await sleep(200);
    }
  };

  const random = createRandom(seed);
  let rows = 0;
  let deletions = 0;
  const writeOn = async (): Promise<void> => {
    for (;;) {
      const ids = Array.from({ length: 20 }, () => IDS[Math.floor(random() * 5)]!);
      const input = {
        featurestore: 'shop',
        rows: ids.map((entityId) => ({
          entityType: 'customer',
          entityId,
          timestamp: at(Math.floor(random() * 100)),
          values: [{ feature: random() < 0.5 ? 'note' : 'mood', value: String(Math.floor(random() * 1000)) }],
        })),
      };
      await ask(gateway.url, WRITE_VALUES, { input });
      rows += ids.length;
      if (random() > 0.2) continue;
      await ask(
        gateway.url,
        'mutation ($ids: [ID!]!) { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: $ids }) { userErrors { message } } }',
        { ids: [IDS[Math.floor(random() * 5)]] },
      );
      deletions += 1;
    }
  };

  writeOrders(folder, 1);
  gateway = await serve(1_000_000);
  for (const [kill, delay] of fc.sample(fc.integer({ min: 0, max: 2500 }), { seed, numRuns: KILLS }).entries()) {
    if (kill % 2 === 1) {
      writeOrders(folder, kill + 1);
      await ask(
        gateway.url,
        'mutation { refreshSource(input: { featurestore: "shop", entityType: "customer" }) { job { id } } }',
      );
    }
    const writing = writeOn().catch((error: unknown) => {
      // The gateway is gone: fetch fails.
      if (!(error instanceof TypeError)) throw error;
    });
    await sleep(delay);
    await gateway.kill();
    await writing;

    gateway = await serve(1_000_000);
    // A refresh that was killed goes on, and replaces rows.
    await untilFresh(gateway.url, kill % 2 === 1 ? kill + 1 : null);
    const fromHistory = await readFromHistory();
    await gateway.kill();
    if (kill % 3 === 0 || kill === KILLS - 1) {
      gateway = await serve(0);
      expect(await readAll()).toEqual(fromHistory);
      expect((await countReads()).history).toBeUndefined();
      await gateway.stop();
    }
    gateway = await serve(1_000_000);
    expect(await readAll()).toEqual(fromHistory);
  }
  console.log(
    `${KILLS} kills: ${rows} rows and ${deletions} deletions acknowledged; every answer of both ways is equal`,
  );
  expect(await gateway.stop()).toBe(0);
}, 600_000);

/** Waits until the rows of a generation are served; null: they are. */
async function untilFresh(url: string, generation: number | null): Promise<void> {
  while (generation !== null) {
    const { entity } = await ask(
      url,
      'query ($asOf: DateTime) { entity(featurestore: "shop", entityType: "customer", entityId: "c7", asOf: $asOf) { features(names: ["total"]) { value } } }',
      { asOf: at(0) },
    );
    if (entity.features[0].value === String(generation * 100)) return;
    await sleep(100);
  }
}
