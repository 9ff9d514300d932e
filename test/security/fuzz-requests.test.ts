import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { bounded, expectNoLeak } from '../support/fuzz.js';
import { smallRegistry } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<void> {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  expectNoLeak(await response.text());
}

const WORDS = [
  ...'{ } ( ) [ ] : , ! $ @ | & = ...'.split(' '),
  ...'query mutation subscription fragment on true false null input type'.split(' '),
  ...'entity entities featureMatrix features nodes node jobs searchFeatures history featurestore __schema __type'.split(
    ' ',
  ),
  ...'__typename name value status id entityId entityIds entityType names asOf knownAt first after filter text'.split(
    ' ',
  ),
  ...'startTrainingSet writeFeatureValues cancelJob @skip @include @defer if "shop" "customer" "c1" "" $a $b 0 -1'.split(
    ' ',
  ),
  '2147483648',
  '9007199254740993',
  '1e400',
  '"""block"""',
  '"\\u0000"',
  '"2001-01-01T00:00:00Z"',
  '\u0000',
  '\ufeff',
  '#',
];

/** Documents that are nearly right: one that is, with some of its tokens replaced, doubled or left out. */
const SEEDS = [
  'query ($a: ID!) { entity(featurestore: "shop", entityType: "customer", entityId: $a) { features(names: ["city"]) { value status timestamp } } }',
  '{ featureMatrix(featurestore: "shop", entityType: "customer", entityIds: ["c1"], names: ["city"], asOf: "2001-01-01T00:00:00Z") { values } }',
  '{ shop { customer(entityId: "c1") { city orders7d } } }',
  '{ jobs(first: 2, filter: { states: [FAILED], labels: { a: "b" } }) { nodes { id } pageInfo { endCursor } } }',
  'mutation ($a: ID!) { cancelJob(input: { id: $a }) { userErrors { code field message } } }',
  '{ searchFeatures(text: "city", first: 3) { nodes { id ...F } } } fragment F on Feature { name }',
  '{ entity(featurestore: "shop", entityType: "customer", entityId: "c1") { history(feature: "city", first: 3, after: "x") { nodes { value } } } }',
  '{ node(id: "featurestores/shop/entityTypes/customer") { id __typename } }',
];
const document = fc.oneof(
  fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' ')),
  fc
    .tuple(
      fc.constantFrom(...SEEDS),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...WORDS), fc.constantFrom('replace', 'insert', 'drop')), {
        minLength: 1,
        maxLength: 4,
      }),
    )
    .map(([seed, edits]) => {
      const tokens = seed.match(/"[^"]*"|\w+|\.\.\.|[^\s]/g)!;
      for (const [at, word, edit] of edits) {
        const place = at % tokens.length;
        if (edit === 'insert') tokens.splice(place, 0, word);
        else tokens.splice(place, 1, ...(edit === 'replace' ? [word] : []));
      }
      return tokens.join(' ');
    }),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

describe('no request makes the gateway fail, or say what is inside it', () => {
  it('documents', () =>
    bounded(fc.asyncProperty(document, (query) => send(JSON.stringify({ query, variables: { a: 'c1' } })))));

  it('variables', () =>
    bounded(
      fc.asyncProperty(
        fc.constantFrom(
          'query ($a: ID!, $b: [ID!]!) { a: entity(featurestore: "shop", entityType: "customer", entityId: $a) { features { value } } featureMatrix(featurestore: "shop", entityType: "customer", entityIds: $b, names: ["city"]) { values } }',
          'query ($a: String!, $b: Int) { searchFeatures(text: $a, first: $b) { nodes { id } } }',
          'query ($a: DateTime, $b: ID!) { entity(featurestore: "shop", entityType: "customer", entityId: $b, asOf: $a) { features { value } } }',
          'query ($a: JobFilter, $b: String) { jobs(filter: $a, after: $b) { nodes { id } } }',
          'query ($a: [ID!]!, $b: ID!) { nodes(ids: $a) { id } node(id: $b) { id } }',
        ),
        fc.oneof(
          fc.record({ a: fc.jsonValue({ maxDepth: 4 }), b: fc.jsonValue({ maxDepth: 4 }) }, { requiredKeys: [] }),
          fc.jsonValue({ maxDepth: 3 }),
          fc.record({
            a: fc.string({ unit: 'binary', maxLength: 300 }),
            b: fc.oneof(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), fc.integer(), fc.string()),
          }),
        ),
        (query, variables) => send(JSON.stringify({ query, variables })),
      ),
    ));

  it('bodies', () =>
    bounded(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }).map((bytes) => new Uint8Array(bytes)),
          fc.json({ maxDepth: 5 }),
          fc
            .record(
              { query: fc.jsonValue(), operationName: fc.jsonValue(), extensions: fc.jsonValue() },
              { requiredKeys: [] },
            )
            .map((body) => JSON.stringify(body)),
        ),
        fc.constantFrom(
          'application/json',
          'application/json;charset=utf-8',
          'text/plain',
          'application/json;charset=utf-16',
        ),
        fc.constantFrom('*/*', 'text/event-stream', 'application/graphql-response+json', ';;q=,', 'text/html;q=0'),
        (body, type, accept) => send(body, { 'content-type': type, accept }),
      ),
    ));

  it('query strings and paths', () =>
    bounded(
      fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), document, async (path, parameters, query) => {
        for (const suffix of [
          `${path}?${parameters}`,
          `/graphql?query=${encodeURIComponent(query.toWellFormed())}&${parameters}`,
        ]) {
          const response = await fetch(`${new URL(gateway.url).origin}/${suffix.replace(/^\//, '')}`, {
            headers: { 'apollo-require-preflight': 'yes' },
            redirect: 'manual',
          });
          expectNoLeak(await response.text());
        }
      }),
    ));
});
