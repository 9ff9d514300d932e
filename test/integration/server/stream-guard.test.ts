import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../errors/app-error.js';
import { requestScope } from '../../../observability/request-scope.js';
import { collectErrors, TRANSPORTS, type StreamClient } from '../../support/stream-clients.js';
import { startStreamServer, streamSchema, type StreamServer } from '../../support/stream-server.js';

const SECRET = "SELECT * FROM projects/prod-1234 WHERE password = 'hunter2' at /srv/data/offline.duckdb";
const fault = (): Error => new Error(SECRET);

const schema = streamSchema(
  `type Query { one: Int } type Mutation { change: Int }
   type Subscription { count(to: Int!): Int, throwing: Int, rejecting: Int, noJob: Int, breaking: Int, field: Int }`,
  {
    count: async function* (_root, { to }) {
      for (let n = 1; n <= (to as number); n += 1) yield n;
    },
    throwing: () => {
      throw fault();
    },
    rejecting: async () => Promise.reject(fault()),
    noJob: () => {
      throw new AppError('JOB_NOT_FOUND', 'There is no job "jobs/x".', { field: 'id' });
    },
    breaking: async function* () {
      yield 1;
      throw fault();
    },
    field: async function* () {
      yield () => {
        throw fault();
      };
      yield 2;
    },
  },
);
schema.getSubscriptionType()!.getFields().count!.extensions = {
  complexity: ({ args }: { args: { to: number } }) => args.to,
};

const logged: string[] = [];
let server: StreamServer;
beforeAll(async () => {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  server = await startStreamServer(schema, {
    logger: pino({ mixin: () => ({ ...requestScope.getStore() }) }, sink),
    maxQueryCost: 100,
  });
});
afterAll(() => server.close());

describe.each(TRANSPORTS)('a subscription over %s', (_name, createClient) => {
  let client: StreamClient;
  beforeAll(() => {
    client = createClient(server.url);
  });
  afterAll(() => client.close());

  it('gives its events in order and completes', async () => {
    expect(await client.follow({ query: 'subscription { count(to: 3) }' })).toEqual({
      results: [1, 2, 3].map((count) => ({ data: { count } })),
      error: undefined,
    });
  });

  it.each([
    ['no GraphQL', 'subscription {', 'GRAPHQL_PARSE_FAILED'],
    [
      'more tokens than a document may have',
      `subscription { ${'count(to: 1) '.repeat(6000)} }`,
      'GRAPHQL_PARSE_FAILED',
    ],
    ['a field that is not there', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a question for the schema', 'subscription { __schema { types { name } } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['two root fields', 'subscription { count(to: 1) noJob }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a cost over the limit', 'subscription { count(to: 101) }', 'QUERY_TOO_EXPENSIVE'],
    ['a query', '{ one }', 'WRONG_TRANSPORT'],
    ['a mutation', 'mutation { change }', 'WRONG_TRANSPORT'],
    ['several operations', 'subscription A { noJob } subscription B { noJob }', 'OPERATION_RESOLUTION_FAILURE'],
  ])('refuses %s', async (_what, query, code) => {
    const outcome = await client.follow({ query });
    const errors = collectErrors(outcome);
    expect(errors[0].extensions).toMatchObject({ code, requestId: expect.stringMatching(/^[\w-]{36}$/) });
    expect(errors.length).toBeLessThanOrEqual(11);
    expect(outcome.results.some(({ data }) => data)).toBe(false);
  });

  it('counts the cost with the variables, also when they come by default', async () => {
    const query = 'subscription ($to: Int! = 101) { count(to: $to) }';
    for (const variables of [{ to: 1000 }, {}]) {
      const [error] = collectErrors(await client.follow({ query, variables }));
      expect(error.extensions.code).toBe('QUERY_TOO_EXPENSIVE');
    }
    expect((await client.follow({ query, variables: { to: 1 } })).results).toHaveLength(1);
  });

  it('names the variable it cannot read', async () => {
    const query = 'subscription ($to: Int!) { count(to: $to) }';
    const [error] = collectErrors(await client.follow({ query, variables: { to: 'many' } }));
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'to' });
  });

  it('does not tell the names of the schema when introspection is closed', async () => {
    const [error] = collectErrors(await client.follow({ query: 'subscription { coun(to: 1) }' }));
    expect(error.message).not.toMatch(/Did you mean/);
  });

  it('says what a source refuses', async () => {
    const [error] = collectErrors(await client.follow({ query: 'subscription { noJob }' }));
    expect(error).toMatchObject({
      message: 'There is no job "jobs/x".',
      extensions: { code: 'JOB_NOT_FOUND', field: 'id', retryable: false },
    });
  });

  it.each(['throwing', 'rejecting', 'breaking', 'field'])('hides what went wrong inside: %s', async (field) => {
    logged.length = 0;
    const outcome = await client.follow({ query: `subscription { ${field} }` });
    expect(JSON.stringify(outcome)).not.toMatch(/SELECT|hunter2|prod-1234|srv/);
    const [error] = collectErrors(outcome);
    expect(error.extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', retryable: false });
    const line = logged.map((text) => JSON.parse(text) as Record<string, any>).find(({ err }) => err);
    expect(line!.requestId).toBe(error.extensions.requestId);
    expect(JSON.stringify(line)).toContain('hunter2');
  });

  it('goes on after an event of which a field failed', async () => {
    const { results } = await client.follow({ query: 'subscription { field }' });
    expect(results.map(({ data }) => data)).toEqual([{ field: null }, { field: 2 }]);
  });
});

it('a subscription by plain HTTP is told where to go', async () => {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'subscription { count(to: 1) }' }),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'WRONG_TRANSPORT' } }] });
});
