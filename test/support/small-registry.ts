import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { RawValue } from '../../values/value-type.js';
import { EVERY_VALUE_TYPE } from './every-value-type.js';
import type { TestGateway } from './test-gateway.js';
import { testRegistry, type StoresInput } from './test-registry.js';

/** The gateway's "now" in tests; rows are some seconds before or after it. */
export const NOW = 1_000_000_000_000_000n;
export const NOW_TEXT = '2001-09-09T01:46:40Z';
export const T = (seconds: number): bigint => NOW + BigInt(Math.round(seconds * 1e6));

/** Two featurestores with every kind of thing a registry can have; embedded, unless `stores` says something else. */
export function smallRegistry(stores: StoresInput = {}): Registry {
  return testRegistry(
    {
      ...stores,
      name: 'shop',
      description: 'A shop.',
      labels: { team: 'sales' },
      entityTypes: [
        {
          name: 'customer',
          description: 'Someone who buys.',
          ttlSeconds: 100,
          sources: [
            {
              name: 'orders',
              features: [
                { name: 'orders_7d', valueType: 'INT64', unit: 'orders', description: 'Orders of a week.' },
                { name: 'mean_basket', valueType: 'DOUBLE', unit: 'EUR', owner: 'sales@example.com' },
                { name: 'city', valueType: 'STRING', deprecationReason: 'Use home_city.', ttlSeconds: 0 },
              ],
            },
            {
              name: 'fixed',
              static: true,
              features: [{ name: 'born', valueType: 'TIMESTAMP', sensitivity: 'PERSONAL' }],
            },
          ],
        },
        {
          name: 'visit',
          entityIdColumns: ['customer', 'page'],
          dense: true,
          sources: [{ features: [{ name: 'seconds', valueType: 'DOUBLE' }] }],
        },
      ],
      featureViews: [
        { name: 'basket', entityType: 'customer', features: ['mean_basket', 'orders_7d'], schedule: '0 * * * *' },
      ],
    },
    { ...stores, name: 'lab', entityTypes: [{ name: 'sample', sources: [{ features: EVERY_VALUE_TYPE }] }] },
  );
}

export function findSource(gateway: TestGateway, featurestore: string, entityType: string, index = 0): FeatureSource {
  return gateway.services.registry.entityType(featurestore, entityType).sources[index]!;
}

export function row(entityId: string, seconds: number, values: Record<string, RawValue | null>): FeatureRow {
  return { entityId, timestamp: T(seconds), values: new Map(Object.entries(values)) };
}
