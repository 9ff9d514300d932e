import { mkdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askSources } from '../../../cli/ask-sources.js';
import { GatewayClient } from '../../../cli/gateway-client.js';
import { diagnoseFreshness, type ToldSource } from '../../../composition/diagnose-freshness.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { collect } from '../../support/collect.js';
import {
  MOVING_REGISTRY,
  startMovingGateway,
  row,
  writeMovingRegistry,
  writeOrders,
} from '../../support/moving-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const IDS = ['a', 'b', 'c'];
const VALUES = `query ($ids: [ID!]!) { shop { customers(entityIds: $ids) {
  total doubleTotal } } }`;
const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-01-02T00:00:00Z');

/** A value that is not there is null. */
interface Row {
  readonly total: string | null;
  readonly doubleTotal: string | null;
}

async function start(folder: string) {
  const gateway = await startMovingGateway(folder);
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await gateway.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  const read = async (): Promise<Row[]> => (await gateway.ask(VALUES, { ids: IDS })).shop.customers;
  const totals = async () => (await read()).map(({ total }) => Number(total));
  return { ...gateway, stop, read, totals };
}

it('replaces values while readers get the old or the new ones of an entity, and never none or both', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(
    folder,
    IDS.map((id) => row(id, EARLY, 1)),
  );
  const gateway = await start(folder);
  expect(await gateway.totals()).toEqual([1, 1, 1]);

  writeOrders(
    folder,
    IDS.flatMap((id) => [row(id, EARLY, 1), row(id, LATE, 7)]),
  );
  let isOver = false;
  const seen = new Set<string>();
  const readers = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      for (const { total, doubleTotal } of await gateway.read()) {
        seen.add(`${total} ${doubleTotal}`);
      }
    }
  });
  for (let count = 0; count < 5; count += 1) {
    expect(await gateway.refresh('customer')).toMatchObject({ state: 'SUCCEEDED', steps: count === 0 ? 2 : 0 });
  }
  isOver = true;
  await Promise.all(readers);
  expect([...seen].every((pair) => ['1 2', '7 14'].includes(pair))).toBe(true);
  expect(await gateway.totals()).toEqual([7, 7, 7]);
  // The file is none of those that this source reads.
  expect(await gateway.refresh('item')).toMatchObject({ steps: 0 });
});

it('leaves the old values after a refresh that fails', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(
    folder,
    IDS.map((id) => row(id, EARLY, 1)),
  );
  const gateway = await start(folder);
  writeOrders(
    folder,
    IDS.map((id) => `${id},no time,2`),
  );
  expect(await gateway.refresh('customer')).toMatchObject({
    state: 'FAILED',
    error: {
      code: 'SOURCE_FAULT',
      message: expect.stringMatching(/^Column "moment" of source .*[^.]\. The log of the gateway has the details\.$/),
    },
  });
  writeOrders(folder, ['a,"not closed']);
  expect(await gateway.refresh('customer')).toMatchObject({
    state: 'FAILED',
    error: {
      code: 'SOURCE_FAULT',
      message: 'The table "orders" cannot be read. The log of the gateway has the details.',
    },
  });
  expect(await gateway.totals()).toEqual([1, 1, 1]);
});

it('serves old values at once after a start with changed files, and then the new ones', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(
    folder,
    IDS.map((id) => row(id, EARLY, 1)),
  );
  const first = await start(folder);
  expect(first.prepared).toHaveLength(4);
  await first.stop();
  writeOrders(
    folder,
    IDS.map((id) => row(id, EARLY, 9)),
  );
  const second = await start(folder);
  expect(second.prepared).toEqual([]);
  expect((await second.totals()).every((total) => total === 1 || total === 9)).toBe(true);
  await until(async () => (await second.totals()).every((total) => total === 9));
});

it('serves rows of the future when their time comes, without a restart', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  const soon = new Date(Date.now() + 6000);
  const later = new Date(Date.now() + 8000);
  writeOrders(
    folder,
    IDS.flatMap((id) => [row(id, EARLY, 1), row(id, soon, 5), row(id, later, 6)]),
  );
  const gateway = await start(folder);
  if (Date.now() < soon.getTime()) expect(await gateway.totals()).toEqual([1, 1, 1]);
  await until(async () => (await gateway.totals()).every((total) => total === 5 || total === 6));
  await until(async () => (await gateway.totals()).every((total) => total === 6));
});

it('tells that a source is behind from its files, and its newest time from its rows', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  const gateway = await start(folder);
  const sources = async () =>
    (
      await gateway.ask(
        '{ featurestore(name: "shop") { entityType(name: "customer") { sources { name isComputed newestTimestamp isBehind } } } }',
      )
    ).featurestore.entityType.sources;
  const [before] = await sources();
  expect(before).toMatchObject({ name: 'values', isComputed: true, isBehind: false });
  expect(Date.parse(before.newestTimestamp)).toBe(EARLY.getTime());
  writeOrders(folder, [row('a', EARLY, 1), row('a', LATE, 2)]);
  expect(await sources()).toMatchObject([{ isBehind: true, newestTimestamp: before.newestTimestamp }]);
  await gateway.refresh('customer');
  const [after] = await sources();
  expect(after.isBehind).toBe(false);
  expect(Date.parse(after.newestTimestamp)).toBe(LATE.getTime());
});

it('computes what the changed files concern when it reloads, as `featuregraph dev` does', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  const gateway = await start(folder);
  writeOrders(folder, [row('a', EARLY, 8)]);
  expect((await gateway.reload()).jobIds).toHaveLength(1);
  await until(async () => (await gateway.totals())[0] === 8);
});

const BY_FILE = MOVING_REGISTRY.replace('file: orders.csv', 'file: orders').replace(
  '- sql: orders.sql',
  '- sql: orders.sql\n            incremental: { table: orders }',
);

function writeDay(folder: string, day: string, rows: readonly string[]): void {
  mkdirSync(join(folder, 'orders'), { recursive: true });
  writeFileSync(join(folder, 'orders', `${day}.csv`), ['id,moment,total', ...rows, ''].join('\n'));
}

it('reads only a new file where the registry allows it, and the job says so', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder, BY_FILE);
  writeDay(
    folder,
    '1',
    IDS.map((id) => row(id, EARLY, 1)),
  );
  const gateway = await start(folder);
  writeDay(folder, '2', [row('a', LATE, 7)]);
  expect(await gateway.refresh('customer')).toMatchObject({
    state: 'SUCCEEDED',
    trigger: 'REQUEST',
    steps: 2,
    computed: [{ source: 'values', isIncremental: true, fullRefreshReason: null, rowsRead: '1', rowsComputed: '1' }],
  });
  expect(await gateway.totals()).toEqual([7, 1, 1]);
  const { featurestore } = await gateway.ask(
    '{ featurestore(name: "shop") { entityType(name: "customer") { sources { freshnessSeconds } } } }',
  );
  const [{ freshnessSeconds }] = featurestore.entityType.sources;
  expect(freshnessSeconds).toBeGreaterThan((Date.now() - LATE.getTime()) / 1000 - 60);
});

it('is behind after a file was renamed or deleted, and the doctor names the source and the command', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder, BY_FILE);
  writeDay(folder, '1', [row('a', EARLY, 1)]);
  writeDay(folder, '2', [row('a', LATE, 7)]);
  const gateway = await start(folder);
  const isBehind = async (): Promise<boolean> => {
    const { featurestore } = await gateway.ask(
      '{ featurestore(name: "shop") { entityType(name: "customer") { sources { isBehind } } } }',
    );
    return featurestore.entityType.sources[0].isBehind;
  };
  const findings = async (): Promise<string> => {
    const registry = await loadRegistry(join(folder, 'registry.yaml'));
    const ask = (): Promise<ToldSource[]> => askSources(new GatewayClient(gateway.url));
    const [diagnosis] = diagnoseFreshness(registry, join(folder, 'data'), { ask, options: '' });
    return (await collect(diagnosis!.findings)).map(({ message, remedy }) => `${message} ${remedy ?? ''}`).join('\n');
  };
  expect(await isBehind()).toBe(false);
  renameSync(join(folder, 'orders/2.csv'), join(folder, 'orders/3.csv'));
  expect(await isBehind()).toBe(true);
  await gateway.refresh('customer');
  expect(await isBehind()).toBe(false);
  expect(await gateway.totals()).toEqual([7, 0, 0]);
  expect(await findings()).toBe('up to date: 2 of 2 sources with SQL ');

  unlinkSync(join(folder, 'orders/3.csv'));
  expect(await isBehind()).toBe(true);
  const behind =
    'shop.customer: values is behind: its SQL, its columns or a file changed after its values were computed';
  // In this process the data folder can be read; test/e2e/doctor.test.ts asks a gateway of another process.
  expect(await findings()).toContain(`${behind} featuregraph refresh shop customer values`);
  await gateway.stop();
  expect(await findings()).toContain(`${behind} featuregraph refresh shop customer values`);
});

it('estimates a refresh before it runs: the changed sources with their rows, bytes and a price of nothing', async () => {
  const folder = temporaryFolder();
  writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1), row('b', EARLY, 2)]);
  const gateway = await start(folder);
  const estimate = async (entityType: string, source?: string) =>
    (
      await gateway.ask(
        `query ($input: RefreshSourceInput!) { estimateSourceRefresh(input: $input) {
          sources { entityType source rows bytes isServedMeanwhile } cost { total { amount } assumptions priceBook { name } } } }`,
        { input: { featurestore: 'shop', entityType, source } },
      )
    ).estimateSourceRefresh;
  expect(await estimate('customer')).toMatchObject({ sources: [], cost: { total: { amount: 0 } } });
  writeOrders(folder, [row('a', EARLY, 1), row('b', EARLY, 2), row('c', LATE, 3)]);
  const { size } = statSync(join(folder, 'orders.csv'));
  const before = await gateway.totals();
  expect(await estimate('customer', 'values')).toEqual({
    sources: [{ entityType: 'customer', source: 'values', rows: '2', bytes: String(size), isServedMeanwhile: true }],
    cost: {
      total: { amount: 0 },
      assumptions: expect.arrayContaining([`The query scans ${size} bytes at most.`]),
      priceBook: { name: 'this-machine' },
    },
  });
  expect(await gateway.totals()).toEqual(before);
  await gateway.refresh('customer');
  expect((await estimate('customer')).sources).toEqual([]);
  await expect(estimate('customer', 'other')).rejects.toThrow('"field":"input.source"');
  await expect(estimate('none')).rejects.toThrow('ENTITY_TYPE_NOT_FOUND');
});
