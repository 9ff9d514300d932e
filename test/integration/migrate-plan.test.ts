import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migratePlan } from '../../cli/commands/migrate-plan.js';
import { registryDocument } from '../../datasources/registry/yaml/document.js';
import { findFaults } from '../../datasources/registry/yaml/find-faults.js';
import { VertexClients } from '../../datasources/vertex/vertex-clients.js';
import { parseInstant } from '../../values/instant.js';
import { PLACE, startVertexWorld, type VertexWorld } from '../support/google/vertex-world.js';

const GOLDEN = join(import.meta.dirname, '../cases/migrate/shop.md');

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

const plan = (featurestore = 'shop', now = '2026-11-24T09:00:00Z') =>
  migratePlan(
    { ...PLACE, featurestore, dataset: 'features', datasetLocation: 'EU', onlineStore: 'serving' },
    new VertexClients(PLACE.location, world.server.clientOptions),
    () => parseInstant(now),
  );

describe('featuregraph migrate plan', () => {
  it('prints the export, the tables, the feature groups and views, the registry, and what cannot move', async () => {
    await expect(await plan()).toMatchFileSnapshot(GOLDEN);
  });

  it('prints a registry that is one', async () => {
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(await plan()) ?? [];
    const [featurestore] = (parse(yaml) as { featurestores: Record<string, unknown>[] }).featurestores;
    expect(featurestore!.offlineStore).toEqual({
      kind: 'BIGQUERY',
      project: 'demo-project',
      dataset: 'features',
      location: 'EU',
    });
    expect(findFaults(registryDocument.parse({ featurestores: [featurestore] }))).toEqual([]);
  });

  it('quotes for the shell what descriptions say', async () => {
    expect(await plan()).toContain(`"A shop'\\''s customer."`);
  });

  it('counts the days that are left', async () => {
    expect(await plan('shop', '2027-02-15T23:00:00Z')).toContain('1 day is left');
    expect(await plan('shop', '2027-02-17T00:00:00Z')).toContain('Its API ended on 2027-02-17.');
  });

  it('changes nothing', async () => {
    world.server.calls.length = 0;
    await plan();
    expect(new Set(world.server.calls.map(({ method }) => method))).toEqual(
      new Set(['GetFeaturestore', 'ListEntityTypes', 'ListFeatures']),
    );
  });

  it('says what is wrong when the featurestore cannot be read', async () => {
    await expect(plan('gone')).rejects.toThrow(/featurestore gone of project demo-project.*NOT_FOUND/s);
  });
});
