import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureRow } from '../../../datasources/offline/offline-store.js';
import { formatInstant } from '../../../values/instant.js';
import { findSource, smallRegistry, T } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { testRegistry } from '../../support/test-registry.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    written(-50, -49, { orders_7d: 1n, city: 'Rome' }),
    // A correction: about the same moment, written later.
    written(-50, -20, { orders_7d: 2n }),
    written(-10, -10, { orders_7d: 3n }),
    { ...written(-500, -499, { mean_basket: 7.5 }), entityId: 'eve' },
    { ...written(-40, 0, { orders_7d: 99n }), createdTimestamp: null },
  ]);
  await gateway.write(findSource(gateway, 'shop', 'customer', 1), [
    { ...written(0, -30, { born: T(-9000) }), timestamp: null },
  ]);
});
afterAll(() => gateway.close());

function written(at: number, createdAt: number, values: Record<string, any>): FeatureRow {
  return {
    entityId: 'ann',
    timestamp: T(at),
    createdTimestamp: T(createdAt),
    values: new Map(Object.entries(values)),
  };
}

const at = (seconds: number) => `"${formatInstant(T(seconds))}"`;
const CUSTOMER = 'featurestore: "shop", entityType: "customer"';

/** The same read, in each of the ways that clients have. */
const WAYS = {
  entity: async (read: string) => {
    const { data } = await gateway.ask(
      `{ entity(${CUSTOMER}, entityId: "ann", ${read}) { features(names: ["orders_7d"]) { value status } } }`,
    );
    return data.entity.features[0];
  },
  entities: async (read: string) => {
    const { data } = await gateway.ask(
      `{ entities(${CUSTOMER}, entityIds: ["bob", "ann"], ${read}) { features(names: ["orders_7d"]) { value status } } }`,
    );
    expect(data.entities[0].features[0]).toEqual({ value: null, status: 'NOT_FOUND' });
    return data.entities[1].features[0];
  },
  'entity of an entity type': async (read: string) => {
    const { data } = await gateway.ask(
      `{ featurestore(name: "shop") { entityType(name: "customer") { entity(entityId: "ann", ${read}) {
          features(names: ["orders_7d"]) { value status } } } } }`,
    );
    return data.featurestore.entityType.entity.features[0];
  },
  matrix: async (read: string) => {
    const { data } = await gateway.ask(
      `{ featureMatrix(${CUSTOMER}, entityIds: ["ann"], names: ["orders_7d"], ${read}) { values statuses } }`,
    );
    return { value: data.featureMatrix.values[0][0], status: data.featureMatrix.statuses[0][0] };
  },
  'typed field': async (read: string) => {
    const { data } = await gateway.ask(
      `{ shop { customer(entityId: "ann", ${read}) { orders7d features(names: ["orders_7d"]) { status } } } }`,
    );
    return { value: data.shop.customer.orders7d, status: data.shop.customer.features[0].status };
  },
  'typed list': async (read: string) => {
    const { data } = await gateway.ask(
      `{ shop { customers(entityIds: ["ann"], ${read}) { orders7d features(names: ["orders_7d"]) { status } } } }`,
    );
    return { value: data.shop.customers[0].orders7d, status: data.shop.customers[0].features[0].status };
  },
  node: async (read: string) => {
    const { data } = await gateway.ask(`{ entity(${CUSTOMER}, entityId: "ann", ${read}) { id } }`);
    const { data: found } = await gateway.ask(
      'query ($id: ID!) { node(id: $id) { id ... on Entity { features(names: ["orders_7d"]) { value status } } } }',
      { id: data.entity.id },
    );
    expect(found.node.id).toBe(data.entity.id);
    return found.node.features[0];
  },
} as const;

describe.each(Object.entries(WAYS))('%s', (_way, ask) => {
  it.each([
    ['now', 'asOf: null', '3', 'PRESENT'],
    ['event time alone takes the correction that was written later', `asOf: ${at(-45)}`, '2', 'PRESENT'],
    ['creation time leaves the correction out', `asOf: ${at(-45)}, knownAt: ${at(-30)}`, '1', 'PRESENT'],
    [
      'a row counts from the microsecond in which it was written',
      `asOf: ${at(-45)}, knownAt: ${at(-20)}`,
      '2',
      'PRESENT',
    ],
    ['what was known before any row was written', `asOf: ${at(-45)}, knownAt: ${at(-49.000001)}`, null, 'NOT_FOUND'],
    ['a row without creation time does not count', `asOf: ${at(-40)}, knownAt: ${at(0)}`, '2', 'PRESENT'],
    ['creation time without a moment reads as of now', `knownAt: ${at(-15)}`, '2', 'PRESENT'],
    ['a value of exactly the moment counts', `asOf: ${at(-10)}`, '3', 'PRESENT'],
    ['strictly before, it does not', `asOf: ${at(-10)}, strictlyBefore: true, knownAt: ${at(0)}`, '2', 'PRESENT'],
    ['an expired value is not given', `asOf: ${at(90.000001)}`, null, 'EXPIRED'],
    ['an expired value is given when it is asked for', `asOf: ${at(90.000001)}, includeExpired: true`, '3', 'EXPIRED'],
  ])('%s', async (_title, read, value, status) => {
    expect(await ask(read)).toEqual({ value, status });
  });
});

it('an expired value is given now too, from the online store', async () => {
  const read = 'entityId: "eve", includeExpired: true';
  const { data } = await gateway.ask(
    `{ entity(${CUSTOMER}, ${read}) { features(names: ["mean_basket"]) { value status } } shop { customer(${read}) { meanBasket } } }`,
  );
  expect(data.entity.features).toEqual([{ value: 7.5, status: 'EXPIRED' }]);
  expect(data.shop.customer).toEqual({ meanBasket: 7.5 });
});

it('a history has the rows that were known, and ends before the moment when asked', async () => {
  const history = async (read: string) => {
    const { data, errors } = await gateway.ask(
      `{ entity(${CUSTOMER}, entityId: "ann", ${read}) { history(feature: "orders_7d") { nodes { value } } } }`,
    );
    expect(errors).toBeUndefined();
    return data.entity.history.nodes.map(({ value }: any) => value);
  };
  expect(await history('asOf: null')).toEqual(['3', '99', '2']);
  expect(await history(`knownAt: ${at(-30)}`)).toEqual(['1']);
  expect(await history(`knownAt: ${at(0)}`)).toEqual(['3', '2']);
  expect(await history(`asOf: ${at(-10)}, strictlyBefore: true`)).toEqual(['99', '2']);
});

it('a static value counts from when it was written', async () => {
  const born = async (read: string) => {
    const { data } = await gateway.ask(`{ shop { customer(entityId: "ann", ${read}) { born } } }`);
    return data.shop.customer.born;
  };
  expect(await born(`knownAt: ${at(-31)}`)).toBeNull();
  expect(await born(`knownAt: ${at(-30)}`)).toBe(formatInstant(T(-9000)));
});

it('one answer can have the same entity in all ways, each its own', async () => {
  const entity = (alias: string, read: string) =>
    `${alias}: customer(entityId: "ann", ${read}) { id knownAt orders7d }`;
  const { data } = await gateway.ask(
    `{ shop { ${entity('now', 'asOf: null')} ${entity('past', `asOf: ${at(-45)}`)} ${entity('known', `asOf: ${at(-45)}, knownAt: ${at(-30)}`)} } }`,
  );
  const { now, past, known } = data.shop;
  expect([now.orders7d, past.orders7d, known.orders7d]).toEqual(['3', '2', '1']);
  expect([now.knownAt, known.knownAt]).toEqual([null, formatInstant(T(-30))]);
  expect(new Set([now.id, past.id, known.id]).size).toBe(3);
});

it.each([
  ['of a list', `entity(${S('s')}, entityId: "x", knownAt: ${at(0)}) { features { value } }`],
  ['of a matrix', `featureMatrix(${S('s')}, entityIds: ["x"], names: ["a"], knownAt: ${at(0)}) { values }`],
  ['of a history', `entity(${S('s')}, entityId: "x", knownAt: ${at(0)}) { history(feature: "a") { nodes { value } } }`],
  ['of a static source', `entity(${S('t')}, entityId: "x", knownAt: ${at(0)}) { features { value } }`],
])('a source without creation time refuses knownAt, by name: %s', async (_title, query) => {
  const computed = await startTestGateway(
    testRegistry({
      name: 'computed',
      entityTypes: [
        { name: 's', sources: [{ sql: 'SELECT 1', features: [{ name: 'a', valueType: 'INT64' }] }] },
        { name: 't', sources: [{ sql: 'SELECT 1', static: true, features: [{ name: 'a', valueType: 'INT64' }] }] },
      ],
    }),
  );
  try {
    const { errors } = await computed.ask(`{ ${query} }`);
    expect(errors![0]!.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'knownAt' });
    expect(errors![0]!.message).toMatch(/createdTimestampColumn/);
  } finally {
    await computed.close();
  }
});

function S(entityType: string): string {
  return `featurestore: "computed", entityType: "${entityType}"`;
}
