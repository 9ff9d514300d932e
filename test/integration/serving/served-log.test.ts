import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collect } from '../../support/collect.js';
import { findSource, NOW, row, smallRegistry, T } from '../../support/small-registry.js';
import { startStoreGateway, type StoreGateway } from '../../support/store-gateway.js';

const DELETE = `mutation ($input: DeleteEntitiesInput!) {
  deleteEntities(input: $input) { deleted erasedServedReads remaining { reason } userErrors { message } }
}`;

let gateway: StoreGateway;
let now = NOW;
beforeEach(async () => {
  now = NOW;
  gateway = await startStoreGateway(smallRegistry(), {}, () => now, { servedLog: { sampleRate: 1 } });
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('1', -5, { orders_7d: 2n ** 63n - 1n, mean_basket: 0.1, city: 'Bern' }),
    row('2', -200, { orders_7d: 3n, mean_basket: 2.5, city: null }),
  ]);
});
afterEach(() => gateway.close());

async function served() {
  const entityType = gateway.services.registry.entityType('shop', 'customer');
  const reads = await collect(gateway.servedLog!.read({ entityType, from: T(-1e6), before: T(1e6) }));
  return reads.map(({ features, rows, time, principal }) => ({
    time,
    principal,
    rows: rows.map(({ entityId, cells }) => [
      entityId,
      Object.fromEntries(features.map(({ name }, column) => [name, cells[column]])),
    ]),
  }));
}

const GENERIC = `{ entities(featurestore: "shop", entityType: "customer", entityIds: ["1", "2", "3"]) {
  features(names: ["orders_7d", "mean_basket"]) { value status } } }`;
const TYPED = `{ shop { customers(entityIds: ["1", "2", "3"]) { orders7d meanBasket } } }`;
const MATRIX = `{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["1", "2", "3"], names: ["orders_7d", "mean_basket"]) { values } }`;

const expected = {
  time: NOW,
  principal: expect.stringMatching(/^[\w-]{22}$/) as string,
  rows: [
    [
      '1',
      {
        orders_7d: { status: 'PRESENT', value: 2n ** 63n - 1n, timestamp: T(-5) },
        mean_basket: { status: 'PRESENT', value: 0.1, timestamp: T(-5) },
      },
    ],
    [
      '2',
      {
        orders_7d: { status: 'EXPIRED', value: null, timestamp: T(-200) },
        mean_basket: { status: 'EXPIRED', value: null, timestamp: T(-200) },
      },
    ],
    [
      '3',
      {
        orders_7d: { status: 'NOT_FOUND', value: null, timestamp: null },
        mean_basket: { status: 'NOT_FOUND', value: null, timestamp: null },
      },
    ],
  ],
};

describe('the log of served values of a gateway', () => {
  it.each([
    ['a list of features', GENERIC],
    ['typed fields', TYPED],
    ['a matrix', MATRIX],
  ])('keeps what %s answered, on the general way and on the hot lane alike', async (_, query) => {
    // The second request of a text takes the hot lane.
    for (let request = 0; request < 3; request += 1) expect((await gateway.ask(query)).errors).toBeUndefined();
    expect(await served()).toEqual([expected, expected, expected]);
  });

  it('keeps neither reads of the past nor values that the answer does not have', async () => {
    await gateway.ask(`{ entity(featurestore: "shop", entityType: "customer", entityId: "1", asOf: "2001-09-09T01:46:38Z") {
      features { value } } }`);
    expect(await served()).toEqual([]);
    await gateway.ask(`{ entity(featurestore: "shop", entityType: "customer", entityId: "1") { features { value } } }`);
    const [read] = await served();
    expect(read!.rows[0]![1]).not.toHaveProperty('born');
  });

  it('is erased by deleteEntities, which says how many reads it erased', async () => {
    for (let request = 0; request < 3; request += 1) await gateway.ask(GENERIC);
    const input = { featurestore: 'shop', entityType: 'customer', entityIds: ['1', '3'] };
    const { data } = await gateway.ask(DELETE, { input });
    expect(data.deleteEntities).toEqual({ deleted: 2, erasedServedReads: '6', remaining: [], userErrors: [] });
    const ids = (await served()).flatMap(({ rows }) => rows.map(([entityId]) => entityId));
    expect(ids).toEqual(['2', '2', '2']);
  });

  it('does not exist by default, and a deletion says so', async () => {
    const other = await startStoreGateway(smallRegistry(), {}, () => now);
    try {
      expect(other.servedLog).toBeNull();
      const input = { featurestore: 'shop', entityType: 'customer', entityIds: ['1'] };
      const { data } = await other.ask(DELETE, { input });
      expect(data.deleteEntities).toMatchObject({ deleted: 1, erasedServedReads: null });
    } finally {
      await other.close();
    }
  });
});
