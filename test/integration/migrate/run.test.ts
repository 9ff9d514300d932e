import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrateRun } from '../../../migrate/cli/migrate-run.js';
import { statusText } from '../../../migrate/cli/status-text.js';
import { readStateFile, StateFile } from '../../../migrate/state/state-file.js';
import type { LegacyEntityType } from '../../support/google/vertex/legacy-featurestores.js';
import { PLACE } from '../../support/google/vertex-world.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { DATASET, MigrationWorld, START } from '../../support/migrate/migration-world.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

let world: MigrationWorld;
let customer: LegacyEntityType;
beforeEach(async () => {
  world = await MigrationWorld.start();
  world.vertex.legacy.addFeaturestore('shop');
  customer = world.vertex.legacy.addEntityType('shop', 'customer', { features: { orders: 'INT64', city: 'STRING' } });
  world.vertex.legacy.addEntityType('shop', 'page', { features: { seconds: 'DOUBLE' } });
  writeOrders('c1', START - 5_000_000n, 3);
});
afterEach(() => world.stop());

const writeOrders = (entity: string, time: bigint, orders: number) =>
  world.writeLegacy(customer, entity, 'orders', time, { value: 'int64Value', int64Value: String(orders) });
const plan = (options = {}) => world.planInto(temporaryFolder(), options);
const exportsOf = (type: string) =>
  [...world.vertex.operations.all.keys()].filter((name) => name.includes(`/entityTypes/${type}/operations/`));
const tableIds = () => world.bigQuery.tables.idsOf(PLACE.project, DATASET);
const ROOT = `projects/${PLACE.project}/locations/${PLACE.location}`;

describeWithGoogleSql('featuregraph migrate run', () => {
  it('stops at each decision, which nothing but its confirmation passes', async () => {
    const path = await plan();
    expect(await world.run(path)).toMatchObject({ kind: 'decision', step: { id: 'dual-writes' } });
    expect(await world.run(path)).toMatchObject({ kind: 'decision', step: { id: 'dual-writes' } });
    await expect(world.run(path, { confirmed: ['table'] })).rejects.toThrow('"table" is no decision');
    const confirmed = ['dual-writes', 'compare', 'switch', 'leave'];
    expect(await world.run(path, { confirmed: confirmed.slice(0, 1) })).toMatchObject({ step: { id: 'compare' } });
    expect(await world.run(path, { confirmed })).toEqual({ kind: 'finished' });
  });

  it('stops when an export is refused, makes nothing from it, and exports again in the next run', async () => {
    world.vertex.legacy.exportFailures.add('customer');
    const path = await plan();
    await expect(world.run(path)).rejects.toThrow(
      /Export all values of shop.customer: Vertex AI refused it: .*the test/,
    );
    expect(world.bigQuery.jobs.all.size).toBe(0);
    expect(world.vertex.views.featureGroups.size).toBe(0);
    expect(statusText(await readStateFile(path), START)).toMatch(/^failed {2}export:shop.customer: .*refused/m);
    expect(await world.run(path)).toMatchObject({ step: { id: 'dual-writes' } });
    expect([exportsOf('customer').length, exportsOf('page').length]).toEqual([2, 1]);
  });

  it('leaves a table of an export alone that another made', async () => {
    const path = await plan();
    world.bigQuery.tables.create(PLACE.project, DATASET, {
      tableReference: { projectId: PLACE.project, datasetId: DATASET, tableId: 'legacy_export__customer' },
      schema: { fields: [{ name: 'x', type: 'STRING' }] },
    });
    await expect(world.run(path)).rejects.toThrow('no export of this plan made it');
    expect(exportsOf('customer')).toEqual([]);
  });

  it('waits for the export of a run whose answer was lost, also when others export the same type', async () => {
    const path = await plan();
    world.vertex.server.faults.add('ExportFeatureValues', { kind: 'loseAnswer', code: 'UNAVAILABLE' }, 2);
    await world.run(path, { until: 'export' });
    expect([exportsOf('customer').length, exportsOf('page').length]).toEqual([1, 1]);
  });

  it('takes what is there as made if it is as planned, and stops at a resource of another purpose', async () => {
    const path = await plan();
    await world.run(path, { until: 'table' });
    const source = (table: string) => ({
      bigQuery: {
        bigQuerySource: { inputUri: `bq://${PLACE.project}.${DATASET}.${table}` },
        entityIdColumns: ['entity_id'],
        timeSeries: { timestampColumn: 'feature_timestamp' },
      },
    });
    world.vertex.views.addFeatureGroup('customer', source('customer__values'), [{ id: 'orders' }]);
    world.vertex.views.addFeatureGroup('page', source('other'), []);
    await expect(world.run(path)).rejects.toThrow(
      /feature group page: one of this name is there, and it has another table/,
    );
    world.vertex.views.featureGroups.delete(`${ROOT}/featureGroups/page`);
    expect(await world.run(path)).toMatchObject({ step: { id: 'dual-writes' } });
    const { progress } = await readStateFile(path);
    expect(progress['feature-group:shop.customer']!.note).toBe('It was already there.');
    const group = world.vertex.views.featureGroups.get(`${ROOT}/featureGroups/customer`)!;
    expect(group.features.map(({ name }) => name.split('/').at(-1)).toSorted()).toEqual(['city', 'orders']);
  });

  it('says before it begins what would stop it: the dataset and the quotas', async () => {
    const path = await plan({ datasetLocation: 'US' });
    for (let index = 0; index < 29; index += 1) {
      if (index === 0) world.vertex.views.addOnlineStore('other');
      world.vertex.views.addView('other', `v${index}`, { features: {}, syncedAt: null });
    }
    await expect(world.run(path)).rejects.toThrow(
      /The migration cannot begin:.*is in europe-west4, not in US.*would have 31 feature views, and the quota is 30/s,
    );
    expect(exportsOf('customer')).toEqual([]);
    await expect(plan()).rejects.toThrow('2 feature views are needed');
  });

  it('stops where an export has other columns than it expects, and names both', async () => {
    const path = await plan();
    await world.run(path, { until: 'export' });
    const table = world.bigQuery.tables.get(PLACE.project, DATASET, 'legacy_export__customer');
    table.fields = table.fields.map((field) =>
      field.name === 'entity_type_customer' ? { ...field, name: 'customer_id' } : field,
    );
    await expect(world.run(path)).rejects.toThrow(/missing: entity_type_customer.*there instead: customer_id/s);
    expect(tableIds()).not.toContain('customer__values');
  });

  it('adds what was written in between, and touches no row that featuregraph has just written', async () => {
    const path = await plan();
    await world.run(path);
    const time = world.now - 1_000_000n;
    writeOrders('c1', time, 4);
    writeOrders('c2', START - 2n * 86_400_000_000n, 5);
    // A write by featuregraph: in the table, where BigQuery refuses to change it for a while, and in the legacy store.
    const table = world.bigQuery.tables.get(PLACE.project, DATASET, 'customer__values');
    const json = {
      entity_id: 'c1',
      feature_timestamp: new Date(Number(time / 1000n)).toISOString(),
      orders: '4',
    };
    world.bigQuery.tables.insertAll(table, { rows: [{ insertId: '1', json }] }, 100);
    expect(await world.run(path, { confirmed: ['dual-writes'] })).toMatchObject({ step: { id: 'compare' } });
    const orders = table.rows.map((row) => `${row[0]!.string_value} ${row[2]!.int64_value}`);
    expect(orders.toSorted()).toEqual(['c1 3', 'c1 4', 'c2 5']);
  });

  it('exports what cannot move, and only that', async () => {
    world.vertex.legacy.addEntityType('shop', 'odd', { features: { sequence: 'INT64' } });
    const path = await plan();
    await world.run(path);
    expect(tableIds().filter((id) => id.includes('odd'))).toEqual(['legacy_export__shop__odd']);
  });

  it('ends at --until, a step or a phase, and goes on from there', async () => {
    const path = await plan();
    await expect(world.run(path, { until: 'nothing' })).rejects.toThrow('no step or phase "nothing"');
    expect(await world.run(path, { until: 'export:shop.customer' })).toEqual({ kind: 'until' });
    expect(tableIds()).toEqual(['legacy_export__customer']);
    expect(await world.run(path, { until: 'table' })).toEqual({ kind: 'until' });
    expect(tableIds()).toHaveLength(4);
    expect(world.vertex.views.featureGroups.size).toBe(0);
  });

  it('asks before it does anything, unless --yes is said', async () => {
    const state = await plan();
    const written: string[] = [];
    const signal = new AbortController().signal;
    const command = (yes: boolean, answer?: string) =>
      migrateRun(
        { state, yes, until: 'preflight', confirm: [] },
        {
          write: (text) => void written.push(text),
          ask: answer === undefined ? undefined : async (question) => (written.push(question), answer),
          signal,
        },
        () => world.services(),
      );
    await expect(command(false)).rejects.toThrow('say --yes');
    await expect(command(false, 'no')).rejects.toThrow('Nothing was done');
    const { steps } = await readStateFile(state);
    expect(written).toEqual([`${steps.length} of ${steps.length} steps are not done. Go on? (yes/no) `]);
    expect(await command(true)).toBe('Stopped where --until says.\n');
    expect(written.slice(1)).toEqual(['begun   preflight\n', 'done    preflight\n']);
  });

  it('says in its status how many steps are done, and what comes next', async () => {
    const path = await plan();
    await world.run(path);
    const text = statusText(await readStateFile(path), START);
    expect(text).toContain('Your decision: All writers write through featuregraph');
    expect(text).toMatch(/│ export +│ +2 │ +2 │ +0 │ +0 │/);
    expect(text).toContain('79 days are left');
  });

  it('is refused while another run uses the state file', async () => {
    const path = await plan();
    const state = await StateFile.open(path, world.tick);
    await expect(world.run(path)).rejects.toThrow(`The process ${process.pid} uses`);
    await state.close();
    await writeFile(`${path}.lock`, '4194305');
    await world.run(path, { until: 'preflight' });
  });
});
