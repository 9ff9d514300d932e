import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway } from '../../support/test-gateway.js';
import { startShop } from './shop.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startShop();
});
afterAll(() => gateway.close());

const extensions = {
  persistedQuery: { version: 1, sha256Hash: 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38' },
};
const REFUSED = {
  errors: [
    {
      message: 'PersistedQueryNotSupported',
      extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', retryable: false, requestId: expect.any(String) },
    },
  ],
};

async function send(method: 'POST' | 'GET', body: Readonly<Record<string, unknown>>, accept: string) {
  const headers = { 'content-type': 'application/json', accept };
  if (method === 'POST') {
    const response = await fetch(gateway.url, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, answer: await response.json() };
  }
  const url = new URL(gateway.url);
  for (const [name, value] of Object.entries(body)) {
    url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const response = await fetch(url, { headers });
  return { status: response.status, answer: await response.json() };
}

describe.each(['POST', 'GET'] as const)('by %s', (method) => {
  it.each(['application/json', 'application/graphql-response+json'])(
    'a hash alone is refused so that the client sends the query: %s',
    async (accept) => {
      const { status, answer } = await send(method, { operationName: 'X', variables: {}, extensions }, accept);
      // Apollo Kotlin and others read the body of a 200 only.
      expect(status).toBe(200);
      expect(answer).toEqual(REFUSED);
    },
  );

  it('a query with a hash beside it is answered, whatever the hash', async () => {
    const { status, answer } = await send(method, { query: '{ __typename }', extensions }, 'application/json');
    expect([status, answer]).toEqual([200, { data: { __typename: 'Query' } }]);
  });
});
