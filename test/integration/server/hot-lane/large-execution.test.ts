import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KnownOperation } from '../../../../server/hot-lane/known-operation.js';
import { findSource, row, smallRegistry } from '../../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../../support/test-gateway.js';

const IDS = ['ann', 'bob', ...Array.from({ length: 1_998 }, (_, index) => `c${index}`)];
const TYPED = 'customers(entityIds: $ids) { entityId orders7d meanBasket city }';
const FLAGS = ['a', 'b', 'c', 'd', 'e'];

/** Large queries, each with an own document. */
const QUERIES: readonly (readonly [string, string])[] = [
  ['typed fields', `query ($ids: [ID!]!) { shop { ${TYPED} } }`],
  ['typed fields beside the schema', `query ($ids: [ID!]!) { __schema { queryType { name } } shop { ${TYPED} } }`],
  [
    'typed fields beside a type of the schema',
    `query ($ids: [ID!]!) { shop { ${TYPED} } __type(name: "Entity") { name kind possibleTypes { name } fields(includeDeprecated: true) { name args { name defaultValue } } } }`,
  ],
  [
    'more flags than a known document may have',
    `query ($ids: [ID!]!, ${FLAGS.map((name) => `$${name}: Boolean = true`).join(', ')}) { shop { ${TYPED} ${FLAGS.map((name) => `${name}: __typename @skip(if: $${name})`).join(' ')} } }`,
  ],
  [
    'a field that fails beside one that does not',
    `query ($ids: [ID!]!) { shop { ${TYPED} } featurestore(name: "none") { name } }`,
  ],
  [
    'a root that must not be null and is',
    `query ($ids: [ID!]!) { shop { ${TYPED} } entities(featurestore: "none", entityType: "x", entityIds: $ids) { entityId } }`,
  ],
];

describe.each([
  ['with the usual limit of an answer', {}],
  ['above the limit of an answer', { maxResponseBytes: 100_000 }],
])('a large query whose document comes for the first time, %s', (_name, options) => {
  let planned: TestGateway;
  let general: TestGateway;
  beforeAll(async () => {
    planned = await startTestGateway(smallRegistry(), options);
    general = await startTestGateway(smallRegistry(), { ...options, isHotLaneOff: true });
    for (const gateway of [planned, general]) {
      await gateway.write(findSource(gateway, 'shop', 'customer'), [
        row('ann', -20, { orders_7d: 1n, mean_basket: NaN, city: 'Bern' }),
        row('bob', -10, { orders_7d: 2n, mean_basket: 20.5 }),
      ]);
    }
  });
  afterAll(() => Promise.all([planned.close(), general.close()]));

  it.each(QUERIES)('runs by a plan, with the answer of graphql-js: %s', async (_query, query) => {
    const planOf = vi.spyOn(KnownOperation.prototype, 'planOf');
    const answers = await Promise.all([planned, general].map((gateway) => send(gateway, query)));
    expect(planOf).toHaveBeenCalledTimes(1);
    planOf.mockRestore();
    expect(answers[0]).toEqual(answers[1]);
    // An error that moves up to the root leaves nothing to send.
    const isLong = !query.includes('"none", entityType');
    expect(answers[0]!.used === null).toBe(isLong && 'maxResponseBytes' in options);
    expect(answers[0]!.text).not.toContain('INTERNAL_SERVER_ERROR');
  });
});

async function send({ url }: TestGateway, query: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-show-cost': 'true', 'x-request-id': 'a' },
    body: JSON.stringify({ query, variables: { ids: IDS } }),
  });
  const text = await response.text();
  const isTooLarge = text.includes('RESPONSE_TOO_LARGE');
  const estimated = response.headers.get('x-cost-estimated');
  // What is not sent is not written either, by a plan.
  const used = isTooLarge ? null : response.headers.get('x-cost-used');
  return { status: response.status, estimated, used, text };
}
