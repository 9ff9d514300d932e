import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { planText } from '../../../cli/commands/registry-changes.js';
import { row, startMovingGateway, writeMovingRegistry, writeOrders } from '../../support/moving-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const EARLY = new Date('2026-01-01T00:00:00Z');
const LATE = new Date('2026-01-02T00:00:00Z');

/** Computed orders, and notes that clients write. */
const BEFORE = `
featurestores:
  - name: shop
    tables: { orders: { file: orders.csv, timeZone: UTC } }
    entityTypes:
      - name: customer
        sources:
          - name: orders
            sql: orders.sql
            timestampColumn: moment
            features: [{ name: total, valueType: INT64 }]
          - name: notes
            features: [{ name: note, valueType: STRING }]
`;
const AFTER = BEFORE.replace('- name: customer', '- name: client\n        renamedFrom: customer')
  .replace('- name: notes', '- name: remarks\n            renamedFrom: notes')
  .replace('{ name: note,', '{ name: remark, renamedFrom: note,');
const PLAN = `isApplied jobIds plan { faults expectations removed breaks { path } changes renamed { kind from to }
  recomputed { featurestore entityType source rows bytes isServedMeanwhile } }`;

const write = (entityType: string, feature: string, value: string, timestamp: Date) => ({
  input: {
    featurestore: 'shop',
    rows: [{ entityType, entityId: 'a', timestamp: timestamp.toISOString(), values: [{ feature, value }] }],
  },
});
const WRITE =
  'mutation ($input: WriteFeatureValuesInput!) { writeFeatureValues(input: $input) { written userErrors { message } } }';

async function start(registry = BEFORE) {
  const folder = temporaryFolder();
  const path = writeMovingRegistry(folder, registry);
  writeFileSync(join(folder, 'orders.sql'), 'SELECT id AS entity_id, moment, total FROM orders');
  writeOrders(folder, [row('a', EARLY, 1), row('a', LATE, 2)]);
  const open = async () => {
    const gateway = await startMovingGateway(folder);
    let stopped: Promise<void> | undefined;
    const stop = () => (stopped ??= gateway.stop());
    onTestFinished(stop);
    return { ...gateway, stop };
  };
  return { open, edit: (text: string) => writeFileSync(path, text) };
}

it('moves the values of an entity type, a source and a feature to their new names, and computes nothing', async () => {
  const { open, edit } = await start();
  const gateway = await open();
  await gateway.ask(WRITE, write('customer', 'note', 'old', EARLY));
  await gateway.ask(WRITE, write('customer', 'note', 'new', LATE));
  // A row of the future is in the log by the old names.
  const soon = new Date(Date.now() + 3000);
  await gateway.ask(WRITE, write('customer', 'note', 'future', soon));
  edit(AFTER);
  const { registryPlan } = await gateway.ask(
    `{ registryPlan { ${PLAN.replace('isApplied jobIds plan { ', '').replace(/\}$/, '')} } }`,
  );
  expect(registryPlan).toMatchObject({
    faults: [],
    removed: [],
    recomputed: [],
    renamed: [
      { kind: 'ENTITY_TYPE', from: 'shop.customer', to: 'shop.client' },
      { kind: 'SOURCE', from: 'shop.customer.notes', to: 'shop.client.remarks' },
      { kind: 'FEATURE', from: 'shop.customer.note', to: 'shop.client.remark' },
    ],
  });
  expect(planText(registryPlan)).toContain('rename     shop.customer.note -> shop.client.remark');
  // A client that reads by the old names breaks: that is for the operator to decide.
  const { applyRegistry } = await gateway.ask(`mutation { applyRegistry(input: { force: true }) { ${PLAN} } }`);
  expect(applyRegistry).toMatchObject({ isApplied: true, jobIds: [] });
  const read = `{ shop { client(entityId: "a") { total remark } before: client(entityId: "a", asOf: "2026-01-01T12:00:00Z") { total remark } } }`;
  const values = { total: '2', remark: 'new' };
  const before = { total: '1', remark: 'old' };
  const { shop } = await gateway.ask(read);
  expect(shop.before).toEqual(before);
  expect([values, { ...values, remark: 'future' }]).toContainEqual(shop.client);

  await gateway.ask(WRITE, write('client', 'remark', 'newest', new Date(LATE.getTime() + 1000)));
  await gateway.stop();
  // The same file at the next start renames nothing again, and a file without the old names has all values.
  for (const registry of [AFTER, AFTER.replaceAll(/renamedFrom: \w+,?/g, '')]) {
    edit(registry);
    const next = await open();
    expect(next.prepared).toEqual([]);
    const { shop: later } = await next.ask(read);
    expect(later.before).toEqual(before);
    expect(later.client.total).toBe('2');
    expect(['newest', 'future']).toContain(later.client.remark);
    // The row of the future comes by its new name, also without the old one in the registry.
    await until(async () => (await next.ask(read)).shop.client.remark === 'future');
    await next.stop();
  }
});

it('moves values at a start too, and a later feature of the old name has no values', async () => {
  const { open, edit } = await start();
  const gateway = await open();
  await gateway.ask(WRITE, write('customer', 'note', 'old', EARLY));
  await gateway.stop();
  edit(AFTER);
  const next = await open();
  expect(next.prepared).toEqual([]);
  const { shop } = await next.ask(
    '{ shop { client(entityId: "a") { total remark } then: client(entityId: "a", asOf: "2026-03-01T00:00:00Z") { total remark } } }',
  );
  expect(shop).toEqual({ client: { total: '2', remark: 'old' }, then: { total: '2', remark: 'old' } });
  // A feature that gets the old name later is another one.
  edit(AFTER.replace('{ name: remark, renamedFrom: note,', '{ name: note, valueType: STRING }, { name: remark,'));
  await next.ask('mutation { applyRegistry(input: { force: true }) { isApplied } }');
  const { shop: again } = await next.ask('{ shop { client(entityId: "a") { note remark } } }');
  expect(again.client).toEqual({ note: null, remark: 'old' });
});

it('deletes an entity by its new name, and does not bring it back at the next start', async () => {
  const { open, edit } = await start();
  const gateway = await open();
  await gateway.ask(WRITE, write('customer', 'note', 'old', EARLY));
  edit(AFTER);
  await gateway.ask('mutation { applyRegistry(input: { force: true }) { isApplied } }');
  await gateway.ask(
    'mutation { deleteEntities(input: { featurestore: "shop", entityType: "client", entityIds: ["a"] }) { userErrors { message } } }',
  );
  const read = '{ shop { client(entityId: "a") { remark } } }';
  expect((await gateway.ask(read)).shop.client.remark).toBeNull();
  await gateway.stop();
  const next = await open();
  expect((await next.ask(read)).shop.client.remark).toBeNull();
});

it('refuses a rename from a name that is in use, with its line', async () => {
  const { open, edit } = await start();
  const gateway = await open();
  edit(BEFORE.replace('{ name: note,', '{ name: note, renamedFrom: total,'));
  const { applyRegistry } = await gateway.ask(`mutation { applyRegistry(input: { force: true }) { ${PLAN} } }`);
  expect(applyRegistry.isApplied).toBe(false);
  expect(applyRegistry.plan.faults.join()).toMatch(/line 13, column \d+:.*renamedFrom: "total" is a name in use/);
});
