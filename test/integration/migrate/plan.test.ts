import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePlan, type MigratePlanOptions } from '../../../migrate/cli/migrate-plan.js';
import { registryDocument, type FeaturestoreInput } from '../../../datasources/registry/document/document.js';
import { findFaults } from '../../../datasources/registry/document/find-faults.js';
import { loadPriceBooks, toPriceBooks } from '../../../costs/files/load-price-books.js';
import { readStateFile } from '../../../migrate/state/state-file.js';
import { VertexClients } from '../../../datasources/google/vertex/vertex-clients.js';
import { parseInstant } from '../../../values/instant.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../../support/google/vertex-world.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { PLAN_OPTIONS } from '../../support/migrate/migration-world.js';

const GOLDEN = join(import.meta.dirname, '../../cases/migrate/shop.md');

let world: VertexWorld;
beforeAll(async () => {
  world = await startVertexWorld();
  world.legacy.addFeaturestore('shop', {
    labels: { team: 'sales' },
    onlineServingConfig: { scaling: { minNodeCount: 1, maxNodeCount: 4 } },
    onlineStorageTtlDays: 30,
  });
  world.legacy.addEntityType('shop', 'customer', {
    resource: { description: "A shop's customer.", monitoringConfig: { snapshotAnalysis: { disabled: false } } },
    features: {
      orders_7d: { valueType: 'INT64', description: 'Orders of a week.', labels: { owner: 'sales' } },
      mean_basket: 'DOUBLE',
      cities: 'STRING_ARRAY',
      address: 'STRUCT',
      [`x${'y'.repeat(64)}`]: 'BOOL',
    },
  });
  world.legacy.addEntityType('shop', 'page', { features: { seconds: 'DOUBLE', picture: 'BYTES' } });
  world.legacy.addEntityType('shop', 'draft', { features: {} });
});
afterAll(() => world.server.stop());

const registryOf = (text: string): FeaturestoreInput => {
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  return (parse(yaml) as { featurestores: FeaturestoreInput[] }).featurestores[0]!;
};

const plan = async (
  featurestore: string | null = 'shop',
  now = '2026-11-24T09:00:00Z',
  options: Partial<MigratePlanOptions> = { onlineStore: 'serving' },
) =>
  migratePlan(
    {
      ...PLAN_OPTIONS,
      featurestores: featurestore === null ? [] : [featurestore],
      dataset: 'features',
      datasetLocation: 'EU',
      ...options,
    },
    {
      clients: new VertexClients(PLACE.location, world.server.clientOptions),
      book: toPriceBooks(await loadPriceBooks(null), 'google-us-central1').find(null),
      clock: () => parseInstant(now),
    },
  );

describe('featuregraph migrate plan', () => {
  it('prints the export, the tables, the feature groups and views, the registry, and what cannot move', async () => {
    await expect(await plan()).toMatchFileSnapshot(GOLDEN);
  });

  it('prints a registry that is one', async () => {
    const featurestore = registryOf(await plan());
    expect(featurestore.offlineStore).toEqual({
      kind: 'BIGQUERY',
      project: 'demo-project',
      dataset: 'features',
      location: 'EU',
    });
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
  });

  it('moves features that are called as words of SQL, and lists those whose names no table or schema can have', async () => {
    const kept = ['order', 'group', 'select', 'type', 'mean_basket'];
    const stay = ['sequence', 'created_timestamp', 'entity_id', 'feature_timestamp', '_partitiontime', '_table_x'];
    world.legacy.addFeaturestore('odd');
    world.legacy.addEntityType('odd', 'customer', {
      features: Object.fromEntries([...kept, ...stay].map((name) => [name, 'INT64'])),
    });
    const text = await plan('odd');
    const featurestore = registryOf(text);
    expect(featurestore.entityTypes[0]!.sources[0]!.features.map(({ name }) => name)).toEqual(kept);
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
    for (const name of stay) expect(text).toMatch(new RegExp(`^- Feature customer.${name} .* name`, 'm'));
  });

  it('says which names would be one in the typed schema, as a gateway would refuse them', async () => {
    world.legacy.addFeaturestore('twins');
    world.legacy.addEntityType('twins', 'customer', { features: { mean_basket: 'DOUBLE', mean__basket: 'DOUBLE' } });
    expect(await plan('twins')).toMatch(/^- The registry is refused as it stands: .*mean__basket.*"meanBasket"/m);
    expect(await plan()).not.toContain('refused');
  });

  it('keeps two featurestores with an entity type of one name apart by a prefix', async () => {
    world.legacy.addFeaturestore('branch');
    world.legacy.addEntityType('branch', 'customer', { features: { orders_7d: 'INT64' } });
    const text = await plan('branch', '2026-11-24T09:00:00Z', { onlineStore: 'serving', prefix: 'branch_' });
    const named = (of: string) =>
      [...of.matchAll(/Make (?:table|feature group|feature view) (\S+)/g)].map(([, name]) => name);
    expect(named(text)).toHaveLength(3);
    expect(named(await plan()).filter((name) => named(text).includes(name))).toEqual([]);
    const featurestore = registryOf(text);
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
    expect(featurestore).toMatchObject({
      shadow: { onlineStore: { views: { customer: 'branch_customer' } } },
      entityTypes: [{ name: 'customer', sources: [{ bigQueryTable: 'branch_customer__values' }] }],
    });
  });

  it('refuses a prefix that makes a name too long', async () => {
    await expect(plan('shop', undefined, { prefix: 'x'.repeat(53) })).rejects.toThrow('longer than 60');
  });

  it('counts the days that are left', async () => {
    expect(await plan('shop', '2027-02-15T23:00:00Z')).toContain('1 day is left');
    expect(await plan('shop', '2027-02-17T00:00:00Z')).toContain('The API ended on 2027-02-17.');
  });

  it('says which days of the timeline are past', async () => {
    expect(await plan('shop', '2027-01-13T23:00:00Z')).toMatch(/^\| 2027-01-06 \(past\) \| .*\n\| 2027-01-13 \|/m);
  });

  it('plans all featurestores of a project, and names entity types apart that several have', async () => {
    const text = await plan(null, undefined, { onlineStore: 'serving', prefix: 'moved_' });
    expect(text).toContain('Make feature group moved_shop_customer');
    expect(text).toContain('Make feature group moved_branch_customer');
    expect(text).toContain('Make feature group moved_page');
  });

  it('changes nothing', async () => {
    world.server.calls.length = 0;
    await plan();
    expect(new Set(world.server.calls.map(({ method }) => method))).toEqual(
      new Set(['GetFeaturestore', 'ListEntityTypes', 'ListFeatures', 'ListFeatureOnlineStores', 'ListFeatureViews']),
    );
  });

  it('writes the plan into a state file, and never over another', async () => {
    const out = join(temporaryFolder(), 'migration.json');
    const text = await plan('shop', undefined, { onlineStore: 'serving', out });
    const { steps, registry, progress } = await readStateFile(out);
    for (const { title } of steps) expect(text).toContain(title);
    expect(text).toContain(registry);
    expect(progress).toEqual({});
    const before = await readFile(out);
    await expect(plan('shop', undefined, { onlineStore: 'serving', out })).rejects.toThrow('exists');
    expect(await readFile(out)).toEqual(before);
  });

  it('prices the history when its size is known', async () => {
    expect(await plan()).toContain('does not say how large the history is');
    expect(await plan('shop', undefined, { onlineStore: 'serving', historyGib: 100 })).toContain('history of 100 GiB');
  });

  it('says what is wrong when the featurestore cannot be read', async () => {
    await expect(plan('gone')).rejects.toThrow(/featurestore gone of project demo-project.*NOT_FOUND/s);
  });
});
