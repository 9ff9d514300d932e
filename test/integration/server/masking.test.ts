import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppError } from '../../../errors/app-error.js';
import { requestScope } from '../../../observability/request-scope.js';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

/** The first line that carries an error. */
const loggedError = () => logged.map((text) => JSON.parse(text) as Record<string, any>).find(({ err }) => err);

const SECRET = "SELECT * FROM projects/prod-1234/tables WHERE password = 'hunter2' at /srv/data/offline.duckdb";
const logged: string[] = [];
/** What the online store throws. */
let fault: Error;
let gateway: TestGateway;

beforeAll(async () => {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  gateway = await startTestGateway(smallRegistry(), {
    logger: pino({ mixin: () => ({ ...requestScope.getStore() }) }, sink),
    wrap: (stores) => ({
      offline: stores.offline,
      online: (featurestore) => {
        const store = stores.online(featurestore);
        return {
          ...store,
          maxEntityIdsPerRead: store.maxEntityIdsPerRead,
          read: async () => Promise.reject(fault),
          readTexts: async () => Promise.reject(fault),
          isHealthy: async () => Promise.reject(new Error(SECRET)),
        };
      },
    }),
  });
});
afterAll(() => gateway.close());

it('what went wrong inside stays inside, and is in the log under the request id', async () => {
  fault = new Error(SECRET);
  for (const _ of [1, 2, 3]) {
    logged.length = 0;
    const answer = await gateway.ask('{ shop { customer(entityId: "ann") { orders7d } } }');
    expect(JSON.stringify(answer)).not.toMatch(/SELECT|hunter2|prod-1234|srv|stack/);
    expect(answer.data).toEqual({ shop: { customer: { orders7d: null } } });
    const [error] = answer.errors!;
    expect(error!.extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      retryable: false,
      requestId: answer.headers.get('x-request-id'),
    });
    const line = loggedError();
    expect(line!.requestId).toBe(answer.headers.get('x-request-id'));
    expect(JSON.stringify(line)).toContain('hunter2');
  }
});

it.each(['STORE_UNAVAILABLE', 'MODEL_UNAVAILABLE'] as const)(
  'a client hears that it is %s, an operator why',
  async (code) => {
    logged.length = 0;
    fault = new AppError(code, 'It did not answer. Try again.', {}, { cause: new Error(SECRET) });
    const answer = await gateway.ask('{ shop { customer(entityId: "ann") { orders7d } } }');
    expect(answer.errors).toMatchObject([
      { message: 'It did not answer. Try again.', extensions: { code, retryable: true } },
    ]);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    const line = loggedError();
    expect(line!.requestId).toBe(answer.headers.get('x-request-id'));
    expect(JSON.stringify(line)).toContain('hunter2');
  },
);

it.each([new Error(SECRET), new AppError('STORE_UNAVAILABLE', 'Try again.', {}, { cause: new Error(SECRET) })])(
  'what fails many fields is logged once a request, and again in the next: %s',
  async (thrown) => {
    fault = thrown;
    const ids = JSON.stringify(Array.from({ length: 50 }, (_, index) => `c${index}`));
    for (const _ of [1, 2, 3]) {
      logged.length = 0;
      const answer = await gateway.ask(`{ shop { customers(entityIds: ${ids}) { orders7d city } } }`);
      expect(answer.errors).toHaveLength(100);
      const lines = logged.map((text) => JSON.parse(text) as Record<string, any>).filter(({ err }) => err);
      expect(lines).toMatchObject([{ requestId: answer.headers.get('x-request-id') }]);
    }
  },
);

it('an error that hides nothing is not logged', async () => {
  logged.length = 0;
  await gateway.ask('{ featurestore(name: "shoe") { name } }');
  expect(loggedError()).toBeUndefined();
});

it('a store that fails to say how it is counts as not healthy', async () => {
  const { data } = await gateway.ask(
    '{ featurestore(name: "shop") { onlineStore { healthy } offlineStore { healthy } } }',
  );
  expect(data.featurestore).toEqual({ onlineStore: { healthy: false }, offlineStore: { healthy: true } });
  const ready = await fetch(new URL('/readyz', gateway.url));
  expect([ready.status, await ready.text()]).toEqual([503, '{"status":"not ready"}\n']);
});

it('an answer with errors is in the log with their codes and the operation, but nothing that the client sent', async () => {
  logged.length = 0;
  const query = `query Typo($id: ID!) { a: entity(featurestore: "shop", entityType: "nobody", entityId: $id) { id }
    b: entity(featurestore: "nowhere", entityType: "nobody", entityId: $id) { id } }`;
  const { status, headers } = await gateway.ask(query, { id: 'private' });
  const lines = logged.map((text) => JSON.parse(text) as Record<string, unknown>);
  expect([status, lines.filter(({ msg }) => msg === 'answered with errors')]).toEqual([
    200,
    [
      expect.objectContaining({
        requestId: headers.get('x-request-id'),
        operation: 'Typo',
        codes: ['ENTITY_TYPE_NOT_FOUND', 'FEATURESTORE_NOT_FOUND'],
        errors: 2,
      }),
    ],
  ]);
  expect(logged.join()).not.toContain('private');
});
