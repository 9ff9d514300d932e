import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toClientValue } from '../../../values/client-value.js';
import type { ValueType } from '../../../values/value-type.js';
import { VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { row, smallRegistry, findSource, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

describe('values of every type, read generically and typed, now and as of a moment', () => {
  const cases = Object.entries(VALUES_OF_EVERY_TYPE).flatMap(([feature, values]) =>
    values.map((value, index) => ({ feature, value: value, entityId: `${feature} ${index}` })),
  );
  beforeAll(async () => {
    await gateway.write(
      findSource(gateway, 'lab', 'sample'),
      cases.map(({ entityId, feature, value }) => row(entityId, -1, { [feature]: value })),
    );
  });

  it.each(cases.map((one) => [one.entityId, one] as const))('%s', async (_title, { feature, value, entityId }) => {
    const valueType = feature.toUpperCase() as ValueType;
    const expected = toClientValue(valueType, value);
    const isWritable = !/NaN|Infinity/.test(JSON.stringify(expected));
    for (const asOf of [null, '2001-09-09T01:46:39Z']) {
      const { data, errors } = await gateway.ask(
        `query ($id: ID!, $asOf: DateTime, $name: String!) {
          entity(featurestore: "lab", entityType: "sample", entityId: $id, asOf: $asOf) {
            features(names: [$name]) { value status }
            ... on LabSample { ${camel(feature)} }
          }
        }`,
        { id: entityId, asOf, name: feature },
      );
      expect(data.entity.features).toEqual([{ value: expected, status: 'PRESENT' }]);
      expect(data.entity[camel(feature)]).toEqual(isWritable ? expected : null);
      expect(errors?.[0]?.extensions.code).toBe(isWritable ? undefined : 'VALUE_NOT_REPRESENTABLE');
    }
  });

  it('2^63-1 keeps all its digits', async () => {
    const { data } = await gateway.ask('{ lab { sample(entityId: "int64 3") { int64 int64Array } } }');
    expect(data.lab.sample.int64).toBe('9223372036854775807');
  });
});

describe('status', () => {
  beforeAll(async () => {
    const orders = findSource(gateway, 'shop', 'customer');
    await gateway.write(orders, [
      row('ann', -10, { orders_7d: 1n }),
      row('bob', -100, { orders_7d: 1n, city: 'Bern' }),
      { ...row('old', 0, { orders_7d: 1n, city: 'Bern' }), timestamp: T(-100) - 1n },
    ]);
    await gateway.write(findSource(gateway, 'shop', 'customer', 1), [
      { ...row('ann', 0, { born: T(-1e9) }), timestamp: null },
    ]);
  });

  const statuses = async (entityId: string, asOf?: string) => {
    const { data } = await gateway.ask(
      'query ($id: ID!, $asOf: DateTime) { shop { customer(entityId: $id, asOf: $asOf) { features { name status timestamp ageSeconds } } } }',
      { id: entityId, asOf },
    );
    return Object.fromEntries(
      data.shop.customer.features.map(({ name, status, timestamp, ageSeconds }: any) => [
        name,
        [status, timestamp, ageSeconds],
      ]),
    );
  };

  it.each([undefined, '2001-09-09T01:46:40Z'])('says what is known, asOf %s', async (asOf) => {
    expect(await statuses('ann', asOf)).toEqual({
      orders_7d: ['PRESENT', '2001-09-09T01:46:30Z', 10],
      mean_basket: ['NULL', '2001-09-09T01:46:30Z', 10],
      city: ['NULL', '2001-09-09T01:46:30Z', 10],
      born: ['PRESENT', null, null],
    });
    expect(await statuses('bob', asOf)).toMatchObject({
      orders_7d: ['PRESENT', '2001-09-09T01:45:00Z', 100],
      born: ['NOT_FOUND', null, null],
    });
    expect(await statuses('old', asOf)).toMatchObject({
      orders_7d: ['EXPIRED', '2001-09-09T01:44:59.999999Z', 100.000001],
      city: ['PRESENT', '2001-09-09T01:44:59.999999Z', 100.000001],
    });
    expect(await statuses('nobody', asOf)).toMatchObject({ orders_7d: ['NOT_FOUND', null, null] });
  });

  it('counts age to the moment read', async () => {
    expect((await statuses('ann', '2001-09-09T01:46:35Z')).orders_7d).toEqual(['PRESENT', '2001-09-09T01:46:30Z', 5]);
    expect((await statuses('ann', '2001-09-09T01:46:29.999999Z')).orders_7d).toEqual(['NOT_FOUND', null, null]);
  });
});

it('composite ids that look alike are different entities', async () => {
  await gateway.write(findSource(gateway, 'shop', 'visit'), [
    row('1,11', -1, { seconds: 1 }),
    row('11,1', -1, { seconds: 2 }),
    row('1%2C1,1', -1, { seconds: 3 }),
  ]);
  for (const asOf of [null, '2001-09-09T01:46:40Z']) {
    const { data } = await gateway.ask(
      'query ($asOf: DateTime) { shop { visits(entityIds: ["1,11", "11,1", "1%2C1,1", "1%2c1,1"], asOf: $asOf) { entityId seconds } } }',
      { asOf },
    );
    expect(data.shop.visits).toEqual([
      { entityId: '1,11', seconds: 1 },
      { entityId: '11,1', seconds: 2 },
      { entityId: '1%2C1,1', seconds: 3 },
      { entityId: '1%2C1,1', seconds: 3 },
    ]);
  }
});

it('ids are unique: an entity as of a moment is another node than the entity now', async () => {
  const { data } = await gateway.ask(`{ shop {
    now: customer(entityId: "a/b@c") { id }
    then: customer(entityId: "a/b@c", asOf: "2001-09-09T03:46:40.5+02:00") { id asOf }
  } }`);
  expect(data.shop.now.id).toBe('featurestores/shop/entityTypes/customer/entities/a%2Fb%40c');
  expect(data.shop.then).toEqual({
    id: 'featurestores/shop/entityTypes/customer/entities/a%2Fb%40c@2001-09-09T01:46:40.5Z',
    asOf: '2001-09-09T01:46:40.5Z',
  });
  const again = await gateway.ask(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on ShopCustomer { entityId asOf } } }',
    {
      ids: [data.shop.now.id, data.shop.then.id],
    },
  );
  expect(again.data.nodes).toEqual([
    { id: data.shop.now.id, entityId: 'a/b@c', asOf: null },
    { id: data.shop.then.id, entityId: 'a/b@c', asOf: '2001-09-09T01:46:40.5Z' },
  ]);
});

it('history ends at the moment of the read: a value of the future is not shown', async () => {
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('eve', -1, { orders_7d: 1n }),
    row('eve', 0, { orders_7d: 2n }),
    row('eve', 1, { orders_7d: 3n }),
  ]);
  const values = async (to: string | null, asOf: string | null) => {
    const { data } = await gateway.ask(
      `query ($to: DateTime, $asOf: DateTime) { shop { customer(entityId: "eve", asOf: $asOf) {
        history(feature: "orders_7d", to: $to) { edges { node { value } } } } } }`,
      { to, asOf },
    );
    return data.shop.customer.history.edges.map(({ node }: any) => node.value);
  };
  expect(await values(null, null)).toEqual(['2', '1']);
  expect(await values('2001-09-09T01:46:41Z', null)).toEqual(['2', '1']);
  expect(await values('2001-09-09T01:46:39Z', null)).toEqual(['1']);
  expect(await values(null, '2001-09-09T01:46:39Z')).toEqual(['1']);
});
