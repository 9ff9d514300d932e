import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedHosts, allowedMetricsHosts } from '../../server/allowed-hosts.js';
import { createMetricsServer } from '../../server/metrics-server.js';
import { smallRegistry } from '../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe('a gateway on this machine', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(smallRegistry(), {
      http: { isAllowedHost: allowedHosts('127.0.0.1', ['features.example.com']) },
    });
  });
  afterAll(() => gateway.close());

  async function status(host: string, path = '/graphql', upgrade = false): Promise<number | undefined> {
    const { port } = new URL(gateway.url);
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      method: upgrade || path !== '/graphql' ? 'GET' : 'POST',
      headers: {
        host,
        ...(upgrade
          ? {
              connection: 'Upgrade',
              upgrade: 'websocket',
              'sec-websocket-version': '13',
              'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
              origin: `http://${host}`,
            }
          : { 'content-type': 'application/json' }),
      },
    });
    sent.end(upgrade || path !== '/graphql' ? undefined : JSON.stringify({ query: '{ __typename }' }));
    const [response] = (await Promise.race([once(sent, 'response'), once(sent, 'upgrade')])) as [IncomingMessage];
    response.resume();
    sent.destroy();
    return response.statusCode;
  }

  it.each(['localhost', 'localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'app.localhost', 'features.example.com:443'])(
    'answers under %s',
    async (host) => {
      expect(await status(host)).toBe(200);
      expect(await status(host, '/graphql', true)).toBe(101);
    },
  );

  it.each([
    'evil.example.com',
    'evil.example.com:4000',
    'localhost.evil.example.com',
    '127.0.0.1.evil.example.com',
    '10.0.0.1',
  ])('refuses a page whose site lets its name point here: %s', async (host) => {
    expect(await status(host)).toBe(403);
    expect(await status(host, '/graphql', true)).toBe(403);
    expect(await status(host, '/')).toBe(403);
  });

  it.each([
    ['POST /graphql', 'POST /graphql HTTP/1.1', 'content-type: application/json\r\ncontent-length: 2', '{}'],
    ['a probe', 'GET /healthz HTTP/1.1', '', ''],
    ['a WebSocket', 'GET /graphql HTTP/1.1', 'upgrade: websocket\r\nconnection: upgrade', ''],
  ])(
    'refuses %s with two Host headers, of which a proxy may have checked the other',
    async (_, line, headers, body) => {
      for (const second of ['Host: localhost', 'hOST: evil.example.com']) {
        const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
        socket.end(
          `${line}\r\nHost: localhost\r\n${second}\r\n${headers === '' ? 'connection: close' : headers}\r\n\r\n${body}`,
        );
        expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
      }
    },
  );

  it('answers probes, which name the address of a container', async () => {
    expect(await status('10.0.0.1:4000', '/healthz')).toBe(200);
  });
});

describe('a gateway on all addresses', () => {
  const asks = (host: string | undefined) => ({ headers: { host } }) as IncomingMessage;

  it('answers under every name, unless its operator lists some', () => {
    expect(allowedHosts('0.0.0.0', [])(asks('anything.example.com'))).toBe(true);
    const listed = allowedHosts('0.0.0.0', ['features.example.com']);
    expect(listed(asks('features.example.com:8080'))).toBe(true);
    expect(listed(asks('localhost'))).toBe(false);
    expect(listed(asks(undefined))).toBe(false);
  });
});

describe('the metrics', () => {
  it('of a gateway on this machine are not read by a page whose site lets its name point here', async () => {
    const statusOf = async (listenHost: string, host: string) => {
      const server = createMetricsServer(new Registry(), allowedMetricsHosts(listenHost, []));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const sent = request({ port, host: '127.0.0.1', path: '/metrics', headers: { host } }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      server.close().closeAllConnections();
      return response.statusCode;
    };
    expect(await statusOf('127.0.0.1', 'localhost:9464')).toBe(200);
    expect(await statusOf('127.0.0.1', 'evil.example.com')).toBe(403);
    // Prometheus in a cluster.
    expect(await statusOf('0.0.0.0', '10.4.1.7:9464')).toBe(200);
  });
});
