import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThroughClient } from 'google-auth-library';
import { parse } from 'yaml';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareAll, type CompareSetting } from '../../../migrate/cli/migrate-compare.js';
import { migrateSwitch } from '../../../migrate/cli/migrate-switch.js';
import { readStateFile } from '../../../migrate/state/state-file.js';
import { openBigQueryOfflineStore } from '../../../datasources/offline/bigquery/open-bigquery.js';
import { openOnlineStore } from '../../../composition/online-store-adapters.js';
import { registryDocument } from '../../../datasources/registry/document/document.js';
import { findFaults } from '../../../datasources/registry/document/find-faults.js';
import { buildRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { PROJECT_NUMBER } from '../../support/google/vertex/feature-views.js';
import { PLACE } from '../../support/google/vertex-world.js';
import { describeWithGoogleSql } from '../../support/google/with-googlesql.js';
import { MigrationWorld, START } from '../../support/migrate/migration-world.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const OTHER = 'views-project';
const TIMEOUT_MS = 240_000;

let world: MigrationWorld;
let statePath: string;
let registryPath: string;
beforeEach(async () => {
  world = await MigrationWorld.start([OTHER]);
  world.vertex.legacy.addFeaturestore('shop');
  for (const name of ['customer', 'page']) {
    const type = world.vertex.legacy.addEntityType('shop', name, { features: { orders: 'INT64', city: 'STRING' } });
    for (const id of ['c1', 'c2']) {
      world.writeLegacy(type, id, 'orders', START - 5_000_000n, { value: 'int64Value', int64Value: '3' });
    }
  }
  // The views are in two projects: each has room for one.
  statePath = await world.planInto(temporaryFolder(), {
    viewQuota: 1,
    viewProjects: [PLACE.project, OTHER],
    projectNumber: PROJECT_NUMBER,
  });
  registryPath = join(dirname(statePath), 'registry.yaml');
  await writeFile(registryPath, (await readStateFile(statePath)).registry);
});
afterEach(() => world.stop());

async function setting(): Promise<CompareSetting> {
  const document = registryDocument.parse(parse(await readFile(registryPath, 'utf8')));
  expect(findFaults(document)).toEqual([]);
  const files = { sqlTexts: new Map(), tablePaths: new Map(), modelPaths: new Map() };
  return {
    registry: buildRegistry({ document, files }),
    openOnlineStore: (settings) =>
      openOnlineStore(settings, { dataDirectory: '/nowhere', vertexClient: world.vertex.server.clientOptions }),
    openOfflineStore: async ({ featurestore, sources }) => {
      const { offlineSettings } = featurestore;
      if (offlineSettings.kind !== 'BIGQUERY') throw new Error('the plan has BigQuery');
      const client = { apiEndpoint: world.bigQuery.endpoint, authClient: new PassThroughClient() };
      return openBigQueryOfflineStore(offlineSettings, sources, { clock: world.tick, retryDelayMs: 1, client });
    },
    clock: world.tick,
    random: Math.random,
  };
}

const compare = async () =>
  compareAll({ featurestore: null, sample: 100, threshold: 0, state: statePath }, await setting());
const swap = (direction: 'switch' | 'back', withoutCompare = false) =>
  migrateSwitch({ direction, registryPath, statePath, featurestore: null, withoutCompare }, world.tick);
const servingKind = async (): Promise<unknown> =>
  parse(await readFile(registryPath, 'utf8')).featurestores[0].onlineStore.kind;
const statusOf = async (id: string) => (await readStateFile(statePath)).progress[id]?.status;

describeWithGoogleSql('migrate compare, switch and back', () => {
  it('compares all entity types, confirms the step, switches, and goes back', { timeout: TIMEOUT_MS }, async () => {
    await world.run(statePath);
    expect((await compare()).text).toContain('The step "compare" waits for dual-writes.');
    await expect(swap('switch')).rejects.toThrow('run "featuregraph migrate compare" first');
    expect(await servingKind()).toBe('VERTEX_LEGACY');

    await world.run(statePath, { confirmed: ['dual-writes'] });
    const { text, isWithinThreshold } = await compare();
    expect(isWithinThreshold).toBe(true);
    for (const part of ['shop.customer\n', 'shop.page\n', '2 entities, 4 values', 'The step "compare" is done.']) {
      expect(text).toContain(part);
    }
    expect(await swap('switch')).toContain('shop: the new store serves');
    expect([await servingKind(), await statusOf('switch')]).toEqual(['VERTEX_FEATURE_VIEW', 'done']);
    // The new stores serve, and the legacy one is compared with them.
    expect((await compare()).isWithinThreshold).toBe(true);
    expect(await swap('back')).toContain('shop: the legacy store serves');
    expect([await servingKind(), await statusOf('switch')]).toEqual(['VERTEX_LEGACY', undefined]);
    expect(await swap('back')).toContain('shop: it was so before');
  });

  it('does not confirm the step when values differ, and names the entity types', { timeout: TIMEOUT_MS }, async () => {
    await world.run(statePath, { confirmed: ['dual-writes'] });
    const [, page] = [...world.vertex.views.onlineStores.values()].flatMap((store) => [...store.views.values()]);
    const other = { value: 'int64Value', int64Value: '4' };
    page!.values.put('["c1"]', 'orders', other, world.now);
    const { text, isWithinThreshold } = await compare();
    expect(isWithinThreshold).toBe(false);
    expect(text).toMatch(/Too many differ in: shop\.page$/);
    expect(await statusOf('compare')).toBeUndefined();
    await expect(swap('switch')).rejects.toThrow('too many values differ');
    expect(await swap('switch', true)).toContain('the new store serves');
  });
});
