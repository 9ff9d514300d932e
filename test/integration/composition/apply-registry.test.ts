import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import {
  MOVING_REGISTRY,
  row,
  startMovingGateway,
  writeMovingRegistry,
  writeOrders,
} from '../../support/moving-gateway.js';
import { webSocketClient } from '../../support/stream-clients.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const EARLY = new Date('2026-01-01T00:00:00Z');
const WITH_VIEW = `${MOVING_REGISTRY}
    featureViews: [{ name: totals, entityType: customer, features: [total] }]
`;
const WITH_SECOND_TOTAL = MOVING_REGISTRY.replace(
  '- { name: double_total, valueType: INT64 }',
  '- { name: double_total, valueType: INT64 }\n              - { name: triple_total, valueType: INT64 }',
);
const WITHOUT_DOUBLE = MOVING_REGISTRY.replace('- { name: double_total, valueType: INT64 }', '');
const TOTAL = '{ shop { customer(entityId: "a") { total } } }';

async function start() {
  const folder = temporaryFolder();
  const path = writeMovingRegistry(folder);
  writeOrders(folder, [row('a', EARLY, 1)]);
  const gateway = await startMovingGateway(folder);
  onTestFinished(gateway.stop);
  return {
    ...gateway,
    folder,
    edit: (registry: string) => writeFileSync(path, registry),
    apply: async (force = false) =>
      (
        await gateway.ask(
          `mutation ($force: Boolean!) { applyRegistry(input: { force: $force }) { isApplied jobIds
             plan { faults breaks { path } removed recomputed { source isServedMeanwhile rows bytes } } } }`,
          { force },
        )
      ).applyRegistry,
  };
}

it('serves another registry without a failed request, and a subscription goes on over its socket', async () => {
  const gateway = await start();
  let isOver = false;
  let answers = 0;
  const hammer = Array.from({ length: 50 }, async () => {
    while (!isOver) {
      expect(await gateway.ask(TOTAL)).toEqual({ shop: { customer: { total: '1' } } });
      answers += 1;
    }
  });
  // A slow refresh, behind which the next registry and the followed job wait.
  writeFileSync(
    join(gateway.folder, 'stock.sql'),
    'SELECT id AS entity_id, moment, n AS count FROM stock WHERE (SELECT count(*) FROM range(100000000) t(i) WHERE hash(i) = 1) >= 0',
  );
  expect(await gateway.apply()).toMatchObject({ isApplied: true, jobIds: [expect.any(String)] });
  writeFileSync(
    join(gateway.folder, 'orders.sql'),
    'SELECT id AS entity_id, moment, total, 2 * total AS double_total, 3 * total AS triple_total FROM orders',
  );
  gateway.edit(WITH_SECOND_TOTAL);
  const applying = gateway.apply();
  const { refreshSource } = await gateway.ask(
    'mutation { refreshSource(input: { featurestore: "shop", entityType: "item" }) { job { id } } }',
  );
  const socket = webSocketClient(gateway.url);
  onTestFinished(() => socket.close());
  const following = socket.follow({
    query: 'subscription ($id: ID!) { jobProgress(id: $id) { state } }',
    variables: { id: refreshSource.job.id },
  });
  expect(await applying).toMatchObject({ isApplied: true, plan: { faults: [], breaks: [] } });
  const followed = await following;
  expect(followed.error).toBeUndefined();
  expect(followed.results.at(-1)).toMatchObject({ data: { jobProgress: { state: 'SUCCEEDED' } } });
  await until(async () => {
    const { shop } = await gateway.ask('{ shop { customer(entityId: "a") { tripleTotal } } }');
    return shop.customer.tripleTotal === '3';
  });
  isOver = true;
  await Promise.all(hammer);
  expect(answers).toBeGreaterThan(50);
}, 180_000);

it('serves the registry before when the file has a fault, and names its line', async () => {
  const gateway = await start();
  gateway.edit(
    MOVING_REGISTRY.replace('dense', 'x').replace('name: total, valueType: INT64', 'name: total, valueType: INT'),
  );
  const refused = await gateway.apply(true);
  expect(refused).toMatchObject({ isApplied: false, jobIds: [] });
  expect(refused.plan.faults.join(' ')).toMatch(/registry\.yaml.*line 13, column \d+:/s);
  // A client must not learn where the file is on this machine.
  expect(refused.plan.faults.join('\n')).not.toContain(tmpdir());
  expect(await gateway.ask(TOTAL)).toEqual({ shop: { customer: { total: '1' } } });
});

it('refuses a value type that changed, and the plan says so before', async () => {
  const gateway = await start();
  gateway.edit(
    MOVING_REGISTRY.replace('name: double_total, valueType: INT64', 'name: double_total, valueType: DOUBLE'),
  );
  const { registryPlan } = await gateway.ask('{ registryPlan { faults } }');
  expect(registryPlan.faults).toEqual([
    'A value type cannot change once values are stored; give the feature a new name: customer.double_total is stored as BIGINT, the registry now says DOUBLE',
  ]);
  expect(await gateway.apply(true)).toMatchObject({ isApplied: false, plan: registryPlan });
});

it('refuses other SQL that does not run of a source that has values, by file, line and column, and the plan says so before', async () => {
  const gateway = await start();
  const sql = join(gateway.folder, 'orders.sql');
  const good = readFileSync(sql, 'utf8');
  for (const [text, place] of [
    ['SELECT id AS entity_id, moment,\n  totl AS total, 2 AS double_total FROM orders', 'orders.sql, line 2, column 3'],
    [`SELECT ${'1 + '.repeat(80)}totl AS total FROM orders`, 'orders.sql, line 1, column 328'],
    ['SELECT id AS entity_id, moment,\n  total AS AS total FROM orders', 'orders.sql, line 2, column 15'],
  ] as const) {
    writeFileSync(sql, text);
    const { registryPlan } = await gateway.ask('{ registryPlan { faults } }');
    expect(registryPlan.faults.join('\n')).toContain(place);
    expect(registryPlan.faults.join('\n')).not.toContain(tmpdir());
    expect(await gateway.apply(true)).toMatchObject({ isApplied: false, jobIds: [], plan: registryPlan });
  }
  expect(await gateway.ask(TOTAL)).toEqual({ shop: { customer: { total: '1' } } });
  writeFileSync(sql, good.replace('total,', '5 * total AS total,'));
  expect(await gateway.apply()).toMatchObject({ isApplied: true });
  await until(async () => (await gateway.ask(TOTAL)).shop.customer.total === '5');
});

it('shows a source as behind from other SQL until a refresh with it has succeeded', async () => {
  const gateway = await start();
  const isBehind = async (): Promise<boolean> => {
    const { featurestore } = await gateway.ask(
      '{ featurestore(name: "shop") { entityType(name: "customer") { sources { isBehind } } } }',
    );
    return featurestore.entityType.sources[0].isBehind;
  };
  expect(await isBehind()).toBe(false);
  const sql = join(gateway.folder, 'orders.sql');
  // It fails at a value, which no plan can know.
  writeFileSync(
    sql,
    'SELECT id AS entity_id, moment, CAST(id AS BIGINT) AS total, 2 * total AS double_total FROM orders',
  );
  const { isApplied, jobIds } = await gateway.apply();
  expect(isApplied).toBe(true);
  await until(
    async () =>
      (await gateway.ask('query ($id: ID!) { job(id: $id) { state } }', { id: jobIds[0] })).job.state === 'FAILED',
  );
  expect(await isBehind()).toBe(true);
  writeFileSync(sql, 'SELECT id AS entity_id, moment, 3 * total AS total, 2 * total AS double_total FROM orders');
  expect(await gateway.apply()).toMatchObject({ isApplied: true });
  await until(async () => !(await isBehind()));
  await until(async () => (await gateway.ask(TOTAL)).shop.customer.total === '3');
});

it('refuses what breaks clients unless it is told to, and changes nothing the second time', async () => {
  const gateway = await start();
  gateway.edit(WITHOUT_DOUBLE);
  expect(await gateway.apply()).toMatchObject({
    isApplied: false,
    plan: { breaks: [{ path: 'ShopCustomer.doubleTotal' }], removed: ['shop.customer.double_total'] },
  });
  await gateway.ask('{ shop { customer(entityId: "a") { doubleTotal } } }');
  expect(await gateway.apply(true)).toMatchObject({ isApplied: true });
  await expect(gateway.ask('{ shop { customer(entityId: "a") { doubleTotal } } }')).rejects.toThrow('doubleTotal');
  await until(async () => (await gateway.apply()).plan.recomputed.length === 0);
  expect(await gateway.apply()).toMatchObject({ isApplied: true, jobIds: [], plan: { breaks: [], removed: [] } });
});

it('names an added type or field in the plan, and not what is inside it', async () => {
  const gateway = await start();
  gateway.edit(`${WITH_SECOND_TOTAL}      - name: tray
        sources: [{ features: [{ name: height, valueType: INT64 }] }]
`);
  const { registryPlan } = await gateway.ask('{ registryPlan { changes } }');
  expect(registryPlan.changes.toSorted()).toEqual([
    "Field 'tray' was added to object type 'ShopFeaturestore'",
    "Field 'trays' was added to object type 'ShopFeaturestore'",
    "Field 'tripleTotal' was added to object type 'ShopCustomer'",
    "Type 'ShopTray' was added",
  ]);
});

it('serves two applied registries one after the other', async () => {
  const gateway = await start();
  gateway.edit(WITH_VIEW);
  const applied = await Promise.all([gateway.apply(), gateway.apply()]);
  expect(applied.map(({ isApplied }) => isApplied)).toEqual([true, true]);
  const { featurestore } = await gateway.ask('{ featurestore(name: "shop") { featureViews { name } } }');
  expect(JSON.stringify(featurestore)).toContain('totals');
});

it('asks for a restart when a store is another one', async () => {
  const gateway = await start();
  gateway.edit(
    MOVING_REGISTRY.replace(
      '  - name: shop\n',
      '  - name: shop\n    onlineStore: { kind: BIGTABLE, project: p, instance: i, table: t }\n',
    ),
  );
  const { isApplied, plan } = await gateway.apply(true);
  expect(isApplied).toBe(false);
  expect(plan.faults).toEqual([expect.stringContaining('restart the gateway')]);
});

it('is refused without the ids of rows that a new source computes against its expectation', async () => {
  const gateway = await start();
  writeOrders(gateway.folder, [row('a', EARLY, 1), row('person-17', EARLY, 2)]);
  gateway.edit(`${MOVING_REGISTRY}
      - name: buyer
        sources:
          - sql: orders.sql
            timestampColumn: moment
            features: [{ name: total, valueType: INT64, expectations: [{ max: 0, onViolation: REJECT }] }]
`);
  const applied = await gateway.apply();
  expect(applied).toMatchObject({
    isApplied: false,
    plan: {
      faults: [
        'The computed rows of shop.buyer, source "values", are not as the registry expects (REJECT):',
        'in 2 rows, "total" has a value that is not as expected (RANGE)',
      ],
    },
  });
  expect(JSON.stringify(applied)).not.toContain('person-17');
});
