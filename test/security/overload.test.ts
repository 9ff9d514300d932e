import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
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

describe('the cost of a request', () => {
  it('is in a header, and what it used in the answer when the client asks', async () => {
    const gateway = await startTestGateway(smallRegistry());
    onTestFinished(() => gateway.close());
    const body = JSON.stringify({ query: `{ entities(${OF}, entityIds: ["a", "b"]) { entityId } }` });
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
    const plain = await send({});
    const estimated = Number(plain.headers.get('x-cost-estimated'));
    expect(estimated).toBeGreaterThan(2);
    expect(plain.headers.has('x-cost-used')).toBe(false);
    expect(await plain.json()).not.toHaveProperty('extensions');
    const shown = await send({ 'x-show-cost': 'true' });
    // The answer, two entities, and their two ids.
    expect(shown.headers.get('x-cost-used')).toBe('5');
    expect(await shown.json()).toMatchObject({ extensions: { cost: { estimated, used: 5, max: 1_000_000 } } });
  });

  it('refuses nothing in the mode "measure", and is reported', async () => {
    const reports: unknown[] = [];
    const gateway = await startTestGateway(smallRegistry(), {
      maxQueryCost: 3,
      limits: { mode: 'measure', report: (...report) => reports.push(report) },
    });
    onTestFinished(() => gateway.close());
    const { data } = await gateway.ask(`{ entities(${OF}, entityIds: ["a", "b"]) { entityId } }`);
    expect(data.entities).toHaveLength(2);
    expect(reports).toEqual([['cost', false]]);
  });

  it('does not matter while the event loop is late: a large request is refused, a small one answered', async () => {
    let loopDelayMs = 700;
    const gateway = await startTestGateway(smallRegistry(), { pressure: () => ({ loopDelayMs, heapShare: 0 }) });
    onTestFinished(() => gateway.close());
    const large = `query ($ids: [ID!]!) { entities(${OF}, entityIds: $ids) { entityId } }`;
    const refused = await gateway.ask(large, { ids: IDS });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.errors).toMatchObject([{ extensions: { code: 'OVERLOADED', retryAfterSeconds: 1 } }]);
    const asOf = `{ entity(${OF}, entityId: "c1", asOf: "2001-01-01T00:00:00Z") { entityId } }`;
    expect((await gateway.ask(asOf)).errors).toMatchObject([{ extensions: { code: 'OVERLOADED' } }]);
    expect((await gateway.ask(`{ entity(${OF}, entityId: "c1") { entityId } }`)).errors).toBeUndefined();
    loopDelayMs = 0;
    expect((await gateway.ask(large, { ids: IDS })).data.entities).toHaveLength(IDS.length);
  });
});
