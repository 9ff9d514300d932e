import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, getOperationAST, getVariableValues, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ANONYMOUS } from '../../../../auth/principal.js';
import { createContext } from '../../../../resolvers/context.js';
import { KnownOperation } from '../../../../server/hot-lane/known-operation.js';
import { PlanRun } from '../../../../server/hot-lane/plan-run.js';
import { loadRegistry } from '../../../../datasources/registry/yaml/load-registry.js';
import { row, smallRegistry, findSource } from '../../../support/small-registry.js';
import { CountableWork } from '../../../support/countable-work.js';
import { startTestGateway, type TestGateway } from '../../../support/test-gateway.js';

/** What compilers of GraphQL get wrong: directives, fragments, aliases, abstract types, null bubbling, errors in lists. */
const OPERATIONS = [
  '{ shop { customer(entityId: "ann") { __typename id orders7d city born } } }',
  'query ($yes: Boolean = true, $no: Boolean = false) { shop { customer(entityId: "ann") { orders7d @skip(if: $yes) city @include(if: $no) meanBasket @include(if: $yes) } } }',
  'query ($yes: Boolean = true) { shop @include(if: $yes) { id @skip(if: $yes) } entity(featurestore: "shop", entityType: "customer", entityId: "ann") { features { name @skip(if: $yes) } } }',
  'query ($id: ID = "bob") { shop { customer(entityId: $id) { orders7d } } }',
  'query ($id: ID! = "bob") { shop { customer(entityId: $id) { orders7d } } }',
  'query ($at: DateTime = "2001-09-09T01:46:35Z") { shop { customer(entityId: "bob", asOf: $at) { orders7d } } }',
  'query ($first: Int) { featurestores(first: $first) { nodes { name } } }',
  'query ($names: [String!]) { entity(featurestore: "shop", entityType: "customer", entityId: "ann") { features(names: $names) { name value status feature { id valueType } } } }',
  '{ nodes(ids: ["featurestores/shop", "nothing", "featurestores/shop/featureViews/basket"]) { __typename id ... on Featurestore { name } ... on FeatureView { features { name } } } }',
  'fragment A on Node { id ...B } fragment B on Node { __typename ... on Featurestore { labels } } { node(id: "featurestores/shop") { ...A ...B } }',
  '{ entities(featurestore: "shop", entityType: "customer", entityIds: ["ann", "nobody"]) { __typename entityId ... on ShopCustomer { orders7d a: city } ... on LabSample { string } } }',
  '{ bad: featurestore(name: "no") { name } good: featurestore(name: "lab") { name } }',
  '{ shop { __typename id } lab { id } nodes(ids: ["featurestores/shop/entities", "featurestores/none/entities"]) { __typename id ... on ShopFeaturestore { customer(entityId: "ann") { id orders7d } } } }',
  '{ estimateBatchPrediction(input: { figures: { rows: 10, secondsPerBatch: 1 } }) { total { amount } } }',
  'query ($rows: BigInt = "10") { estimateBatchPrediction(input: { figures: { rows: $rows, secondsPerBatch: 1 } }) { total { amount } } }',
  '{ shop { visits(entityIds: ["a"]) { seconds } } }',
  '{ lab { sample(entityId: "nan") { double doubleArray int64 bytes struct timestamp } } }',
  '{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["ann", "x"], names: ["orders_7d", "city"]) { entityIds names values timestamps statuses } }',
  '{ entity(featurestore: "shop", entityType: "customer", entityId: "ann") { history(feature: "orders_7d", first: 1) { edges { cursor node { value timestamp ageSeconds } } pageInfo { hasNextPage } } } }',
  '{ searchFeatures(text: "orders") { edges { node { name entityType { featurestore { entityType(name: "customer") { features(first: 1) { pageInfo { hasNextPage } } } } } } } } }',
  '{ jobs(filter: { kinds: [TRAINING_SET], labels: { team: "a" }, createdFrom: "2001-01-01T00:00:00Z" }, first: 1) { nodes { __typename id } pageInfo { hasNextPage } } }',
  'query ($kind: JobKind! = TRAINING_SET, $team: String = "a") { jobs(filter: { kinds: [$kind], labels: { team: $team } }) { edges { node { state progress { completed } ... on TrainingSetJob { output { rows } } } } } }',
  'query A { featurestore(name: "lab") { name } } query B { featurestore(name: "shop") { name } }',
];

let gateway: TestGateway;
beforeAll(async () => {
  const work = new CountableWork('TRAINING_SET').end().end().end();
  gateway = await startTestGateway(smallRegistry(), { handlers: [work] });
  for (const team of ['a', 'b', 'a']) {
    await gateway.services.jobs.start(work, {
      spec: null,
      displayName: null,
      labels: { team },
      createdBy: null,
      idempotencyKey: null,
    });
  }
  await gateway.write(findSource(gateway, 'shop', 'customer'), [
    row('ann', -20, { orders_7d: 1n }),
    row('ann', -10, { orders_7d: 2n, mean_basket: 20.5, city: 'Bern' }),
    row('bob', -10, { orders_7d: 7n }),
  ]);
  await gateway.write(findSource(gateway, 'lab', 'sample'), [
    row('nan', -1, {
      double: NaN,
      double_array: [Infinity],
      int64: 2n ** 63n - 1n,
      bytes: new Uint8Array([1]),
      struct: { a: [1] },
      timestamp: 1n,
    }),
  ]);
});
afterAll(() => gateway.close());

describe('a compiled plan answers as graphql-js does', () => {
  it.each(OPERATIONS)('%s', async (query) => {
    const { schema } = gateway;
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const operationName = query.startsWith('query A') ? 'B' : undefined;
    const operation = getOperationAST(document, operationName)!;
    const context = () => createContext(gateway.services, 'test', ANONYMOUS);
    const expected = await execute({ schema, document, rootValue: {}, contextValue: context(), operationName });
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], {});
    const known = new KnownOperation(schema, document, operation, operationName);
    for (const _ of [1, 2]) {
      const { data, errors } = await known.planOf(coerced!)!.write(new PlanRun(known, context(), coerced!, 1_000_000));
      expect(data ?? 'null').toBe(JSON.stringify(expected.data));
      expect(errors?.map((error) => error.toJSON())).toEqual(expected.errors?.map((error) => error.toJSON()));
    }
  });
});

it.each([
  '{ __schema { queryType { name } } }',
  'fragment F on Query { __type(name: "FeatureValue") { name } } { ...F }',
  'mutation { cancelJob(id: "x") { job { id } } }',
  'subscription { jobProgress(id: "x") { id } }',
  'query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) { shop { id @skip(if: $a) @include(if: $b) a: id @skip(if: $c) b: id @skip(if: $d) c: id @skip(if: $e) } }',
])('leaves to Apollo: %s', (query) => {
  const document = parse(query);
  expect(KnownOperation.canBe(document, getOperationAST(document)!)).toBe(false);
});

it('takes every example query of the flights', async () => {
  const { schema } = await startFlightsSchema();
  const folder = join(import.meta.dirname, '../../../../examples/flights/queries');
  for (const file of readdirSync(folder)) {
    expect(validate(schema, parse(readFileSync(join(folder, file), 'utf8'))), file).toEqual([]);
  }
});

async function startFlightsSchema() {
  const { buildSchema } = await import('../../../../resolvers/build-schema.js');
  const registry = await loadRegistry(join(import.meta.dirname, '../../../../examples/flights/registry.yaml'));
  return { schema: buildSchema(registry) };
}
