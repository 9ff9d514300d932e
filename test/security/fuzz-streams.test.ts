import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bounded, expectNoLeak, mutatedBytes } from '../support/fuzz.js';
import { startPolicedGateway, type PolicedGateway } from '../support/policed-gateway.js';
import { RawSocket } from '../support/stream-clients.js';

let shop: PolicedGateway;
beforeAll(async () => {
  shop = await startPolicedGateway();
});
afterAll(() => shop.close());

const row = (index: number, values: object) =>
  JSON.stringify({ entityId: `acme:${index}`, timestamp: '2001-01-01T00:00:00Z', values });
const BODY = Buffer.from(
  [
    row(1, { orders: '7', city: 'Bern' }),
    row(2, { margin: 1.5 }),
    row(3, { city: null }),
    row(4, { email: 'é"' }),
  ].join('\n'),
);

it('bodies of POST /ingest get a receipt for each line or a refusal, and say nothing of the inside', () =>
  bounded(
    fc.asyncProperty(
      mutatedBytes(BODY),
      fc.constantFrom('application/x-ndjson', 'application/json', 'application/x-ndjson;charset=utf-16'),
      fc.constantFrom('identity', 'gzip', 'br', 'x'),
      async (body, type, encoding) => {
        const response = await fetch(shop.url.replace('/graphql', '/ingest/shop/customer'), {
          method: 'POST',
          headers: { 'content-type': type, 'content-encoding': encoding, ...shop.headersOf('admin') },
          body: new Uint8Array(body),
        });
        const text = await response.text();
        expectNoLeak(text);
        for (const line of text.trim().split('\n')) JSON.parse(line);
      },
    ),
  ));

const SUBSCRIBE =
  '{"id":"1","type":"subscribe","payload":{"query":"subscription { jobProgress(id: \\"jobs/x\\") { state } }","variables":{"a":1}}}';

it('WebSocket messages are answered or end their own socket, and say nothing of the inside', () =>
  bounded(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          mutatedBytes(Buffer.from(SUBSCRIBE)).map((bytes) => bytes.toString('utf8')),
          mutatedBytes(Buffer.from(SUBSCRIBE)),
          fc.json({ maxDepth: 4 }),
          fc.constantFrom('{"type":"ping"}', '{"type":"connection_init"}', '{"id":"1","type":"complete"}', SUBSCRIBE),
          fc
            .record({
              id: fc.jsonValue(),
              type: fc.constantFrom('subscribe', 'next', 'error', 'pong'),
              payload: fc.jsonValue(),
            })
            .map((message) => JSON.stringify(message)),
        ),
        { maxLength: 6 },
      ),
      fc.boolean(),
      async (messages, isAuthenticated) => {
        const socket = await RawSocket.open(shop.url);
        if (isAuthenticated) socket.send({ type: 'connection_init', payload: shop.headersOf('ann') });
        for (const message of messages) socket.socket.send(message);
        // Answered, or closed: the close frame comes after all that was sent before it.
        socket.socket.close(1000);
        const { reason } = await socket.closed;
        expectNoLeak(JSON.stringify([socket.messages, reason]));
        const { data } = await shop.ask('ann', '{ viewer { name } }');
        expect(data).toEqual({ viewer: { name: 'key:ann' } });
      },
    ),
  ));
