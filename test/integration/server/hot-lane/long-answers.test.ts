import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSource, row, smallRegistry } from '../../../support/small-registry.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../../support/test-gateway.js';

const ENTITIES = 150;
const IDS = Array.from({ length: ENTITIES }, (_, index) => `c${index}`);
const CUSTOMERS = 'featurestore: "shop", entityType: "customer", entityIds: $ids';

/** Their answers are longer than what the lane writes as a text. */
const QUERIES = {
  list: `query ($ids: [ID!]!) { entities(${CUSTOMERS}) { entityId features { name value status timestamp ageSeconds } } }`,
  'two lists': `query ($ids: [ID!]!) { a: entities(${CUSTOMERS}) { features { v: value w: value } } b: entities(${CUSTOMERS}) { __typename features { status name } } }`,
  'typed fields':
    'query ($ids: [ID!]!) { shop { customers(entityIds: $ids) { entityId id orders7d city again: city meanBasket } } }',
  matrix: `query ($ids: [ID!]!) { featureMatrix(${CUSTOMERS}, names: ["city", "orders_7d", "mean_basket"]) { entityIds names values timestamps statuses } }`,
};

/** Escapes, characters of two to four bytes, and a text that is longer than what is copied byte by byte. */
const CITIES = ['Zürich', '東京', '"\\\n\u0000', '🏙 a city', 'Bern', 'x'.repeat(300)];

async function open(options: TestGatewayOptions): Promise<TestGateway> {
  const gateway = await startTestGateway(smallRegistry(), options);
  const rows = IDS.filter((_, index) => index % 7 !== 0).map((id, index) =>
    row(id, -10 - (index % 3), {
      city: CITIES[index % CITIES.length]!,
      ...(index % 2 === 0 ? { orders_7d: BigInt(index) * 2n ** 50n, mean_basket: index / 7 } : {}),
    }),
  );
  await gateway.write(findSource(gateway, 'shop', 'customer'), rows);
  return gateway;
}

async function ask({ url }: TestGateway, query: string, ids: readonly string[] = IDS): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'x-request-id': 'a' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables: { ids } }) });
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    length: Number(response.headers.get('content-length')) - bytes.length,
    text: bytes.toString('utf8'),
  };
}

describe('a long answer', () => {
  let hot: TestGateway;
  let cold: TestGateway;
  beforeAll(async () => {
    hot = await open({});
    cold = await open({ isHotLaneOff: true });
  });
  afterAll(() => Promise.all([hot.close(), cold.close()]));

  it.each(Object.entries(QUERIES))('is the same by the hot lane and by Apollo: %s', async (_name, query) => {
    const expected = await ask(cold, query);
    expect(expected).toMatchObject({ status: 200, length: 0 });
    for (let time = 0; time < 3; time += 1) expect(await ask(hot, query)).toEqual(expected);
  });

  it('does not change while other answers use the memory of earlier ones', async () => {
    const queries = Object.values(QUERIES);
    const asked = Array.from({ length: 40 }, (_, index) => ({
      query: queries[index % queries.length]!,
      ids: IDS.slice(index, index + 100),
    }));
    const expected = [];
    for (const { query, ids } of asked) expected.push(await ask(cold, query, ids));
    for (let time = 0; time < 3; time += 1) {
      expect(await Promise.all(asked.map(({ query, ids }) => ask(hot, query, ids)))).toEqual(expected);
    }
  });
});

it.each(Object.entries(QUERIES))('has at most the bytes of the limit by both ways: %s', async (_name, query) => {
  const free = await open({});
  const { text } = (await ask(free, query)) as { text: string };
  await free.close();
  // The line break at the end is not counted.
  const size = Buffer.byteLength(text.trimEnd());
  for (const maxResponseBytes of [size, size - 1]) {
    const hot = await open({ maxResponseBytes });
    const cold = await open({ maxResponseBytes, isHotLaneOff: true });
    const expected = await ask(cold, query);
    expect(JSON.stringify(expected).includes('RESPONSE_TOO_LARGE')).toBe(maxResponseBytes < size);
    for (let time = 0; time < 3; time += 1) expect(await ask(hot, query)).toEqual(expected);
    await Promise.all([hot.close(), cold.close()]);
  }
});
