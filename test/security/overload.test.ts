import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallRegistry } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const OF = 'featurestore: "shop", entityType: "customer"';
const IDS = Array.from({ length: 10_000 }, (_, index) => `c${index}`);

describe('a client that asks for too much', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await startTestGateway(smallRegistry(), {
      maxResponseBytes: 100_000,
      work: { maxCost: 400_000, maxWaiting: 1, maxWaitingOfOwner: 1 },
    });
  });

  afterAll(async () => {
    await gateway.close();
  });

  it('cannot give a large request the cost of a small one by the names of its variables', async () => {
    const matrices = Array.from(
      { length: 150 },
      (_, index) => `a${index}: featureMatrix(${OF}, entityIds: $n, names: [$m]) { values }`,
    );
    const query = `query ($n: [ID!]! = ["c1"], $m: String! = "city") { ${matrices.join(' ')} }`;
    await gateway.ask(query, { 'n:[10000],m': 'x' });
    const { status, errors } = await gateway.ask(query, { n: IDS, m: 'city' });
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ extensions: { code: 'QUERY_TOO_EXPENSIVE' } }]);
  });

  it('waits behind its own requests, and is told when to come back, while a small request is served', async () => {
    const large = `query ($ids: [ID!]!) { entities(${OF}, entityIds: $ids) { entityId features(names: ["city"]) { status } } }`;
    const answers = Promise.all(
      [1, 2, 3, 4].map(async () =>
        fetch(gateway.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: large, variables: { ids: IDS } }),
        }),
      ),
    );
    const small = await gateway.ask(`{ entity(${OF}, entityId: "c1") { entityId } }`);
    expect(small.data).toEqual({ entity: { entityId: 'c1' } });
    const refused = (await answers).filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({
        errors: [{ extensions: { code: 'OVERLOADED', retryable: true, retryAfterSeconds: 10 } }],
      });
    }
    // Nothing stays behind: the next large request is answered.
    expect((await gateway.ask(large, { ids: IDS.slice(0, 300) })).data.entities).toHaveLength(300);
  });

  it('gets an error in place of an answer above the limit of bytes', async () => {
    const { data, errors } = await gateway.ask(
      `query ($ids: [ID!]!) { entities(${OF}, entityIds: $ids) { id entityId } }`,
      { ids: IDS.slice(0, 5000) },
    );
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'RESPONSE_TOO_LARGE', maxBytes: 100_000 } }]);
  });

  it.each([
    [
      'a search of 160,000 words',
      'query ($text: String!) { searchFeatures(text: $text) { nodes { name } } }',
      'delay '.repeat(160_000),
      'text',
    ],
    [
      'a search of one word of 201 characters',
      'query ($text: String!) { searchFeatures(text: $text) { nodes { name } } }',
      'd'.repeat(201),
      'text',
    ],
    ['a name of 900 kB', 'query ($text: String!) { featurestore(name: $text) { name } }', 'n'.repeat(900_000), 'name'],
  ])('is refused with the field: %s', async (_name, query, text, field) => {
    const { errors } = await gateway.ask(query, { text });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
    expect(errors![0]!.message.length).toBeLessThan(300);
  });

  it('is refused for a long string in the text of the document', async () => {
    const { status, errors } = await gateway.ask(`{ featurestore(name: "${'n'.repeat(70_000)}") { name } }`);
    expect(status).toBe(400);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'name' } }]);
  });
});
