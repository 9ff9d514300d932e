import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Policy } from '../../../auth/policy/policy.js';
import { startFederatedGraph, type FederatedGraph } from '../../support/federated-graph.js';
import type { TestGateway } from '../../support/test-gateway.js';
import { NOW_TEXT } from '../../support/small-registry.js';
import { MANY_ORDERS, startShop } from '../clients/shop.js';

const EARLIER = '2001-09-09T01:46:29Z';

let gateway: TestGateway;
let graph: FederatedGraph;
beforeAll(async () => {
  gateway = await startShop({ isFederated: true });
  graph = await startFederatedGraph(gateway);
});
afterAll(async () => {
  await graph.close();
  await gateway.close();
});

const entities = (representations: readonly object[], selection = '... on ShopCustomer { id meanBasket orders7d }') =>
  gateway.ask(`query ($of: [_Any!]!) { _entities(representations: $of) { __typename ${selection} } }`, {
    of: representations,
  });

describe('behind Hive Gateway', () => {
  it('a query that begins here gets the fields of another subgraph', async () => {
    const answer = await graph.ask('{ shop { customers(entityIds: ["c1", "c2"]) { orders7d points } } }');
    expect(answer).toEqual({
      data: {
        shop: {
          customers: [
            { orders7d: String(MANY_ORDERS + 1n), points: 200 },
            { orders7d: String(MANY_ORDERS + 2n), points: 200 },
          ],
        },
      },
    });
  });

  it('entities of another subgraph get their features in one read', async () => {
    const before = gateway.reads.online.length;
    const answer = await graph.ask('{ members(ids: ["c3", "c4", "unknown"]) { points meanBasket discount } }');
    expect(answer).toEqual({
      data: {
        members: [
          { points: 200, meanBasket: 1.5, discount: 0.15 },
          { points: 200, meanBasket: 2, discount: 0.2 },
          { points: 700, meanBasket: null, discount: null },
        ],
      },
    });
    expect(graph.sent.at(-1)?.query).toContain('_entities');
    expect(gateway.reads.online.slice(before).map(({ entityIds }) => entityIds)).toEqual([['c3', 'c4', 'unknown']]);
  });
});

it.each([1, 2])('entities are in the order of their references, and of one read a type: request %i', async () => {
  const { online, pointInTime } = gateway.reads;
  const [reads, historical] = [online.length, pointInTime.length];
  const { status, data, errors } = await entities(
    [
      { __typename: 'ShopCustomer', entityId: 'c2' },
      { __typename: 'ShopVisit', entityId: 'ann,home' },
      { __typename: 'ShopCustomer', entityId: 'c1' },
      { __typename: 'ShopCustomer', id: 'featurestores/shop/entityTypes/customer/entities/c2' },
    ],
    '... on ShopCustomer { meanBasket } ... on ShopVisit { seconds }',
  );
  expect([status, errors]).toEqual([200, undefined]);
  expect(data._entities).toEqual([
    { __typename: 'ShopCustomer', meanBasket: 1 },
    { __typename: 'ShopVisit', seconds: null },
    { __typename: 'ShopCustomer', meanBasket: 0.5 },
    { __typename: 'ShopCustomer', meanBasket: 1 },
  ]);
  expect(online.slice(reads)).toHaveLength(2);
  expect(pointInTime).toHaveLength(historical);
});

it('the id of an entity keeps the point in time of its read', async () => {
  const query = `query ($at: DateTime) { shop { customer(entityId: "c2", asOf: $at) { id meanBasket } } }`;
  for (const at of [EARLIER, NOW_TEXT]) {
    const { customer } = (await gateway.ask(query, { at })).data.shop;
    const { data } = await entities([{ __typename: 'ShopCustomer', id: customer.id }]);
    expect(data._entities).toMatchObject([customer]);
  }
});

it.each([
  [{ __typename: 'Query' }, '"__typename" is not'],
  [{ __typename: 'LabSample', id: 'featurestores/shop/entityTypes/customer/entities/c2' }, '"id" is not'],
  [{ __typename: 'ShopCustomer', id: 7 }, '"id" is not'],
  [{ __typename: 'ShopCustomer' }, 'Give "entityId"'],
  [{ __typename: 'ShopCustomer', entityId: null }, 'Give "entityId"'],
  [{ __typename: 'ShopCustomer', entityId: 'x'.repeat(1_501) }, '1500'],
  [{}, '"__typename" is not'],
])('a reference of no entity is null with its place, and the others are answered: %#', async (reference, message) => {
  const { data, errors } = await entities([{ __typename: 'ShopCustomer', entityId: 'c2' }, reference]);
  expect(data._entities).toEqual([expect.objectContaining({ meanBasket: 1 }), null]);
  expect(errors).toEqual([
    expect.objectContaining({
      path: ['_entities', 1],
      message: expect.stringContaining(message),
      extensions: expect.objectContaining({ code: 'BAD_USER_INPUT', field: 'representations[1]' }),
    }),
  ]);
});

it('a reference that is no object, or too many of them, is refused', async () => {
  const { status, errors } = await entities(['c2'] as unknown as object[]);
  expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  const many = Array.from({ length: 10_001 }, (_, n) => ({ __typename: 'ShopCustomer', entityId: `c${n}` }));
  const tooMany = await entities(many, '');
  expect(tooMany.errors?.[0]?.message).toContain('at most 10000');
  const inexact = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }","variables":{"of":[{"__typename":"ShopCustomer","entityId":9007199254740993}]}}',
  });
  expect(inexact.status).toBe(400);
  const literal = await gateway.ask(
    '{ _entities(representations: [{ __typename: "ShopCustomer", entityId: 9007199254740993 }]) { __typename } }',
  );
  expect(literal.errors?.[0]?.message).toContain('as strings');
});

it('references cost what entities cost, and are read under the policy', async () => {
  const policy = new Policy({
    rules: [
      { name: 'all read', who: 'EVERYONE', allow: ['READ'] },
      { name: 'not this', who: 'EVERYONE', deny: ['READ'], features: ['mean_basket'] },
    ],
  });
  const limited = await startShop({ isFederated: true, maxQueryCost: 2_000, policy });
  try {
    const ask = (count: number) =>
      limited.ask(
        'query ($of: [_Any!]!) { _entities(representations: $of) { ... on ShopCustomer { meanBasket orders7d } } }',
        { of: Array.from({ length: count }, (_, n) => ({ __typename: 'ShopCustomer', entityId: `c${n}` })) },
      );
    const { data } = await ask(1);
    expect(data._entities).toEqual([{ meanBasket: null, orders7d: String(MANY_ORDERS) }]);
    const refused = await ask(100);
    expect([refused.status, refused.errors?.[0]?.extensions.code]).toEqual([400, 'QUERY_TOO_EXPENSIVE']);
  } finally {
    await limited.close();
  }
});

it('without the configuration there is no subgraph, and a closed schema is closed here too', async () => {
  const plain = await startShop();
  const closed = await startShop({ isFederated: true, isIntrospectionAllowed: false });
  try {
    for (const field of ['_service { sdl }', '_entities(representations: []) { __typename }']) {
      expect((await plain.ask(`{ ${field} }`)).errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    const { status, errors } = await closed.ask('{ _service { sdl } }');
    expect([status, errors?.[0]?.message]).toEqual([400, expect.stringContaining('does not tell its schema')]);
    expect((await closed.ask('{ _entities(representations: []) { __typename } }')).data).toEqual({ _entities: [] });
  } finally {
    await plain.close();
    await closed.close();
  }
});
