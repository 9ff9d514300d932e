import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

/** One more than 2^53: JSON.parse reads it as 2^53, the id of another entity. */
const ROUNDED = '9007199254740993';
/** JSON.parse makes whole numbers of them too. */
const ROUNDED_FRACTIONS = ['9007199254740991.4', '0.99999999999999999999'];
const READ = 'query ($id: ID!) { shop { customer(entityId: $id) { entityId } } }';
const FOLLOW = 'subscription ($id: ID!) { jobProgress(id: $id) { id } }';
const REFUSED = { code: 'BAD_USER_INPUT', retryable: false };

/** A body with a number as it is written, which JSON.stringify cannot write. */
function body(query: string, variables: string): string {
  return `{"query": ${JSON.stringify(query)}, "variables": ${variables}}`;
}

async function post(query: string, variables: string, accept = 'application/json'): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept };
  return fetch(gateway.url, { method: 'POST', headers, body: body(query, variables) });
}

describe('a number that a JavaScript number cannot carry is refused, and names no other entity', () => {
  it('in the body of a POST', async () => {
    const response = await post(READ, `{"id": ${ROUNDED}}`);
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as any;
    expect(errors).toMatchObject([{ extensions: { ...REFUSED, field: 'entityId' } }]);
    expect(errors[0].message).toContain(`"${ROUNDED}"`);
  });

  it.each([ROUNDED, ...ROUNDED_FRACTIONS])('in the URL of a GET: %s', async (number) => {
    const search = new URLSearchParams({ query: READ, variables: `{"id": ${number}}` });
    const response = await fetch(`${gateway.url}?${search.toString()}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as any;
    expect(errors).toMatchObject([{ extensions: { ...REFUSED, field: 'entityId' } }]);
  });

  it.each([ROUNDED, ...ROUNDED_FRACTIONS])('in an event stream: %s', async (number) => {
    const text = await (await post(FOLLOW, `{"id": ${number}}`, 'text/event-stream')).text();
    const [, data] = /data: (.*)/.exec(text)!;
    expect(JSON.parse(data!).errors).toMatchObject([{ extensions: { ...REFUSED, field: 'id' } }]);
  });

  it.each([ROUNDED, ...ROUNDED_FRACTIONS])('on a socket, whose other subscriptions go on: %s', async (number) => {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
    const messages: any[] = [];
    const got = (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => messages.length >= count && resolve();
        socket.on('message', check);
        check();
      });
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{"type":"connection_init"}');
    await got(1);
    socket.send(`{"id":"1","type":"subscribe","payload":${body(FOLLOW, `{"id": ${number}}`)}}`);
    await got(2);
    expect(messages[1]).toMatchObject({ id: '1', type: 'error' });
    expect(messages[1].payload[0].extensions).toMatchObject({ ...REFUSED, field: 'id' });
    socket.send('{"type":"ping"}');
    await got(3);
    expect(messages[2]).toEqual({ type: 'pong' });
    socket.close();
  });

  it.each([
    [
      'in a list',
      'query ($ids: [ID!]!) { shop { customers(entityIds: $ids) { entityId } } }',
      `{"ids": ["a", ${ROUNDED}]}`,
      'entityIds[1]',
    ],
    ['below zero', READ, '{"id": -9007199254740993}', 'entityId'],
    ['of twenty digits', READ, '{"id": 12345678901234567890}', 'entityId'],
    ['with a fraction of zero', READ, `{"id": ${ROUNDED}.0}`, 'entityId'],
    ['with an exponent', READ, '{"id": 9.007199254740993e15}', 'entityId'],
    ['that only a reader makes whole', READ, '{"id": 9007199254740991.4}', 'entityId'],
    ['that only a reader makes one', READ, '{"id": 0.99999999999999999999}', 'entityId'],
    [
      'that only a reader makes whole, in JSON',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      '{"f": {"labels": {"a": 123.000000000000001}}}',
      'filter.labels.a',
    ],
    ['that is an object with such a number', READ, `{"id": {"a": ${ROUNDED}}}`, 'entityId'],
    [
      'that is an object in a list',
      'query ($ids: [ID!]!) { shop { customers(entityIds: $ids) { entityId } } }',
      `{"ids": ["a", {"b": ${ROUNDED}}]}`,
      'entityIds[1]',
    ],
    [
      'that is an object in an object of inputs',
      'mutation ($input: DeleteEntitiesInput!) { deleteEntities(input: $input) { __typename } }',
      `{"input": {"entityIds": ["a", {"b": ${ROUNDED}}]}}`,
      'input.entityIds[1]',
    ],
    [
      'that is an object in a field that the input does not have',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      `{"f": {"nothing": {"a": ${ROUNDED}}}}`,
      'filter',
    ],
    [
      'that is an object for a time',
      'query ($at: DateTime) { shop { customer(entityId: "a", asOf: $at) { entityId } } }',
      `{"at": {"a": ${ROUNDED}}}`,
      'asOf',
    ],
    ...['12345678901234567.25', `${ROUNDED}.0`, '9.007199254740993e15', '-12345678901234567.5e1'].map((number) => [
      `of more digits than a double has, in JSON: ${number}`,
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      `{"f": {"labels": {"a": ${number}}}}`,
      'filter.labels.a',
    ]),
    [
      'of more digits than a double holds, in JSON',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      '{"f": {"labels": {"a": 0.1234567890123456789}}}',
      'filter.labels',
    ],
    [
      'beyond a double, for a time',
      'query ($at: DateTime) { shop { customer(entityId: "a", asOf: $at) { entityId } } }',
      '{"at": 1e400}',
      'asOf',
    ],
    ['of a hundred thousand digits', READ, `{"id": ${'7'.repeat(1e5)}}`, 'entityId'],
    ['with two spellings', READ, '{"id": 1e21}', 'entityId'],
    [
      'in JSON',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      `{"f": {"labels": {"a": ${ROUNDED}}}}`,
      'filter.labels.a',
    ],
    [
      'beyond a double, in JSON',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      '{"f": {"labels": {"a": 1e400}}}',
      'filter.labels.a',
    ],
  ])('%s', async (_title, query, variables, field) => {
    const response = await post(query, variables);
    expect(response.status).toBe(400);
    expect(((await response.json()) as any).errors).toMatchObject([{ extensions: { ...REFUSED, field } }]);
  });

  it.each([
    ROUNDED,
    `${ROUNDED}.0`,
    '0.1234567890123456789',
    '9007199254740991.4',
    '0.99999999999999999999',
    '12345678901234567.25',
    '1e400',
  ])('in JSON that stands in the document: %s', async (number) => {
    const { errors } = await gateway.ask(`{ jobs(filter: {labels: {a: [${number}]}}) { nodes { id } } }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'filter.labels' } }]);
  });

  it('in a URL whose variable is an object of inputs', async () => {
    const variables = `{"f": {"labels": {"a": ${ROUNDED}}}}`;
    const query = 'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }';
    const response = await fetch(`${gateway.url}?${new URLSearchParams({ query, variables }).toString()}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    const { errors } = (await response.json()) as any;
    expect(errors).toMatchObject([{ extensions: { ...REFUSED, field: 'filter.labels.a' } }]);
  });

  it('in JSON as a whole number in the document', async () => {
    const { errors } = await gateway.ask(`{ jobs(filter: {labels: {a: ${ROUNDED}}}) { nodes { id } } }`);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'filter.labels' } }]);
  });
});

describe('what can be carried is carried', () => {
  it.each([
    ['the largest safe number', '{"id": 9007199254740991}', '9007199254740991'],
    ['its digits as a string', `{"id": "${ROUNDED}"}`, ROUNDED],
  ])('%s', async (_title, variables, entityId) => {
    const { data } = (await (await post(READ, variables)).json()) as any;
    expect(data.shop.customer).toEqual({ entityId });
  });

  it('an id in the document', async () => {
    const { data } = await gateway.ask(`{ shop { customer(entityId: ${ROUNDED}) { entityId } } }`);
    expect(data.shop.customer).toEqual({ entityId: ROUNDED });
  });
});
