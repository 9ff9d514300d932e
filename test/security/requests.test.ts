import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallRegistry } from '../support/small-registry.js';
import { RawSocket } from '../support/stream-clients.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway(smallRegistry());
});
afterAll(() => gateway.close());

const QUERY = JSON.stringify({ query: '{ __typename }' });
const post = (body: string, headers: Record<string, string>) => fetch(gateway.url, { method: 'POST', headers, body });
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { ...JSON_TYPE, accept: 'text/event-stream' };

/** Bytes as they are, which no HTTP client would send. */
async function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(bytes);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return answer;
}

it.each([
  ['a query', JSON_TYPE],
  ['a subscription', EVENTS],
])('a body of 10 MiB is refused without reading it to its end: %s', async (_what, headers) => {
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const body = ' '.repeat(2 * 1024 * 1024);
  // It promises ten and sends two: an answer shows that the rest was not waited for.
  const answer = await raw(
    `POST /graphql HTTP/1.1\r\nhost: x\r\n${head}content-length: ${10 * 1024 * 1024}\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('PAYLOAD_TOO_LARGE');
});

it('a message of 10 MiB ends the socket', async () => {
  const socket = await RawSocket.open(gateway.url);
  socket.send(' '.repeat(10 * 1024 * 1024));
  expect((await socket.closed).code).toBe(1009);
});

it.each([
  ['text/plain', 'text/plain'],
  ['a form', 'application/x-www-form-urlencoded'],
  ['a form with files', 'multipart/form-data; boundary=x'],
])(
  'what a page of another site can send is refused before it is read, also as a subscription: %s',
  async (_what, type) => {
    for (const accept of ['*/*', 'text/event-stream']) {
      expect((await post(QUERY, { 'content-type': type, accept })).status).toBe(415);
    }
  },
);

it('an array of operations is refused, also as a subscription', async () => {
  for (const headers of [JSON_TYPE, EVENTS]) expect((await post(`[${QUERY}]`, headers)).status).toBe(400);
});

it('a mutation by GET is refused', async () => {
  const query = 'mutation { cancelJob(input: { id: "jobs/x" }) { userErrors { code } } }';
  const response = await fetch(`${gateway.url}?query=${encodeURIComponent(query)}`, {
    headers: { 'apollo-require-preflight': 'yes' },
  });
  expect(response.status).toBe(405);
});

it('a line break in a request id does not come back out', async () => {
  for (const id of ['a\tset-cookie: x', 'a%0d%0ab', 'a\r\n set-cookie: x']) {
    const head = `host: x\r\ncontent-type: application/json\r\nconnection: close\r\nx-request-id: ${id}\r\n`;
    const answer = await raw(`POST /graphql HTTP/1.1\r\n${head}content-length: ${QUERY.length}\r\n\r\n${QUERY}`);
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
    expect(answer).not.toMatch(/set-cookie|%0d/i);
  }
});

it('__proto__ in variables and in JSON is data, and changes no other object', async () => {
  const query = 'query ($labels: JSONObject) { jobs(filter: { labels: $labels }) { nodes { id } } }';
  for (const variables of [
    '{"__proto__": {"labels": {"polluted": "yes"}}}',
    '{"labels": {"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}}}',
  ]) {
    const response = await post(
      `{"query":${JSON.stringify(query)},"variables":${variables},"__proto__":{"a":1}}`,
      JSON_TYPE,
    );
    const text = await response.text();
    expect(text).not.toContain('INTERNAL_SERVER_ERROR');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }
  const literal = await gateway.ask(
    '{ jobs(filter: { labels: { __proto__: { polluted: "yes" } } }) { nodes { id } } }',
  );
  expect(JSON.stringify(literal.errors ?? [])).not.toContain('INTERNAL_SERVER_ERROR');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
