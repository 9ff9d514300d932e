import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOW, NOW_TEXT, row, smallRegistry, findSource, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('ann', -20, { orders_7d: 1n, mean_basket: 10.5 }),
    row('ann', -10, { orders_7d: 2n, mean_basket: 20.5, city: 'Bern' }),
    row('bob', -10, { orders_7d: 7n }),
  ]);
  await gateway.write(findSource(gateway, 'shop', 'visit'), [row('ann,home', -5, { seconds: 3 })]);
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.reads.online.length = 0;
  gateway.reads.pointInTime.length = 0;
});

const namesOf = (features: readonly { readonly name: string }[]) => features.map(({ name }) => name).sort();

describe('reads of values now', () => {
  it('of one entity type are one read, whichever way they are asked for', async () => {
    const { data, errors } = await gateway.ask(`{
      shop {
        ann: customer(entityId: "ann") { orders7d meanBasket again: orders7d }
        both: customers(entityIds: ["ann", "bob"]) { orders7d }
      }
      entity(featurestore: "shop", entityType: "customer", entityId: "bob") { features(names: ["orders_7d"]) { value } }
      entities(featurestore: "shop", entityType: "customer", entityIds: ["cid", "ann"]) { entityId ... on ShopCustomer { meanBasket } }
      featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["ann"], names: ["orders_7d"]) { values }
      featurestore(name: "shop") { entityType(name: "customer") { entity(entityId: "dan") { ... on ShopCustomer { orders7d } } } }
      node(id: "featurestores/shop/entityTypes/customer/entities/ann") { ... on ShopCustomer { orders7d } }
    }`);
    expect(errors).toBeUndefined();
    expect(data.shop.ann).toEqual({ orders7d: '2', meanBasket: 20.5, again: '2' });
    expect(data.entities.map((entity: any) => entity.meanBasket)).toEqual([null, 20.5]);
    expect(gateway.reads.online).toHaveLength(1);
    expect([...gateway.reads.online[0]!.entityIds].sort()).toEqual(['ann', 'bob', 'cid', 'dan']);
    expect(namesOf(gateway.reads.online[0]!.features)).toEqual(['mean_basket', 'orders_7d']);
    expect(gateway.reads.pointInTime).toHaveLength(0);
  });

  it('read only the features that are asked for', async () => {
    await gateway.ask('{ shop { customer(entityId: "ann") { orders7d } } }');
    expect(namesOf(gateway.reads.online[0]!.features)).toEqual(['orders_7d']);
  });

  it('of two entity types are two reads', async () => {
    await gateway.ask('{ shop { customer(entityId: "ann") { orders7d } visit(entityId: "ann,home") { seconds } } }');
    expect(gateway.reads.online.map(({ entityType }) => entityType.name).sort()).toEqual(['customer', 'visit']);
  });

  it('read nothing when no value is asked for', async () => {
    await gateway.ask(
      '{ shop { customer(entityId: "ann") { id entityType { name } } customers(entityIds: []) { orders7d } } }',
    );
    await gateway.ask(
      '{ entity(featurestore: "shop", entityType: "customer", entityId: "x") { features(names: []) { value } } }',
    );
    await gateway.ask(
      '{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: [], names: ["city"]) { values } }',
    );
    expect(gateway.reads.online).toHaveLength(0);
  });

  it('are split where the store takes no more keys at once', async () => {
    const entityIds = Array.from({ length: 2500 }, (_, index) => `c${index}`);
    const { data } = await gateway.ask(
      `query ($entityIds: [ID!]!) {
        featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $entityIds, names: ["orders_7d"]) { entityIds statuses }
      }`,
      { entityIds },
    );
    expect(gateway.reads.online.map((read) => read.entityIds.length)).toEqual([1000, 1000, 500]);
    expect(data.featureMatrix.entityIds).toEqual(entityIds);
    expect(data.featureMatrix.statuses).toHaveLength(2500);
  });

  it('are of one moment for the whole request', async () => {
    await gateway.ask('{ shop { customer(entityId: "ann") { orders7d } visit(entityId: "ann,home") { seconds } } }');
    expect(gateway.reads.online.map(({ now }) => now)).toEqual([NOW, NOW]);
  });
});

describe('reads as of moments', () => {
  it('of one entity type are one query, however many moments and entities', async () => {
    const { data, errors } = await gateway.ask(
      `query ($now: DateTime!) {
        shop {
          first: customer(entityId: "ann", asOf: "2001-09-09T01:46:25Z") { orders7d meanBasket }
          second: customer(entityId: "ann", asOf: $now) { orders7d city }
          others: customers(entityIds: ["bob", "ann"], asOf: "2001-09-09T01:46:20Z") { orders7d }
        }
        featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["ann"], names: ["orders_7d"], asOf: "2000-01-01T00:00:00Z") { statuses }
      }`,
      { now: NOW_TEXT },
    );
    expect(errors).toBeUndefined();
    expect(data.shop).toEqual({
      first: { orders7d: '1', meanBasket: 10.5 },
      second: { orders7d: '2', city: 'Bern' },
      others: [{ orders7d: null }, { orders7d: '1' }],
    });
    expect(data.featureMatrix.statuses).toEqual([['NOT_FOUND']]);
    expect(gateway.reads.pointInTime).toHaveLength(1);
    expect(gateway.reads.pointInTime[0]!.labels.map(({ entityId, time }) => `${entityId}@${time}`).sort()).toEqual(
      [`ann@${T(-15)}`, `ann@${NOW}`, `bob@${T(-20)}`, `ann@${T(-20)}`, 'ann@946684800000000'].sort(),
    );
    expect(gateway.reads.online).toHaveLength(0);
  });

  it('and values now of the same entity are one read of each store', async () => {
    const { data } = await gateway.ask(`{ shop {
      now: customer(entityId: "ann") { orders7d }
      then: customer(entityId: "ann", asOf: "2001-09-09T01:46:20Z") { orders7d }
    } }`);
    expect(data.shop).toEqual({ now: { orders7d: '2' }, then: { orders7d: '1' } });
    expect([gateway.reads.online.length, gateway.reads.pointInTime.length]).toEqual([1, 1]);
  });
});

it('two requests at once do not share reads', async () => {
  await Promise.all([1, 2].map(() => gateway.ask('{ shop { customer(entityId: "ann") { orders7d } } }')));
  expect(gateway.reads.online).toHaveLength(2);
});
