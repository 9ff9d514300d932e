import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../support/small-registry.js';
import { collectErrors, TRANSPORTS, type StreamClient } from '../support/stream-clients.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry(), { isIntrospectionAllowed: false, maxQueryCost: 2000 });
});
afterAll(() => gateway.close());

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join(' ');
const nested = (levels: number, open: string, middle: string, close: string) =>
  `${open.repeat(levels)} ${middle} ${close.repeat(levels)}`;
const values = 'entities(featurestore: "shop", entityType: "customer", entityIds: ["a"]) { features { value } }';
const fragments = times(30, (n) => `fragment F${n} on ROOT { ...F${n + 1} ...F${n + 1} }`);

/** What an attacker sends. ROOT is Query or Subscription, FIELD a field of it. */
const ATTACKS: readonly (readonly [string, string, string])[] = [
  ['aliases of __typename past the tokens', `{ ${times(9000, (n) => `a${n}: __typename`)} }`, 'GRAPHQL_PARSE_FAILED'],
  [
    'an unknown directive, thousands of times',
    `{ ... on ROOT ${times(5000, () => '@x')} { FIELD } }`,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    '@skip, thousands of times',
    `{ ... on ROOT ${times(3000, () => '@skip(if: false)')} { FIELD } }`,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['unknown fields, thousands of times', `{ ${times(5000, (n) => `a${n}`)} }`, 'GRAPHQL_VALIDATION_FAILED'],
  ['the same field, thousands of times', `{ ${times(2000, () => 'FIELD')} }`, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'fragments in a circle',
    '{ ...A } fragment A on ROOT { ...B } fragment B on ROOT { ...A }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'fragments that double 30 times',
    `{ ...F0 } ${fragments} fragment F30 on ROOT { FIELD }`,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    '500 fragments, each in the one before',
    `{ ...F0 } ${times(500, (n) => `fragment F${n} on ROOT { ... on ROOT { ...F${n + 1} } }`)} fragment F500 on ROOT { FIELD }`,
    'QUERY_TOO_EXPENSIVE',
  ],
  ['braces 8000 deep', nested(8000, '{ a ', '', '}'), 'QUERY_TOO_EXPENSIVE'],
  ['inline fragments 2000 deep', `{ ${nested(2000, '... on ROOT { ', 'FIELD', '}')} }`, 'QUERY_TOO_EXPENSIVE'],
  ['a list literal 12 000 deep', `{ node(id: ${nested(12_000, '[', '1', ']')}) { id } }`, 'QUERY_TOO_EXPENSIVE'],
  ['an object literal 6000 deep', `{ node(id: ${nested(6000, '{a:', '1', '}')}) { id } }`, 'QUERY_TOO_EXPENSIVE'],
  ['brackets that a string seems to close', `{ ${nested(200, '... on ROOT { ', '# "', '}')}`, 'QUERY_TOO_EXPENSIVE'],
  ['a question for the schema', '{ __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a question for a type', '{ __type(name: "Job") { name } }', 'GRAPHQL_VALIDATION_FAILED'],
];
const attack = (document: string, root: string, field: string) =>
  document.replaceAll('ROOT', root).replaceAll('FIELD', field);

/** Refused with few words, as the request's fault and never as ours. */
function expectRefusal(
  errors: readonly { message: string; extensions: Record<string, unknown> }[],
  code: string,
): void {
  expect(errors.map(({ extensions }) => extensions.code)).toContain(code);
  expect(errors.length).toBeLessThanOrEqual(11);
  expect(JSON.stringify(errors)).not.toMatch(/INTERNAL_SERVER_ERROR|call stack|Did you mean|node_modules/);
}

describe('over HTTP', () => {
  it.each(ATTACKS)('%s is refused', async (_what, document, code) => {
    const answer = await gateway.ask(attack(document, 'Query', 'featurestores { nodes { id } }'));
    expect([answer.status, answer.data]).toEqual([400, undefined]);
    expectRefusal(answer.errors!, code);
  });

  it('as many aliases of __typename as tokens allow give no more than was sent', async () => {
    const query = `{ ${times(8300, (n) => `a${n}: __typename`)} }`;
    const answer = await gateway.ask(query);
    expect(JSON.stringify(answer.data ?? answer.errors).length).toBeLessThan(query.length);
  });

  it('a field that costs, under many aliases, is counted as often', async () => {
    const answer = await gateway.ask(`{ ${times(900, (n) => `a${n}: ${values}`)} }`);
    expectRefusal(answer.errors!, 'QUERY_TOO_EXPENSIVE');
    expect(gateway.reads.online).toEqual([]);
  });

  it('nesting by fields that go round is counted at each level', async () => {
    const round = (levels: number) =>
      `{ featurestore(name: "shop") { ${nested(levels, 'entityTypes { featurestore { ', 'id', '} }')} } }`;
    const answer = await gateway.ask(round(20));
    expectRefusal(answer.errors!, 'QUERY_TOO_EXPENSIVE');
    expect((await gateway.ask(round(1))).errors).toBeUndefined();
  });

  it.each([
    ['a literal', '{ jobs(first: 2147483647) { nodes { id } } }', {}],
    ['a variable', 'query ($n: Int) { jobs(first: $n) { nodes { id } } }', { n: 100_000 }],
    ['a default', 'query ($n: Int = 100000) { jobs(first: $n) { nodes { id } } }', {}],
    ['below nothing', 'query ($n: Int = -1) { jobs(first: $n) { nodes { id } } }', {}],
  ])('`first` that is too much is refused, as %s', async (_how, query, variables) => {
    const { data, errors } = await gateway.ask(query, variables);
    expect(data?.jobs ?? null).toBeNull();
    expect(['BAD_USER_INPUT', 'QUERY_TOO_EXPENSIVE']).toContain(errors![0]!.extensions.code);
  });

  it('a variable 100 000 deep is the fault of the variable', async () => {
    const query = 'query ($labels: JSONObject) { jobs(filter: { labels: $labels }) { nodes { id } } }';
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"query":${JSON.stringify(query)},"variables":{"labels":${nested(100_000, '{"a":', '1', '}')}}}`,
    });
    const { errors } = (await response.json()) as any;
    expect([response.status, errors[0].extensions.code, errors[0].extensions.field]).toEqual([
      400,
      'BAD_USER_INPUT',
      'filter.labels',
    ]);
  });

  it('many fragments beside each other are not deep', async () => {
    const beside = times(300, (n) => `fragment F${n} on Query { featurestore(name: "shop") { name } }`);
    const answer = await gateway.ask(`{ ${times(300, (n) => `...F${n}`)} } ${beside}`);
    expect([answer.errors, answer.data]).toEqual([undefined, { featurestore: { name: 'shop' } }]);
  });

  it('brackets inside of strings and comments are text', async () => {
    const brackets = '{[('.repeat(200);
    const query = `{ # ${brackets}\n a: entity(featurestore: "shop", entityType: "customer", entityId: "${brackets}") { entityId }
      b: entity(featurestore: "shop", entityType: "customer", entityId: """\\""" " ${brackets}""") { entityId } }`;
    expect((await gateway.ask(query)).errors).toBeUndefined();
  });
});

it('a deep document by GET is refused as well', async () => {
  const url = `${gateway.url}?query=${encodeURIComponent(nested(1000, '{a', '', '}'))}`;
  const response = await fetch(url, { headers: { 'apollo-require-preflight': 'yes' } });
  expectRefusal(((await response.json()) as any).errors, 'QUERY_TOO_EXPENSIVE');
});

describe.each(TRANSPORTS)('over %s', (_name, createClient) => {
  let client: StreamClient;
  beforeAll(() => {
    client = createClient(gateway.url);
  });
  afterAll(() => client.close());

  it.each(ATTACKS)('%s is refused', async (_what, document, code) => {
    const query = attack(`subscription ${document}`, 'Subscription', 'jobProgress(id: "jobs/x") { state }');
    const outcome = await client.follow({ query });
    expect(outcome.results.some(({ data }) => data)).toBe(false);
    expectRefusal(collectErrors(outcome), code);
  });
});
