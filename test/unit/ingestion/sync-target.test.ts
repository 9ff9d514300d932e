import { expect, it } from 'vitest';
import { syncTargetKey } from '../../../ingestion/sync/sync-target.js';
import type { FeaturestoreInput } from '../../../datasources/registry/document/document.js';
import { testRegistry, type StoresInput } from '../../support/test-registry.js';

const BIGTABLE = { kind: 'BIGTABLE', project: 'p', instance: 'i', table: 't', columnFamily: 'f' } as const;
const VERTEX = { kind: 'VERTEX_FEATURE_VIEW', project: 'p', location: 'us-central1', featureOnlineStore: 's' } as const;
const BASKET = { name: 'basket', entityType: 'customer', features: ['a', 'b'] };

const targetOf = (
  onlineStore: StoresInput['onlineStore'],
  changes: Partial<typeof BASKET> = {},
  inOrders = ['a', 'b'],
) => {
  const source = (name: string, isHere: (feature: string) => boolean) => ({
    name,
    features: ['a', 'b', 'c'].filter(isHere).map((feature) => ({ name: feature, valueType: 'INT64' as const })),
  });
  const sources = [
    source('orders', (feature) => inOrders.includes(feature)),
    source('visits', (feature) => !inOrders.includes(feature)),
  ];
  const entityTypes: FeaturestoreInput['entityTypes'] = [{ name: 'customer', sources }];
  const registry = testRegistry({ name: 'shop', onlineStore, entityTypes, featureViews: [{ ...BASKET, ...changes }] });
  return syncTargetKey(registry.featurestores[0]!.featureViews[0]!);
};

it.each([
  ['the kind of store', targetOf({ kind: 'LMDB' })],
  ['the project', targetOf({ ...BIGTABLE, project: 'other' })],
  ['the instance', targetOf({ ...BIGTABLE, instance: 'other' })],
  ['the table', targetOf({ ...BIGTABLE, table: 'other' })],
  ['the column family', targetOf({ ...BIGTABLE, columnFamily: 'other' })],
  ['one feature more', targetOf(BIGTABLE, { features: ['a', 'b', 'c'] })],
  ['another feature', targetOf(BIGTABLE, { features: ['a', 'c'] })],
  ['the source of a feature', targetOf(BIGTABLE, {}, ['a'])],
  ['the view', targetOf(BIGTABLE, { name: 'other' })],
])('a copy is another when it differs in %s', (_name, other) => {
  expect(other).not.toBe(targetOf(BIGTABLE));
});

it('a copy into LMDB is another with other features', () => {
  expect(targetOf({ kind: 'LMDB' }, { features: ['a'] })).not.toBe(targetOf({ kind: 'LMDB' }));
});

it('a copy is the same whatever the order of its features and the way its table is read', () => {
  expect(targetOf({ ...BIGTABLE, appProfile: 'fast' }, { features: ['b', 'a'] })).toBe(targetOf(BIGTABLE));
});

it.each([
  ['the project', { ...VERTEX, project: 'other' }],
  ['the location', { ...VERTEX, location: 'europe-west4' }],
  ['the feature online store', { ...VERTEX, featureOnlineStore: 'other' }],
  ['the view there', { ...VERTEX, views: { customer: 'customer_v2' } }],
])('a run of Vertex AI is another when it differs in %s', (_name, other) => {
  expect(targetOf(other)).not.toBe(targetOf(VERTEX));
});

it('a run of Vertex AI is one for all views that are served from one there', () => {
  const other = { name: 'other', features: ['a'] };
  expect(targetOf({ ...VERTEX, views: { customer: 'customer' } }, other)).toBe(targetOf(VERTEX));
});
