import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Finding } from '../../../../datasources/diagnosis.js';
import { diagnoseVertexLegacy } from '../../../../datasources/online/vertex-legacy/diagnose.js';
import { diagnoseVertexView } from '../../../../datasources/online/vertex-view/diagnose.js';
import type { VertexFeatureViewSettings } from '../../../../datasources/registry/model.js';
import { parseInstant } from '../../../../values/instant.js';
import { addLegacyEntityType, addView } from '../../../support/google/vertex-entity-types.js';
import { PLACE, startVertexWorld, VERTEX_NOW as NOW, type VertexWorld } from '../../../support/google/vertex-world.js';
import { testEntityType } from '../../../support/test-registry.js';

const entityType = (name: string, dense = false) =>
  testEntityType({
    name,
    dense,
    sources: [
      {
        features: [
          { name: 'a', valueType: 'STRING' },
          { name: 'b', valueType: 'TIMESTAMP' },
        ],
      },
    ],
  });

let world: VertexWorld;
beforeAll(async () => {
  world = await startVertexWorld();
});
afterAll(() => world.server.stop());

async function found(findings: AsyncIterable<Finding>): Promise<string[]> {
  const all: string[] = [];
  for await (const { status, message: what } of findings) all.push(`${status}: ${what}`);
  return all;
}

describe('doctor, for feature views', () => {
  const settings: VertexFeatureViewSettings = {
    kind: 'VERTEX_FEATURE_VIEW',
    ...PLACE,
    featureOnlineStore: 'serving',
    views: {},
    usePreview: true,
  };
  const diagnose = (name: string, overrides: Partial<VertexFeatureViewSettings> = {}, dense = false) =>
    found(
      diagnoseVertexView(
        { ...settings, ...overrides },
        [entityType(name, dense)],
        () => NOW,
        world.server.clientOptions,
      ),
    );
  const serving = (featureIds: string[]) => ({
    featureRegistrySource: { featureGroups: [{ featureGroupId: 'g', featureIds }] },
  });

  it('finds nothing wrong where nothing is', async () => {
    addView(world, entityType('good'), { resource: serving(['a', 'b']) });
    expect(await diagnose('good')).toEqual([
      'ok: the feature online store serving is there',
      'ok: the feature view good is there',
      'ok: the view good serves all 2 features',
      'ok: the view good was last synced at 2001-09-09T00:46:40Z',
      'ok: reading needs roles/aiplatform.featurestoreDataViewer, writing roles/aiplatform.user',
    ]);
  });

  it('finds features that the view does not serve, and a view never synced', async () => {
    addView(world, entityType('poor'), { resource: serving(['a']), syncedAt: null });
    expect(await diagnose('poor')).toEqual(
      expect.arrayContaining([
        'fault: the view poor does not serve b, which would always be NULL',
        'fault: the view poor has never been synced, and serves nothing before',
      ]),
    );
  });

  it('finds a sync that failed: a fault when no other has been well', async () => {
    const views = ['stale', 'broken'].map((name, index) =>
      addView(world, entityType(name), { resource: serving(['a', 'b']), ...(index === 1 ? { syncedAt: null } : {}) }),
    );
    for (const view of views) world.views.addSync(view, { start: NOW - 2n, end: NOW - 1n, rows: 0, code: 7 });
    const sync = 'at 2001-09-09T01:46:39.999999Z, failed: the sync failed';
    expect(await diagnose('stale')).toContain(`warning: the last sync of the view stale, ${sync}`);
    expect(await diagnose('broken')).toContain(`fault: the last sync of the view broken, ${sync}`);
  });

  it('warns of a dense entity type whose view never serves a null', async () => {
    addView(world, entityType('dense'), { resource: serving(['a', 'b']) });
    expect(await diagnose('dense', {}, true)).toContain(
      'warning: entity type dense is dense, and the view dense serves nulls only with a sync by schedule',
    );
  });

  it('finds a view, a store, a permission that is not there', async () => {
    expect(await diagnose('gone')).toContain('fault: there is no feature view gone');
    expect(await diagnose('gone', { featureOnlineStore: 'gone' })).toEqual([
      'fault: there is no feature online store gone',
    ]);
    expect(await diagnose('gone', { project: 'another' })).toEqual([
      'fault: not allowed to see feature online store serving',
    ]);
    expect((await diagnose('gone', { location: 'us-central1' }))[0]).toMatch(/^fault: cannot look at .*endpoint/);
  });

  it('says so when there are no credentials, and does not end the process', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
    onTestFinished(() => void vi.unstubAllEnvs());
    const settingsOfLegacy = { kind: 'VERTEX_LEGACY' as const, ...PLACE, featurestore: 'old_shop' };
    for (const findings of [
      diagnoseVertexView(settings, [], () => NOW),
      diagnoseVertexLegacy(settingsOfLegacy, [], () => NOW),
    ]) {
      expect(await found(findings)).toEqual([expect.stringMatching(/^fault: cannot look at .*nowhere/)]);
    }
  });

  it('finds Optimized serving, which has an end', async () => {
    world.views.addOnlineStore('optimized', { optimized: {} });
    world.views.addView('optimized', 'thing', { features: {}, resource: serving(['a', 'b']) });
    const findings = await found(
      diagnoseVertexView(
        { ...settings, featureOnlineStore: 'optimized' },
        [entityType('thing')],
        () => parseInstant('2026-11-24T09:00:00Z'),
        world.server.clientOptions,
      ),
    );
    expect(findings).toContain(
      'fault: the feature online store optimized has Optimized serving, which takes no writes and ends on 2027-02-17: 84 days are left',
    );
  });
});

describe('doctor, for a legacy featurestore', () => {
  const diagnose = (featurestore: string, name: string) =>
    found(
      diagnoseVertexLegacy(
        { kind: 'VERTEX_LEGACY', ...PLACE, featurestore },
        [entityType(name)],
        () => parseInstant('2026-11-24T09:00:00Z'),
        world.server.clientOptions,
      ),
    );

  it('finds nothing wrong but the end', async () => {
    addLegacyEntityType(world, entityType('good'));
    expect(await diagnose('old_shop', 'good')).toEqual([
      'ok: the legacy featurestore old_shop is there',
      'warning: Vertex AI Feature Store (Legacy) ends on 2027-02-17: 84 days are left',
      'ok: entity type good has all 2 features',
    ]);
  });

  it('finds entity types and features that are not as the registry says, and no serving nodes', async () => {
    world.legacy.addFeaturestore('idle', { onlineServingConfig: { fixedNodeCount: 0 } });
    world.legacy.addEntityType('idle', 'thing', { features: { a: 'DOUBLE' } });
    expect(await diagnose('idle', 'thing')).toEqual(
      expect.arrayContaining([
        'fault: the legacy featurestore idle has no online serving nodes',
        'fault: entity type thing: feature a is DOUBLE there, not STRING, there is no feature b',
      ]),
    );
    expect(await diagnose('idle', 'other')).toContain('fault: there is no entity type other, only: thing');
    expect(await diagnose('gone', 'thing')).toEqual(['fault: there is no legacy featurestore gone']);
  });
});
