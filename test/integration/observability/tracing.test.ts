import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogger } from '../../../observability/logger.js';
import { currentTrace, inSpan } from '../../../runtime/spans.js';
import { startShopGateway } from '../../support/shop-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

/** What a collector of OpenTelemetry received, as JSON. */
let spans: SentSpan[];
let resources: string[];
let collector: Server;

beforeEach(async () => {
  spans = [];
  resources = [];
  collector = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
        resources.push(JSON.stringify(resource));
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
});
afterEach(() => {
  vi.unstubAllEnvs();
  collector.close().closeAllConnections();
});

const CLIENT = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

it('a request is a trace from its client to the store, without ids and values, and its log lines name it', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const gateway = await startShopGateway(temporaryFolder(), {
    logger,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: process.env.OTEL_EXPORTER_OTLP_ENDPOINT! },
  });
  const query = `query Secret { entity(featurestore: "shop", entityType: "customer", entityId: "zurich") { features { value } } }`;
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${CLIENT.traceId}-${CLIENT.spanId}-01` },
    body: JSON.stringify({ query }),
  });
  expect(await response.json()).toMatchObject({ data: { entity: {} } });
  await gateway.stop();

  const ours = spans.filter(({ traceId }) => traceId === CLIENT.traceId);
  const names = ['http.request', 'graphql.operation', 'loader.batch', 'store.read'];
  const path = names.map((name) => ours.find((span) => span.name === name));
  expect(path.map((span) => span?.name)).toEqual(names);
  expect(path.map((span) => span?.parentSpanId)).toEqual([
    CLIENT.spanId,
    ...path.slice(0, -1).map((span) => span?.spanId),
  ]);
  const said = JSON.stringify(ours) + resources.join();
  expect(said).toContain('featuregraph');
  // The entity id is no hexadecimal text, which an id of a span could contain.
  for (const secret of ['zurich', 'Secret', 'entityId', process.cwd(), process.execPath])
    expect(said).not.toContain(secret);
  const [line] = lines.filter(({ msg }) => msg === 'request');
  expect(line).toMatchObject({ traceId: CLIENT.traceId, requestId: response.headers.get('x-request-id') });
});

it('without a collector, work runs as it is and its options are not made', () => {
  const options = vi.fn();
  expect(inSpan('work', () => currentTrace() ?? 'no trace', options)).toBe('no trace');
  expect(options).not.toHaveBeenCalled();
});

it('a log line of an error has no value of a user that a store repeats', () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  const cause = new Error(`Conversion Error: Could not convert string 'alice@example.org' to INT64`);
  logger.error({ err: new Error('A store did not answer', { cause }) }, 'a request failed');
  expect(lines.join()).not.toContain('alice');
  expect(lines.join()).toContain('Could not convert string');
});
