import type { GraphQLSchema } from 'graphql';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HotLane } from '../../../server/hot-lane/hot-lane.js';
import { checkDocuments } from '../../../server/trusted-documents/check-documents.js';
import { sha256Id } from '../../../server/trusted-documents/document-id.js';
import { TrustedDocuments } from '../../../server/trusted-documents/trusted-documents.js';
import type { TestGateway } from '../../support/test-gateway.js';
import { startShop } from '../clients/shop.js';

const BASKET = 'query Basket($id: ID!) { shop { customer(entityId: $id) { meanBasket } } }';
const START = 'mutation Cancel { cancelJob(input: { id: "jobs/x" }) { userErrors { message } } }';
const ANSWER = { data: { shop: { customer: { meanBasket: 1 } } } };
const HASH = sha256Id(BASKET).slice('sha256:'.length);

async function start(isOnly: boolean): Promise<TestGateway> {
  const trustedDocuments = (schema: GraphQLSchema): TrustedDocuments =>
    new TrustedDocuments(
      checkDocuments(
        [
          { id: 'basket', text: BASKET },
          { id: 'cancel', text: START },
        ],
        { schema, rules: [], path: 'm.json' },
      ),
      isOnly,
    );
  const gateway = await startShop({ trustedDocuments });
  onTestFinished(() => gateway.close());
  return gateway;
}

interface Sent {
  readonly [name: string]: unknown;
}

async function send({ url }: TestGateway, method: string, sent: Sent, accept = 'application/graphql-response+json') {
  const headers = { 'content-type': 'application/json', accept };
  if (method === 'POST') {
    const response = await fetch(url, { method, headers, body: JSON.stringify(sent) });
    return { status: response.status, answer: (await response.json()) as any };
  }
  const to = new URL(url);
  for (const [name, value] of Object.entries(sent)) {
    to.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const response = await fetch(to, { headers });
  return { status: response.status, answer: (await response.json()) as any };
}

const codeOf = ({ status, answer }: Awaited<ReturnType<typeof send>>): unknown[] => [
  status,
  answer.errors?.[0].extensions.code,
];
const variables = { id: 'c2' };
const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe.each(['POST', 'GET'])('by %s', (method) => {
  it.each([
    ['the id of the manifest', { documentId: 'basket', variables }],
    ['the hash of the text', { documentId: sha256Id(BASKET), variables }],
    ['the hash of a persisted query of Apollo', { ...persisted(HASH), variables }],
    ['the id of a manifest of Apollo', { ...persisted('basket'), operationName: 'Basket', variables }],
    ['the text', { query: BASKET, variables }],
  ])('%s finds the document, also where nothing else is answered', async (_, sent) => {
    for (const isOnly of [false, true]) {
      const gateway = await start(isOnly);
      for (let round = 0; round < 2; round += 1) {
        expect(await send(gateway, method, sent)).toEqual({ status: 200, answer: ANSWER });
      }
    }
  });

  it('an unknown id is refused, and so is an id beside a query', async () => {
    const gateway = await start(false);
    expect(codeOf(await send(gateway, method, { documentId: 'other' }))).toEqual([400, 'DOCUMENT_NOT_FOUND']);
    expect(codeOf(await send(gateway, method, { documentId: 'basket', query: BASKET, variables }))).toEqual([
      400,
      'BAD_REQUEST',
    ]);
    expect(codeOf(await send(gateway, method, persisted('0'.repeat(64))))).toEqual([
      200,
      'PERSISTED_QUERY_NOT_SUPPORTED',
    ]);
    expect((await send(gateway, method, { query: '{ __typename }' })).answer).toEqual({
      data: { __typename: 'Query' },
    });
  });

  it('an Arrow stream is refused where only trusted documents are answered', async () => {
    const { url } = await start(true);
    const response = await fetch(new URL('/arrow/featureMatrix', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/vnd.apache.arrow.stream' },
      body: JSON.stringify({ featurestore: 'shop', entityType: 'customer', entityIds: ['c2'], names: ['mean_basket'] }),
    });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('DOCUMENT_NOT_TRUSTED')]);
  });

  it('nothing else is answered where the configuration says so', async () => {
    const gateway = await start(true);
    expect(codeOf(await send(gateway, method, { query: '{ __typename }' }))).toEqual([403, 'DOCUMENT_NOT_TRUSTED']);
    expect(codeOf(await send(gateway, method, { query: `${BASKET} `, variables }))).toEqual([
      403,
      'DOCUMENT_NOT_TRUSTED',
    ]);
    expect(codeOf(await send(gateway, method, { documentId: 'other' }))).toEqual([400, 'DOCUMENT_NOT_FOUND']);
    expect(codeOf(await send(gateway, method, persisted('0'.repeat(64))))).toEqual([400, 'DOCUMENT_NOT_FOUND']);
    expect(codeOf(await send(gateway, method, { query: '' }))[0]).toBe(400);
    expect(codeOf(await send(gateway, method, {}))).toEqual([400, 'BAD_REQUEST']);
  });
});

it('a trusted mutation needs POST', async () => {
  const gateway = await start(true);
  expect((await send(gateway, 'GET', { documentId: 'cancel' })).status).toBe(405);
  expect((await send(gateway, 'POST', { documentId: 'cancel' })).status).toBe(200);
});

it('an id that is given twice, or is no text, is refused', async () => {
  const gateway = await start(false);
  const headers = { accept: 'application/graphql-response+json' };
  const twice = await fetch(`${gateway.url}?documentId=basket&documentId=cancel`, { headers });
  expect([twice.status, ((await twice.json()) as any).errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
  expect(codeOf(await send(gateway, 'POST', { documentId: 7 }))).toEqual([400, 'BAD_REQUEST']);
});

it('a trusted query takes the hot lane from its first request on', async () => {
  const answerer = vi.spyOn(HotLane.prototype, 'answerer');
  onTestFinished(() => answerer.mockRestore());
  const gateway = await start(false);
  expect(await send(gateway, 'POST', { documentId: 'basket', variables })).toEqual({ status: 200, answer: ANSWER });
  expect(answerer.mock.results.map(({ value }) => value)).toEqual([expect.any(Function)]);
  expect(codeOf(await send(gateway, 'POST', { documentId: 'basket', variables: {} }))).toEqual([400, 'BAD_USER_INPUT']);
});

it('the metrics count the operations of each document', async () => {
  const gateway = await start(false);
  await send(gateway, 'POST', { documentId: sha256Id(BASKET), variables });
  await send(gateway, 'POST', { query: BASKET, variables });
  await send(gateway, 'POST', { documentId: 'basket', variables: {} });
  await send(gateway, 'POST', { documentId: 'cancel' });
  const text = await gateway.metrics.metrics();
  expect(text.match(/^featuregraph_trusted_documents_total.*/gm)).toEqual([
    'featuregraph_trusted_documents_total{document="basket",outcome="ok"} 2',
    'featuregraph_trusted_documents_total{document="basket",outcome="failed"} 1',
    expect.stringMatching(/\{document="cancel",outcome="(ok|failed|partial)"\} 1/),
  ]);
});
