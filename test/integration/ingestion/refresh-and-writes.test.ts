import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { LmdbOnlineStore } from '../../../datasources/online/lmdb/lmdb-online-store.js';
import type { OnlineWrite } from '../../../datasources/online/online-store.js';
import { row, startMovingGateway, writeMovingRegistry, writeOrders } from '../../support/moving-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { testRegistry } from '../../support/test-registry.js';
import { until } from '../../support/until.js';

const EARLY = new Date('2026-01-01T00:00:00Z');
const REGISTRY = (incremental: string) => `
featurestores:
  - name: shop
    tables: { orders: { file: orders, columns: { id: VARCHAR, moment: TIMESTAMPTZ, total: BIGINT } } }
    entityTypes:
      - name: customer
        sources:
          - name: orders
            sql: orders.sql
            timestampColumn: moment
            ${incremental}
            features: [{ name: total, valueType: INT64 }]
          - name: notes
            features: [{ name: note, valueType: STRING }]
`;
/** Takes some seconds: a refresh that a test can act during. */
const SLOW_SQL = `SELECT id AS entity_id, moment, total FROM orders
WHERE (SELECT count(*) FROM range(200000000) t(i) WHERE hash(i + total) = 1) >= 0`;

async function start(incremental: string) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'registry.yaml'), REGISTRY(incremental));
  const writeDay = (day: number, ids: readonly string[]): void => {
    mkdirSync(join(folder, 'orders'), { recursive: true });
    const rows = ids.map((id) => `${id},2026-01-0${day}T00:00:00Z,${day}`);
    writeFileSync(join(folder, 'orders', `${day}.csv`), ['id,moment,total', ...rows, ''].join('\n'));
  };
  writeFileSync(join(folder, 'orders.sql'), SLOW_SQL);
  writeDay(1, ['a', 'b']);
  const gateway = await startMovingGateway(folder);
  onTestFinished(gateway.stop);
  const read = async (id: string) => {
    const { shop } = await gateway.ask(
      `query ($id: ID!) { shop { now: customer(entityId: $id) { total note } then: customer(entityId: $id, asOf: "2026-06-01T00:00:00Z") { total note } } }`,
      { id },
    );
    return shop;
  };
  return { ...gateway, folder, writeDay, read };
}

it.each([
  ['all rows', ''],
  ['the rows of new files', 'incremental: { table: orders }'],
  ['the rows after a watermark', 'incremental: { table: orders, watermarkColumn: moment }'],
])(
  'keeps writes, and leaves deleted entities out, while it computes %s',
  async (_what, incremental) => {
    const { ask, refresh, writeDay, read, folder } = await start(incremental);
    writeDay(2, ['a', 'b', 'c']);
    let isOver = false;
    const refreshing = refresh('customer').finally(() => (isOver = true));
    // The files are read: the computation has begun, and what is deleted from now on must stay so.
    await until(async () =>
      readdirSync(folder, { recursive: true }).some((name) => /read-.*\.parquet$/.test(String(name))),
    );
    const { writeFeatureValues } = await ask(
      'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }',
      {
        input: {
          featurestore: 'shop',
          rows: ['a', 'b'].map((entityId) => ({
            entityType: 'customer',
            entityId,
            timestamp: '2026-02-01T00:00:00Z',
            values: [{ feature: 'note', value: 'kept' }],
          })),
        },
      },
    );
    expect(writeFeatureValues).toEqual({ written: 2, userErrors: [] });
    await ask(
      'mutation { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["a", "c"] }) { userErrors { message } } }',
    );
    // Otherwise the test would show nothing of a refresh that runs.
    expect(isOver).toBe(false);
    expect(await refreshing).toMatchObject({ state: 'SUCCEEDED' });
    const nothing = { total: null, note: null };
    for (const id of ['a', 'c']) expect(await read(id)).toEqual({ now: nothing, then: nothing });
    const kept = { total: '2', note: 'kept' };
    expect(await read('b')).toEqual({ now: kept, then: kept });
  },
  120_000,
);

it('leaves out an entity that is deleted while its refresh runs and waits for another one', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1), row('b', EARLY, 1)]);
  const gateway = await startMovingGateway(folder);
  onTestFinished(gateway.stop);
  // A refresh of the other entity type, which takes some seconds.
  writeFileSync(
    join(folder, 'stock.sql'),
    'SELECT id AS entity_id, moment, n AS count FROM stock WHERE (SELECT count(*) FROM range(200000000) t(i) WHERE hash(i + n) = 1) >= 0',
  );
  await gateway.ask('mutation { applyRegistry(input: { force: true }) { isApplied } }');
  writeOrders(folder, [row('a', EARLY, 2), row('b', EARLY, 2)]);
  let isOver = false;
  const refreshing = gateway.refresh('customer').finally(() => (isOver = true));
  const states = async (): Promise<string[]> => {
    const { jobs } = await gateway.ask('{ jobs(filter: { kinds: [SOURCE_REFRESH] }, first: 10) { nodes { state } } }');
    return jobs.nodes.map(({ state }: { state: string }) => state);
  };
  await until(async () => (await states()).filter((state) => state === 'RUNNING').length === 2);
  await gateway.ask(
    'mutation { deleteEntities(input: { featurestore: "shop", entityType: "customer", entityIds: ["a"] }) { userErrors { message } } }',
  );
  // Otherwise the test would show nothing of a refresh that waits.
  expect(isOver).toBe(false);
  expect(await states()).toEqual(['RUNNING', 'RUNNING']);
  expect(await refreshing).toMatchObject({ state: 'SUCCEEDED', computed: [{ source: 'values' }] });
  const read = async (id: string) => {
    const { shop } = await gateway.ask(
      `query ($id: ID!) { shop { now: customer(entityId: $id) { total } then: customer(entityId: $id, asOf: "2026-06-01T00:00:00Z") { total } } }`,
      { id },
    );
    return [shop.now.total, shop.then.total];
  };
  expect(await read('a')).toEqual([null, null]);
  expect(await read('b')).toEqual(['2', '2']);
}, 120_000);

it('serves current values and ends a refresh while long queries have all connections of DuckDB', async () => {
  const { ask, refresh, writeDay, read } = await start('incremental: { table: orders }');
  const long = `{ shop { ${Array.from({ length: 8 }, (_, index) => `q${index}: customer(entityId: "b", asOf: "2026-06-01T00:00:0${index}Z") { total }`).join(' ')} } }`;
  const state = { isOver: false };
  const queries = Array.from({ length: 16 }, async () => {
    while (!state.isOver) await ask(long);
  });
  writeDay(2, ['b']);
  const refreshing = refresh('customer').finally(() => (state.isOver = true));
  let reads = 0;
  while (!state.isOver) {
    const { now } = await read('b');
    expect(['1', '2']).toContain(now.total);
    reads += 1;
  }
  expect(await refreshing).toMatchObject({ state: 'SUCCEEDED', computed: [{ isIncremental: true }] });
  await Promise.all(queries);
  expect(reads).toBeGreaterThan(0);
  expect((await read('b')).then.total).toBe('2');
}, 120_000);

it('leaves an entity out of an extension of a fill that was deleted after its rows were read', async () => {
  const registry = testRegistry({
    name: 'shop',
    entityTypes: [
      { name: 'customer', sources: [{ name: 'orders', features: [{ name: 'total', valueType: 'INT64' }] }] },
    ],
  });
  const entityType = registry.entityType('shop', 'customer');
  const source = entityType.sources[0]!;
  const online = new LmdbOnlineStore(temporaryFolder());
  onTestFinished(() => online.close());
  const write = (entityId: string): OnlineWrite => ({
    entityId,
    source,
    version: { timestamp: 1n, createdTimestamp: null, sequence: null },
    values: new Map([['total', 1n]]),
  });
  await online.fill(entityType, { fingerprint: 'one', expectedFill: undefined, readWrites: () => Readable.from([]) });
  const isExtended = await online.extendFill(entityType, {
    expectedFill: 'one',
    fingerprint: 'two',
    async *readWrites() {
      const read = [write('a'), write('b')];
      await online.delete(entityType, ['a']);
      yield read;
    },
  });
  expect(isExtended).toBe(true);
  const cells = await online.read({ entityType, entityIds: ['a', 'b'], features: entityType.features, now: 2n });
  expect(cells.map(([cell]) => cell!.status)).toEqual(['NOT_FOUND', 'PRESENT']);
});
