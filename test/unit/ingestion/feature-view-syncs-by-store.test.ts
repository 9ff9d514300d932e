import { expect, it } from 'vitest';
import { FeatureViewSyncsByStore } from '../../../ingestion/feature-view-syncs-by-store.js';
import { testRegistry } from '../../support/test-registry.js';

const syncOf = (versionRetentionSeconds: number) => {
  const { featurestores } = testRegistry({
    name: 'shop',
    onlineStore: { kind: 'BIGTABLE', project: 'p', instance: 'i', table: 't', versionRetentionSeconds },
    entityTypes: [{ name: 'customer', sources: [{ features: [{ name: 'orders', valueType: 'INT64' }] }] }],
    featureViews: [{ name: 'churn', entityType: 'customer', features: ['orders'] }],
  });
  const view = featurestores[0]!.featureViews[0]!;
  const syncs = new FeatureViewSyncsByStore(() => {
    throw new Error('there is a way');
  });
  return syncs.start({ view, labels: {}, trigger: 'REQUEST', createdBy: null, idempotencyKey: null });
};

it('does not sync into a store whose older values answer reads of the past: it would lack those between two syncs', async () => {
  await expect(syncOf(60)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'featurestore' } });
  await expect(syncOf(0)).rejects.toThrow('there is a way');
});
