import { describe, expect, it } from 'vitest';
import { registryDocument } from '../../../../datasources/registry/document/document.js';
import { findFaults } from '../../../../datasources/registry/document/find-faults.js';
import { testRegistry } from '../../../support/test-registry.js';

const entityTypes = [{ name: 'customer', sources: [{ features: [{ name: 'a', valueType: 'STRING' as const }] }] }];
const PLACE = { project: 'demo-project', location: 'europe-west4' };
const view = { kind: 'VERTEX_FEATURE_VIEW' as const, ...PLACE, featureOnlineStore: 'serving' };
const legacy = { kind: 'VERTEX_LEGACY' as const, ...PLACE, featurestore: 'old_shop' };

describe('the online store of a featurestore', () => {
  it('is on this machine when the registry says nothing, and has no shadow', () => {
    const [featurestore] = testRegistry({ name: 'shop', entityTypes }).featurestores;
    expect(featurestore).toMatchObject({
      onlineStore: { kind: 'LMDB', location: 'this machine' },
      onlineSettings: { kind: 'LMDB' },
      shadow: null,
    });
  });

  it('names no project to clients', () => {
    const [featurestore] = testRegistry({ name: 'shop', onlineStore: view, entityTypes }).featurestores;
    expect(featurestore!.onlineStore).toEqual({ kind: 'VERTEX_FEATURE_VIEW', location: 'Google Cloud' });
    expect(featurestore!.onlineSettings).toEqual({ ...view, views: {}, usePreview: true });
  });

  it('has a shadow of any kind, and the share of reads that are compared', () => {
    const shadow = { onlineStore: view, share: 0.01 };
    const [featurestore] = testRegistry({ name: 'shop', onlineStore: legacy, shadow, entityTypes }).featurestores;
    expect(featurestore!.shadow).toMatchObject(shadow);
  });

  it.each<[string, object, RegExp]>([
    ['a zone where a region belongs', { onlineStore: { ...view, location: 'europe-west4-a' } }, /europe-west4/],
    ['the global endpoint', { onlineStore: { ...legacy, location: 'global' } }, /europe-west4/],
    ['a setting of another kind', { onlineStore: { ...legacy, views: {} } }, /views/],
    ['a kind there is not', { onlineStore: { kind: 'REDIS' } }, /kind/],
    ['a share over 1', { onlineStore: legacy, shadow: { onlineStore: view, share: 1.5 } }, /share/],
  ])('is refused with %s', (_, settings, message) => {
    const parsed = registryDocument.safeParse({ featurestores: [{ name: 'shop', entityTypes, ...settings }] });
    expect(JSON.stringify(parsed.error?.issues)).toMatch(message);
  });

  it('is refused when it has a view for an entity type that is not there', () => {
    const faults = (settings: object) =>
      findFaults(registryDocument.parse({ featurestores: [{ name: 'shop', entityTypes, ...settings }] }));
    const onlineStore = { ...view, views: { custmer: 'customer_v2' } };
    expect(faults({ onlineStore })).toEqual([
      { path: ['featurestores', 0, 'onlineStore', 'views', 'custmer'], message: 'there is no entity type "custmer"' },
    ]);
    expect(faults({ onlineStore: legacy, shadow: { onlineStore, share: 0 } })).toHaveLength(1);
  });
});
