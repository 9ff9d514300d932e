import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OfflineStore } from '../../../datasources/offline/offline-store.js';
import { tableName } from '../../../datasources/offline/bigquery/source-table.js';
import type { BigQueryServer } from '../../support/google/bigquery-server/server.js';
import { openTestStore, startBigQuery } from '../../support/google/bigquery-store.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { NOW, row, smallRegistry, findSource } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const MIB = 1_048_576;
/** What BigQuery bills for a query of one table at least, and its price in us-central1: $6.25 / 2^40 a byte. */
const LEAST_BYTES = 10 * MIB;
const LEAST_USD = (6.25 / 2 ** 40) * LEAST_BYTES;

const PAST = '2001-09-09T01:46:30Z';
const READ = `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1", asOf: "${PAST}") {
  features(names: ["orders_7d"]) { value status } } }`;
const TWO_TABLES = READ.replace('["orders_7d"]', '["orders_7d", "born"]');
const HISTORY = `{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") {
  history(feature: "orders_7d", first: 5) { nodes { value } } } }`;
const USAGE = '{ viewer { budget { day budget { amount } spent { currency amount } bytesBilled } } }';

describeWithGoogleSql('the budget of reads', () => {
  let server: BigQueryServer;
  let store: OfflineStore;
  let gateway: TestGateway;

  async function open(budget: number | null): Promise<void> {
    const registry = smallRegistry();
    const sources = registry.featurestores.flatMap(({ entityTypes }) => entityTypes).flatMap((type) => type.sources);
    store = await openTestStore(server, sources, { location: 'us-central1' });
    gateway = await startTestGateway(registry, {
      wrap: (stores) => ({ online: (featurestore) => stores.online(featurestore), offline: () => store }),
      costs: { dailyBudgets: new Map(budget === null ? [] : [['*', budget]]) },
    });
    await store.append(findSource(gateway, 'shop', 'customer'), [
      row('c1', -20, { orders_7d: 5n }),
      row('c1', -15, { orders_7d: 6n }),
    ]);
  }
  /** Adds a row whose city has this number of bytes. */
  function makeLarge(bytes: number) {
    const table = tableName(findSource(gateway, 'shop', 'customer'));
    const { fields, rows } = server.tables.get('test-project', 'features', table);
    const city = fields.findIndex(({ name }) => name === 'city');
    rows.push(rows[0]!.map((cell, index) => (index === city ? { string_value: 'x'.repeat(bytes) } : cell)));
    return rows;
  }
  const usage = async () => (await gateway.ask(USAGE)).data as { viewer: { budget: Record<string, unknown> } };
  const billed = async () => (await usage()).viewer.budget.bytesBilled;
  const queries = () => [...server.jobs.all.values()];

  beforeEach(async () => {
    server = await startBigQuery(() => NOW);
    server.tables.addDataset('test-project', 'features', 'us-central1');
  });
  afterEach(async () => {
    await store.close();
    await gateway.close();
    await server.stop();
  });

  it('is charged what BigQuery says that it billed, of every read of a warehouse', async () => {
    await open(1);
    expect((await gateway.ask(READ)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(LEAST_BYTES));
    expect((await gateway.ask(TWO_TABLES)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(3 * LEAST_BYTES));
    expect((await gateway.ask(HISTORY)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(4 * LEAST_BYTES));
    expect((await usage()).viewer.budget).toMatchObject({
      budget: { amount: 1 },
      spent: { currency: 'USD', amount: expect.closeTo(4 * LEAST_USD, 9) },
    });
  });

  it('is charged nothing for current values, which a warehouse does not answer', async () => {
    await open(0);
    const current = '{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { features { value } } }';
    expect((await gateway.ask(current)).errors).toBeUndefined();
    expect(queries()).toEqual([]);
    expect(await billed()).toBe('0');
  });

  it('refuses a read whose least cost is more than its rest, before anything is sent to BigQuery', async () => {
    await open(LEAST_USD * 1.5);
    expect((await gateway.ask(READ)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(LEAST_BYTES));
    const sent = queries().length;
    const { errors } = await gateway.ask(READ);
    expect(errors).toMatchObject([{ extensions: { code: 'COST_OVER_LIMIT' } }]);
    expect(errors![0]!.message).toMatch(/^This read of the offline store may cost more than is left of the budget/);
    expect(queries()).toHaveLength(sent);
    expect(await billed()).toBe(String(LEAST_BYTES));
  });

  it('lets BigQuery refuse, unbilled, a query that could be billed more than its rest', async () => {
    await open(LEAST_USD * 1.5);
    const rows = makeLarge(16 * MIB);
    const { errors } = await gateway.ask(READ.replace('orders_7d', 'city'));
    expect(errors).toMatchObject([{ extensions: { code: 'COST_OVER_LIMIT' } }]);
    expect(errors![0]!.message).toMatch(/^This read of the offline store may cost more than is left of the budget/);
    // A small share comes first; the estimate of a dry run is then more than the budget has.
    expect(queries().map(({ configuration }) => Number(configuration.query.maximumBytesBilled))).toEqual([LEAST_BYTES]);
    // It gives back what it reserved: a smaller read has room.
    await expect.poll(async () => (await usage()).viewer.budget.spent).toEqual({ currency: 'USD', amount: 0 });
    rows.pop();
    expect((await gateway.ask(READ)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(LEAST_BYTES));
  });

  it('is not passed by reads that run at the same moment, each of which would fit', async () => {
    await open(LEAST_USD * 2);
    makeLarge(12 * MIB);
    const reads = await Promise.all(Array.from({ length: 6 }, () => gateway.ask(READ.replace('orders_7d', 'city'))));
    const refused = reads.filter(({ errors }) => errors?.[0]?.extensions.code === 'COST_OVER_LIMIT');
    expect(refused).toHaveLength(5);
    const maxima = queries().map(({ configuration }) => Number(configuration.query.maximumBytesBilled));
    // One query may be billed what it scans. The test's GoogleSQL refuses to run it: it takes 4 MiB of rows.
    const admitted = maxima.filter((bytes) => bytes > LEAST_BYTES);
    expect(admitted).toHaveLength(1);
    expect(admitted[0]).toBeGreaterThanOrEqual(12 * MIB);
    expect(admitted[0]).toBeLessThanOrEqual(2 * LEAST_BYTES);
  });

  it('counts the bytes of a principal without a budget, and limits nothing', async () => {
    await open(null);
    expect((await gateway.ask(READ)).errors).toBeUndefined();
    await expect.poll(billed).toBe(String(LEAST_BYTES));
    expect(queries().map(({ configuration }) => configuration.query.maximumBytesBilled)).toEqual([undefined]);
  });
});
