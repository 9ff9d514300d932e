import type { TrainingSetJoin, TrainingSetRequest } from '../../training-sets/training-sets.js';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import { DEFAULT_OPTIONS } from '../../datasources/offline/point-in-time/plan.js';
import type { Registry } from '../../datasources/registry/registry.js';
import { row, smallRegistry, T } from './small-registry.js';
import { openTrainingSets, type TrainingSetWorld } from './training-set-dependencies.js';

export const SHOP: Registry = smallRegistry();
const customer = SHOP.entityType('shop', 'customer');
const visit = SHOP.entityType('shop', 'visit');

/** Features of a customer, and of the visit of this customer to a page. */
export const CUSTOMER: TrainingSetJoin = {
  entityType: customer,
  entityIdColumns: ['who'],
  features: customer.features,
  prefix: '',
};
export const VISIT: TrainingSetJoin = {
  entityType: visit,
  entityIdColumns: ['who', 'page'],
  features: visit.features,
  prefix: 'visit_',
};

export const REQUEST: Omit<TrainingSetRequest, 'labels'> = {
  joins: [CUSTOMER, VISIT],
  options: DEFAULT_OPTIONS,
  withTimestamps: false,
};

export const MOMENTS = ['2001-09-09T01:47:00Z', '2001-09-09T01:47:30Z', '2001-09-09T01:47:39Z', '2001-09-09T01:50:00Z'];

/** 14 labels: of two customers with a history and one without, and two with something missing. */
export const REQUESTED = {
  ...REQUEST,
  withTimestamps: true,
  labels: {
    kind: 'INLINE',
    timeColumn: 'at',
    rows: [
      ...['ann', 'bob', 'eve'].flatMap((who) => MOMENTS.map((at) => ({ who, page: 'home,1', at }))),
      { who: 'ann', page: null, at: MOMENTS[1] },
      { who: 'ann', page: 'home,1', at: null },
    ],
  },
} satisfies TrainingSetRequest;

/** A shop with a little history: ttl of a customer's features 100 s, of their city none. */
export async function openShop(options: Parameters<typeof openTrainingSets>[1] = {}): Promise<TrainingSetWorld> {
  const world = await openTrainingSets(SHOP.featurestores, options);
  await writeShopHistory(world.offline);
  return world;
}

export async function writeShopHistory(store: OfflineStore): Promise<void> {
  const [orders, fixed] = customer.sources;
  await store.append(orders!, [
    row('ann', 0, { orders_7d: 1n, mean_basket: 10.5, city: 'Bern' }),
    row('ann', 50, { orders_7d: 2n, mean_basket: null, city: null }),
    row('ann', 90, { orders_7d: 9n, mean_basket: 99, city: 'Genf' }),
    // Written after the first moment.
    { ...row('bob', 10, { orders_7d: 5n, mean_basket: 7, city: null }), createdTimestamp: T(35) },
  ]);
  await store.append(fixed!, [{ entityId: 'ann', timestamp: null, values: new Map([['born', T(-1e6)]]) }]);
  await store.append(visit.sources[0]!, [
    row('ann,home%2C1', 20, { seconds: 3.5 }),
    row('ann,home%2C1', 60, { seconds: null }),
  ]);
}
