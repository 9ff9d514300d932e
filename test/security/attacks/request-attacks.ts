import { expect } from 'vitest';
import { RawSocket } from '../../support/stream-clients.js';
import { cell, documentFor, everywhere, expectRefusal, nested, type Attack, type Transport } from './attack.js';
import type { Attacked } from './attacked-gateway.js';

const QUERY = '{"query":"{ viewer { name } }"}';
const MIB = 1024 * 1024;

/** Refused by HTTP before the operation is read, also as an event stream. */
function httpStatus(status: number, body: string, headers: Record<string, string> = {}) {
  return cell(`refused with ${status}`, async (gateway, transport) => {
    const sent = await gateway.sendText(transport, 'ann', body, headers);
    expect([sent.status, sent.data.filter(Boolean)]).toEqual([status, []]);
  });
}

/** Sends a body of 10 MiB of which 2 arrive: an answer shows that the gateway did not wait for the rest. */
const largeBody = cell('refused with 413', async ({ raw, shop }, transport) => {
  const head = headOf(shop.headersOf('ann').authorization, transport);
  const answer = await raw(
    `POST /graphql HTTP/1.1\r\n${head}content-length: ${10 * MIB}\r\n\r\n${' '.repeat(2 * MIB)}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

function headOf(authorization: string, transport: Transport): string {
  const accept = transport === 'eventStream' ? 'text/event-stream' : 'application/json';
  return `host: 127.0.0.1\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
}

const GET_MUTATION = encodeURIComponent('mutation { cancelJob(input: { id: "jobs/x" }) { userErrors { code } } }');
const mutationByGet = cell('refused with 405', async ({ shop }, transport) => {
  const response = await fetch(`${shop.url}?query=${GET_MUTATION}`, {
    headers: {
      'apollo-require-preflight': 'yes',
      ...(transport === 'eventStream' ? { accept: 'text/event-stream' } : {}),
      ...shop.headersOf('ann'),
    },
  });
  expect(response.status).toBe(405);
});

const requestIdOf = async ({ raw, shop }: Attacked, transport: Transport): Promise<void> => {
  for (const id of ['a\tset-cookie: x', 'a%0d%0ab', 'a\r\n set-cookie: x', 'x'.repeat(5000)]) {
    const head = headOf(shop.headersOf('ann').authorization, transport);
    const answer = await raw(
      `POST /graphql HTTP/1.1\r\n${head}connection: close\r\nx-request-id: ${id}\r\ncontent-length: ${QUERY.length}\r\n\r\n${QUERY}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /);
    expect(answer).not.toMatch(/set-cookie|%0d|x{300}/i);
  }
};

const FOLLOWED = 'subscription ($id: ID!) { jobProgress(id: $id) { state } }';
const DEEP = `{"id":${nested(100_000, '{"a":', '1', '}')}}`;

function deepVariable(query: string) {
  return cell('refused with BAD_USER_INPUT', async (gateway, transport) => {
    const body = `{"query":${JSON.stringify(query)},"variables":${DEEP}}`;
    expectRefusal(await gateway.sendText(transport, 'ann', body), 'BAD_USER_INPUT');
  });
}

export const REQUEST_ATTACKS: readonly Attack[] = [
  {
    name: 'an array of operations',
    http: httpStatus(400, `[${QUERY}]`),
    webSocket: cell('closed with 4400', async (gateway) => {
      const { closed } = await gateway.sendText(
        'webSocket',
        'ann',
        `[{"id":"1","type":"subscribe","payload":${QUERY}}]`,
      );
      expect(closed?.code).toBe(4400);
    }),
    eventStream: httpStatus(400, `[${QUERY}]`),
  },
  {
    name: 'a body of 10 MiB',
    http: largeBody,
    webSocket: cell('closed with 1009', async (gateway) => {
      const { closed } = await gateway.sendText('webSocket', 'ann', ' '.repeat(10 * MIB));
      expect(closed?.code).toBe(1009);
    }),
    eventStream: largeBody,
  },
  {
    name: 'a variable 100,000 levels deep',
    http: deepVariable('query ($id: ID!) { job(id: $id) { id } }'),
    webSocket: cell('closed with 4400', async (gateway) => {
      const message = `{"id":"1","type":"subscribe","payload":{"query":${JSON.stringify(FOLLOWED)},"variables":${DEEP}}}`;
      const { closed, text } = await gateway.sendText('webSocket', 'ann', message);
      expect([closed?.code, text]).toEqual([4400, '[{"type":"connection_ack"}]']);
    }),
    eventStream: deepVariable(FOLLOWED),
  },
  everywhere('`__proto__` as a key of JSON', 'taken as data', async (gateway, transport) => {
    const query = documentFor(transport, '{ FIELD }');
    const pollution = '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}';
    const payload = `{"query":${JSON.stringify(query)},"variables":{${pollution}},${pollution}}`;
    const body = transport === 'webSocket' ? `{"id":"1","type":"subscribe","payload":${payload}}` : payload;
    const { text } = await gateway.sendText(transport, 'ann', body);
    expect(text).not.toContain('INTERNAL_SERVER_ERROR');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }),
  {
    name: 'a mutation by GET',
    http: mutationByGet,
    webSocket: cell('refused with WRONG_TRANSPORT', async (gateway) => {
      // The handshake is a GET; its query string is not read, and a message cannot carry a mutation either.
      const query = decodeURIComponent(GET_MUTATION);
      expectRefusal(await gateway.send('webSocket', 'ann', { query }), 'WRONG_TRANSPORT');
    }),
    eventStream: mutationByGet,
  },
  {
    name: 'text/plain from a page of another site',
    http: httpStatus(415, QUERY, { 'content-type': 'text/plain' }),
    webSocket: cell('the handshake of another origin is refused with 403', async ({ shop }) => {
      const opened = RawSocket.open(shop.url, 'graphql-transport-ws', { origin: 'https://evil.example' });
      await expect(opened).rejects.toThrow(/403/);
    }),
    eventStream: httpStatus(415, QUERY, { 'content-type': 'text/plain' }),
  },
  {
    name: 'multipart/form-data from a page of another site',
    http: httpStatus(415, QUERY, { 'content-type': 'multipart/form-data; boundary=x' }),
    webSocket: { notApplicable: 'a form cannot open a WebSocket' },
    eventStream: httpStatus(415, QUERY, { 'content-type': 'multipart/form-data; boundary=x' }),
  },
  {
    name: 'a wrong Accept or protocol',
    http: httpStatus(406, QUERY, { accept: 'image/png' }),
    webSocket: cell('closed with 4406', async ({ shop }) => {
      const socket = await RawSocket.open(shop.url, 'graphql-ws');
      expect((await socket.closed).code).toBe(4406);
    }),
    eventStream: httpStatus(406, QUERY, { accept: 'text/event-stream;q=0' }),
  },
  {
    name: 'a line break in x-request-id',
    http: cell('does not come back', requestIdOf),
    webSocket: cell('does not come back', async ({ raw, shop }) => {
      const { authorization } = shop.headersOf('ann');
      const answer = await raw(
        `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}x\r\nconnection: Upgrade\r\n` +
          'upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
          'x-request-id: a\r\n set-cookie: x\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (400|401) /);
      expect(answer).not.toMatch(/set-cookie/);
    }),
    eventStream: cell('does not come back', requestIdOf),
  },
];
