import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

interface Refusal {
  readonly title: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly code: string;
  readonly field: string | undefined;
  readonly says: RegExp;
  /** 200 for an error of a field, 400 for a request refused before any field ran. */
  readonly status: number;
}

const customer = (rest: string) =>
  `{ entity(featurestore: "shop", entityType: "customer", ${rest}) { id features { value } } }`;

const REFUSALS: readonly Refusal[] = [
  {
    title: 'an unknown featurestore',
    query: '{ entity(featurestore: "shoe", entityType: "customer", entityId: "x") { id } }',
    code: 'FEATURESTORE_NOT_FOUND',
    field: 'featurestore',
    says: /no featurestore "shoe".*There are: shop, lab/,
    status: 200,
  },
  {
    title: 'an unknown featurestore by name',
    query: '{ featurestore(name: "shoe") { name } }',
    code: 'FEATURESTORE_NOT_FOUND',
    field: 'name',
    says: /shoe/,
    status: 200,
  },
  {
    title: 'an unknown entity type',
    query: '{ entities(featurestore: "shop", entityType: "client", entityIds: ["x"]) { id } }',
    code: 'ENTITY_TYPE_NOT_FOUND',
    field: 'entityType',
    says: /customer, visit/,
    status: 200,
  },
  {
    title: 'an unknown feature',
    query: customer('entityId: "x"').replace('features {', 'features(names: ["orders_8d"]) {'),
    code: 'FEATURE_NOT_FOUND',
    field: 'names',
    says: /orders_7d/,
    status: 200,
  },
  {
    title: 'an unknown feature view',
    query: customer('entityId: "x"').replace('features {', 'features(view: "no") {'),
    code: 'FEATURE_VIEW_NOT_FOUND',
    field: 'view',
    says: /basket/,
    status: 200,
  },
  {
    title: 'names and view together',
    query: customer('entityId: "x"').replace('features {', 'features(view: "basket", names: ["city"]) {'),
    code: 'BAD_USER_INPUT',
    field: 'view',
    says: /not both/,
    status: 200,
  },
  {
    title: 'an asOf that is no instant, in the query',
    query: customer('entityId: "x", asOf: "yesterday"'),
    code: 'BAD_USER_INPUT',
    field: 'asOf',
    says: /"yesterday" is not an RFC 3339 instant/,
    status: 400,
  },
  {
    title: 'an asOf that is no instant, in a variable',
    query: `query ($when: DateTime) ${customer('entityId: "x", asOf: $when')}`,
    variables: { when: 'yesterday' },
    code: 'BAD_USER_INPUT',
    field: 'asOf',
    says: /"yesterday" is not an RFC 3339 instant/,
    status: 400,
  },
  {
    title: 'an asOf without a zone',
    query: customer('entityId: "x", asOf: "2001-03-07T14:00:00"'),
    code: 'BAD_USER_INPUT',
    field: 'asOf',
    says: /has no time zone.*Add Z/,
    status: 400,
  },
  {
    title: 'an asOf finer than a microsecond',
    query: customer('entityId: "x", asOf: "2001-03-07T14:00:00.0000001Z"'),
    code: 'BAD_USER_INPUT',
    field: 'asOf',
    says: /finer than a microsecond/,
    status: 400,
  },
  {
    title: 'an asOf that is a number',
    query: customer('entityId: "x", asOf: 983973600'),
    code: 'BAD_USER_INPUT',
    field: 'asOf',
    says: /A DateTime is a string/,
    status: 400,
  },
  {
    title: 'first over 100',
    query: '{ featurestores(first: 101) { nodes { name } } }',
    code: 'BAD_USER_INPUT',
    field: 'first',
    says: /from 0 to 100, not 101/,
    status: 200,
  },
  {
    title: 'first over 100 in a variable',
    query:
      'query ($n: Int = 500) { featurestore(name: "shop") { entityType(name: "customer") { features(first: $n) { nodes { name } } } } }',
    code: 'BAD_USER_INPUT',
    field: 'first',
    says: /not 500/,
    status: 200,
  },
  {
    title: 'first below 0',
    query: '{ searchFeatures(text: "orders", first: -1) { nodes { name } } }',
    code: 'BAD_USER_INPUT',
    field: 'first',
    says: /not -1/,
    status: 200,
  },
  {
    title: 'first over 100 of a history',
    query: customer('entityId: "x"').replace(
      'features { value }',
      'history(feature: "city", first: 101) { nodes { value } }',
    ),
    code: 'BAD_USER_INPUT',
    field: 'first',
    says: /not 101/,
    status: 200,
  },
  {
    title: 'a history from after to',
    query: customer('entityId: "x"').replace(
      'features { value }',
      'history(feature: "city", from: "2002-01-01T00:00:00Z", to: "2001-01-01T00:00:00Z") { nodes { value } }',
    ),
    code: 'BAD_USER_INPUT',
    field: 'from',
    says: /"from" is after "to"/,
    status: 200,
  },
  {
    title: 'a cursor that is none',
    query: '{ featurestores(after: "x") { nodes { name } } }',
    code: 'BAD_USER_INPUT',
    field: 'after',
    says: /not a cursor of this list/,
    status: 200,
  },
  {
    title: '10 001 ids',
    query: 'query ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) { id } }',
    variables: { ids: Array.from({ length: 10_001 }, (_, index) => String(index)) },
    code: 'BAD_USER_INPUT',
    field: 'entityIds',
    says: /10001 ids\. One request reads at most 10000/,
    status: 200,
  },
  {
    title: '10 001 ids of a matrix, written into the query',
    query: `{ featureMatrix(featurestore: "shop", entityType: "customer", names: ["city"], entityIds: [${'"x",'.repeat(10_001)}]) { names } }`,
    code: 'BAD_USER_INPUT',
    field: 'entityIds',
    says: /10001 ids\. One request reads at most 10000/,
    status: 200,
  },
  {
    title: '101 ids of nodes',
    query: `{ nodes(ids: [${'"x",'.repeat(101)}]) { id } }`,
    code: 'BAD_USER_INPUT',
    field: 'ids',
    says: /at most 100/,
    status: 200,
  },
  {
    title: 'an empty id',
    query: customer('entityId: ""'),
    code: 'BAD_USER_INPUT',
    field: 'entityId',
    says: /must not be empty/,
    status: 200,
  },
  {
    title: 'an id that is too long',
    query: customer(`entityId: "${'x'.repeat(1501)}"`),
    code: 'BAD_USER_INPUT',
    field: 'entityId',
    says: /at most 1500 bytes/,
    status: 200,
  },
  {
    title: 'a composite id with a part missing, in a list',
    query: '{ shop { visits(entityIds: ["ann,home", "ann"]) { seconds } } }',
    code: 'BAD_USER_INPUT',
    field: 'entityIds[1]',
    says: /has 1 part.*takes 2: customer,page/,
    status: 200,
  },
  {
    title: 'a query that asks for too much',
    query: `query ($ids: [ID!]!) { ${Array.from({ length: 30 }, (_, index) => `a${index}: entities(featurestore: "shop", entityType: "customer", entityIds: $ids) { features { name value status timestamp } }`).join(' ')} }`,
    variables: { ids: Array.from({ length: 1000 }, (_, index) => String(index)) },
    code: 'QUERY_TOO_EXPENSIVE',
    field: undefined,
    says: /one request may cost 1000000/,
    status: 400,
  },
  {
    title: 'a document that is no GraphQL',
    query: '{',
    code: 'GRAPHQL_PARSE_FAILED',
    field: undefined,
    says: /Syntax Error/,
    status: 400,
  },
  {
    title: 'a field that does not exist',
    query: '{ shop { customer(entityId: "x") { orders8d } } }',
    code: 'GRAPHQL_VALIDATION_FAILED',
    field: undefined,
    says: /orders8d/,
    status: 400,
  },
  {
    title: 'a variable that is missing',
    query: 'query ($id: ID!) { shop { customer(entityId: $id) { orders7d } } }',
    code: 'BAD_USER_INPUT',
    field: 'entityId',
    says: /\$id/,
    status: 400,
  },
  {
    title: 'an operation name of no operation',
    query: 'query A { featurestores { nodes { name } } } query B { featurestores { nodes { name } } }',
    code: 'OPERATION_RESOLUTION_FAILURE',
    field: undefined,
    says: /operation/i,
    status: 400,
  },
];

describe('refused with a code, the field and what to do', () => {
  it.each(REFUSALS.map((refusal) => [refusal.title, refusal] as const))('%s', async (_title, refusal) => {
    // Twice: the second time the hot lane answers, and must say the same.
    for (const _ of [1, 2, 3]) {
      const { status, errors } = await gateway.ask(refusal.query, refusal.variables);
      expect(errors).toHaveLength(1);
      expect(errors![0]!.message).toMatch(refusal.says);
      expect(errors![0]!.extensions).toMatchObject({
        code: refusal.code,
        retryable: false,
        requestId: expect.any(String),
      });
      expect(errors![0]!.extensions.field).toBe(refusal.field);
      expect(status).toBe(refusal.status);
    }
  });
});

const SHOP_CUSTOMER = 'featurestore: "shop", entityType: "customer"';
const PAST = 'asOf: "2001-03-07T14:00:00Z"';

describe('an id with half a character is refused, and not read as that of another entity', () => {
  it.each([
    ['an entity', `entity(${SHOP_CUSTOMER}, entityId: $id) { features { value } }`, 'entityId'],
    ['an entity as of a moment', `entity(${SHOP_CUSTOMER}, entityId: $id, ${PAST}) { features { value } }`, 'entityId'],
    [
      'a history',
      `entity(${SHOP_CUSTOMER}, entityId: $id) { history(feature: "city") { nodes { value } } }`,
      'entityId',
    ],
    ['many entities', `entities(${SHOP_CUSTOMER}, entityIds: ["x", $id]) { id }`, 'entityIds[1]'],
    ['a matrix', `featureMatrix(${SHOP_CUSTOMER}, entityIds: [$id], names: ["city"]) { values }`, 'entityIds[0]'],
    [
      'a matrix as of a moment',
      `featureMatrix(${SHOP_CUSTOMER}, entityIds: [$id], names: ["city"], ${PAST}) { values }`,
      'entityIds[0]',
    ],
    ['the typed schema', 'shop { customer(entityId: $id) { city } }', 'entityId'],
    ['the typed schema, many', 'shop { visits(entityIds: ["a,b", $id]) { seconds } }', 'entityIds[1]'],
    [
      'an entity type',
      'featurestore(name: "shop") { entityType(name: "customer") { entity(entityId: $id) { id } } }',
      'entityId',
    ],
  ])('%s', async (_title, selection, field) => {
    const { errors } = await gateway.ask(`query ($id: ID!) { ${selection} }`, { id: 'a,\ud800' });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
    expect(errors![0]!.message).toMatch(/Unicode text/);
  });

  it('and names nothing, where ids may be of nothing', async () => {
    const ids = ['featurestores/shop/entityTypes/customer/entities/\ud800', 'jobs/\ud800', '\ud800'];
    const { data, errors } = await gateway.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
    expect(errors).toBeUndefined();
    expect(data.nodes).toEqual([null, null, null]);
  });

  it('nor is it a label of a job', async () => {
    const { errors } = await gateway.ask('query ($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }', {
      filter: { labels: { team: '\ud800' } },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'filter.labels' } }]);
  });
});

it('a fault of one field leaves the others answered', async () => {
  const { data, errors } = await gateway.ask(`{
    wrong: entity(featurestore: "no", entityType: "customer", entityId: "x") { id }
    right: entity(featurestore: "shop", entityType: "customer", entityId: "x") { entityId }
  }`);
  expect(data).toEqual({ wrong: null, right: { entityId: 'x' } });
  expect(errors?.map(({ path }) => path)).toEqual([['wrong']]);
});

it('many errors of a document are cut off', async () => {
  const { errors } = await gateway.ask(`{ ${Array.from({ length: 500 }, (_, index) => `x${index}`).join(' ')} }`);
  expect(errors!.length).toBeLessThanOrEqual(11);
});
