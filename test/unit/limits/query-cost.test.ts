import { getOperationAST, getVariableValues, parse, type DocumentNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { queryCostCheck, type CostedRequest } from '../../../limits/query-cost.js';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { smallRegistry } from '../../support/small-registry.js';

const schema = buildSchema(smallRegistry());

function costed(document: DocumentNode, variables: Record<string, unknown>): CostedRequest {
  const operation = getOperationAST(document)!;
  const { coerced = {} } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  return { document, operation, variables, coercedVariables: coerced };
}

/** The cost is found from what the refusal says of it, asked twice: counted, and remembered. */
function costOf(query: string, variables: Record<string, unknown> = {}, document = parse(query)): number {
  const check = queryCostCheck(schema, -1);
  const costs = [1, 2].map(() => {
    try {
      check(costed(document, variables));
      return 0;
    } catch (error) {
      return (error as { details: { cost: { estimated: number } } }).details.cost.estimated;
    }
  });
  expect(costs[0]).toBe(costs[1]);
  return costs[0]!;
}

const list = (argument: string) =>
  `query ($n: Int, $ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: ${argument}) { features(names: ["city"]) { value } } }`;

describe('the cost of a query', () => {
  it('is not that of another request whose variables spell the same text', () => {
    const document = parse(`query ($n: [ID!]! = ["a"], $m: String! = "city") {
      featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $n, names: [$m]) { values }
    }`);
    const check = queryCostCheck(schema, 100);
    const poison = { 'n:[10000],m': 'x', '[[10000],"x"]': 'x' };
    expect(check(costed(document, poison))).toBeLessThan(100);
    const large = { n: Array<string>(10_000).fill('a'), m: 'x' };
    expect(() => check(costed(document, large))).toThrow(/one request may cost 100/);
  });

  it('grows with the number of ids, written out or in a variable', () => {
    const one = costOf(list('["a"]'), { ids: [] });
    const ten = costOf(list(`[${'"a",'.repeat(10)}]`), { ids: [] });
    expect(ten - 1).toBe((one - 1) * 10);
    expect(costOf(list('$ids'), { ids: Array(10).fill('a') })).toBe(ten);
  });

  it('counts `first` as a literal, a variable and a default', () => {
    const query = (declared: string, first: string) =>
      `query (${declared}) { featurestores(first: ${first}) { nodes { name } } }`;
    const literal = costOf(query('$x: Int', '100').replace(' ($x: Int)', ''));
    expect(costOf(query('$n: Int', '$n'), { n: 100 })).toBe(literal);
    expect(costOf(query('$n: Int = 100', '$n'))).toBe(literal);
    expect(costOf(query('$n: Int = 100', '$n'), { n: 1 })).toBeLessThan(literal);
  });

  it('of a matrix grows with its rows and columns, and is less than that of objects', () => {
    const matrix = (ids: number, names: number) =>
      costOf(
        'query ($ids: [ID!]!, $names: [String!]!) { featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $ids, names: $names) { values } }',
        { ids: Array(ids).fill('a'), names: Array(names).fill('city') },
      );
    const row = (columns: number) => matrix(101, columns) - matrix(100, columns);
    expect(row(20) - row(10)).toBe(row(40) - row(30));
    expect(matrix(100, 20)).toBeLessThan(
      costOf(list(`[${'"a",'.repeat(100)}]`).replace('["city"]', `[${'"city",'.repeat(20)}]`), { ids: [] }),
    );
  });

  it('is not that of an earlier request with longer or shorter lists', () => {
    const document = parse(list('$ids'));
    const check = queryCostCheck(schema, 1000);
    const ask = (count: number) => () => check(costed(document, { ids: Array(count).fill('a') }));
    expect(ask(10)).not.toThrow();
    expect(ask(1000)).toThrow(/one request may cost 1000/);
    expect(ask(10)).not.toThrow();
  });

  it('is higher for a read of another moment, which the offline store answers', () => {
    const matrix = (moment: string) =>
      costOf(
        `{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["a", "b"], names: ["city"] ${moment}) { values } }`,
      );
    const now = matrix('');
    for (const moment of ['asOf: "2024-01-01T00:00:00Z"', 'knownAt: "2024-01-01T00:00:00Z"', 'strictlyBefore: true']) {
      expect(matrix(moment)).toBeGreaterThan(now + 100);
    }
    expect(matrix('asOf: null, strictlyBefore: false')).toBe(now);
  });

  it('does not count what is skipped', () => {
    const query = 'query ($skip: Boolean!) { featurestores(first: 100) @skip(if: $skip) { nodes { name } } }';
    expect(costOf(query, { skip: true })).toBe(0);
    expect(costOf(query, { skip: false })).toBeGreaterThan(100);
  });

  it('is told as a number that a person and JSON can read, however high', () => {
    const round = `${'entityTypes { featurestore { '.repeat(40)} id ${'} }'.repeat(40)}`;
    const deep = `query ($ids: [ID!]!) { entities(featurestore: "shop", entityType: "customer", entityIds: $ids) {
      entityType { featurestore { ${round} } } } }`;
    const check = queryCostCheck(schema, 1000);
    const ask = () => check(costed(parse(deep), { ids: Array(10_000).fill('a') }));
    expect(ask).toThrow(/costs more than 1000000000 points/);
    expect(ask).toThrow(expect.objectContaining({ details: { cost: { estimated: 1e9, max: 1000 } } }));
  });

  it('counts aliases and fragments as often as they are used', () => {
    const one = costOf('{ featurestores(first: 5) { nodes { name } } }');
    expect(
      costOf(
        '{ a: featurestores(first: 5) { ...F } b: featurestores(first: 5) { ...F } } fragment F on FeaturestoreConnection { nodes { name } }',
      ),
    ).toBe(2 * one);
  });
});
