import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Policy } from '../../../auth/policy/policy.js';
import { MemoryWriter, storeDown } from '../../support/memory-writer.js';
import { smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';
import { until } from '../../support/until.js';

const registry = smallRegistry();
let writer: MemoryWriter;
let gateway: TestGateway;

beforeEach(async () => {
  writer = new MemoryWriter();
  gateway = await startTestGateway(registry, {
    http: {
      ingest: {
        registry,
        writer,
        policy: new Policy(),
        auditLog: null,
        limits: { maxLineBytes: 2_000, idleBodyMs: 500, maxConcurrentRequests: 2 },
      },
    },
  });
});
afterEach(() => gateway.close());

const line = (entityId: string, orders: unknown = 1): string =>
  JSON.stringify({ entityId, timestamp: '2001-09-09T01:46:40Z', values: { orders_7d: orders } });

function post(body: string | Buffer, path = 'shop/customer', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.url.replace('/graphql', `/ingest/${path}`), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body: body as string,
  });
}

async function receipts(response: Response): Promise<any[]> {
  return (await response.text())
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
}

/** A request whose body is sent piece by piece, and whose answer is read line by line. */
async function open(path = 'shop/customer'): Promise<{ request: ClientRequest; lines: any[]; end: Promise<void> }> {
  const url = gateway.url.replace('/graphql', `/ingest/${path}`);
  const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } });
  request.on('error', () => undefined);
  request.flushHeaders();
  const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  const lines: any[] = [];
  const end = (async () => {
    for await (const text of createInterface(response)) lines.push(JSON.parse(text));
  })().catch(() => undefined);
  return { request, lines, end };
}

describe('POST /ingest', () => {
  it('answers each line with a receipt, and says at the end how many there were', async () => {
    const response = await post([line('a'), line('b'), line('a')].join('\n'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(await receipts(response)).toEqual([
      { line: 1, status: 'WRITTEN' },
      { line: 2, status: 'WRITTEN' },
      { line: 3, status: 'DUPLICATE' },
      { done: { lines: 3, written: 2, duplicates: 1, quarantined: 0, refused: 0 } },
    ]);
  });

  it('says of a repeated request that every line was durable before', async () => {
    await (await post(line('a'))).text();
    expect((await receipts(await post(line('a'))))[0]).toEqual({ line: 1, status: 'DUPLICATE' });
  });

  it('refuses a faulty line with the field at fault, and writes the others', async () => {
    const answer = await receipts(
      await post(
        [
          line('a'),
          'no json',
          line('b', 'seven'),
          '{"entityId":"c","values":{"unknown":1}}',
          '',
          line('d', 9007199254740993n.toString()),
          '{"entityId":5,"timestamp":null,"values":{"born":null}}',
          line('e'),
        ].join('\r\n'),
      ),
    );
    expect(answer.map(({ line: number, status, code, field }) => [number, status, code, field])).toEqual([
      [1, 'WRITTEN', undefined, undefined],
      [2, 'REFUSED', 'BAD_USER_INPUT', undefined],
      [3, 'REFUSED', 'BAD_USER_INPUT', 'values.orders_7d'],
      [4, 'REFUSED', 'FEATURE_NOT_FOUND', 'values.unknown'],
      [6, 'WRITTEN', undefined, undefined],
      [7, 'REFUSED', 'BAD_USER_INPUT', 'entityId'],
      [8, 'WRITTEN', undefined, undefined],
      [undefined, undefined, undefined, undefined],
    ]);
    expect(writer.entityIds).toEqual(['a', 'd', 'e']);
  });

  it('takes every digit of a whole number, and refuses what a double would round or overflow', async () => {
    const body = [
      '{"entityId":"a","timestamp":"2001-09-09T01:46:40Z","values":{"orders_7d":9007199254740993}}',
      '{"entityId":"b","timestamp":"2001-09-09T01:46:40Z","values":{"mean_basket":9007199254740993}}',
      '{"entityId":"c","timestamp":"2001-09-09T01:46:40Z","values":{"mean_basket":1e999}}',
      '{"entityId":"d","timestamp":"2001-09-09T01:46:40Z","values":{"orders_7d":1.5}}',
    ].join('\n');
    const answer = await receipts(await post(body));
    expect(answer.slice(0, 4).map(({ status }) => status)).toEqual(['WRITTEN', 'REFUSED', 'REFUSED', 'REFUSED']);
    const [row] = [...writer.durable.values()];
    expect([...row!.values.values()]).toEqual([9007199254740993n]);
  });

  it('passes on the faults that the writer finds', async () => {
    writer.findFault = ({ entityId }) =>
      entityId === 'bad'
        ? { part: { kind: 'TIMESTAMP' }, code: 'BAD_USER_INPUT', message: 'The time is missing.' }
        : undefined;
    expect((await receipts(await post([line('bad'), line('good')].join('\n')))).slice(0, 2)).toEqual([
      { line: 1, status: 'REFUSED', code: 'BAD_USER_INPUT', message: 'The time is missing.', field: 'timestamp' },
      { line: 2, status: 'WRITTEN' },
    ]);
  });

  it('sends a receipt when the row is durable, while the request is still open', async () => {
    const { request, lines, end } = await open();
    request.write(`${line('a')}\n`);
    await until(() => lines.length === 1);
    request.end(line('b'));
    await end;
    expect(lines).toHaveLength(3);
  });

  it('reads no further while the writer waits', async () => {
    let release = (): void => undefined;
    const writing = new Promise<void>((resolve) => (release = resolve));
    writer.beforeWrite = () => writing;
    const { request, end } = await open();
    const chunk = `${line('a')}\n`.repeat(1_000);
    let isBlocked = false;
    for (let sent = 0; sent < 2_000 && !isBlocked; sent += 1) {
      isBlocked = !request.write(chunk) && (await Promise.race([drained(request), pause(300)])) === 'waited';
    }
    expect(isBlocked).toBe(true);
    expect(writer.requests).toHaveLength(1);
    writer.beforeWrite = async () => undefined;
    release();
    request.end();
    await end;
  });

  it('refuses a line over the limit and reads the next', async () => {
    const answer = await receipts(await post([line('x'.repeat(3_000)), line('b')].join('\n')));
    expect(answer.slice(0, 2)).toMatchObject([
      { line: 1, status: 'REFUSED', code: 'PAYLOAD_TOO_LARGE' },
      { line: 2, status: 'WRITTEN' },
    ]);
  });

  it('ends with the error of a store that fails, and without receipts for its lines', async () => {
    writer.beforeWrite = () => Promise.reject(storeDown());
    const answer = await receipts(await post(line('a')));
    expect(answer).toMatchObject([{ error: { extensions: { code: 'STORE_UNAVAILABLE', retryable: true } } }]);
  });

  it('masks every other error', async () => {
    writer.beforeWrite = () => Promise.reject(new Error('secret: SELECT 1'));
    const text = await (await post(line('a'))).text();
    expect(text).toContain('INTERNAL_SERVER_ERROR');
    expect(text).not.toContain('secret');
  });

  it('ends a request that sends nothing', async () => {
    const { lines, end } = await open();
    await end;
    expect(lines).toMatchObject([{ error: { extensions: { code: 'BAD_REQUEST' } } }]);
  });

  it('acknowledges what is durable when the gateway stops, and says that the rest is not', async () => {
    const { request, lines, end } = await open();
    request.write(`${line('a')}\n`);
    await until(() => lines.length === 1);
    gateway.http.endStreams();
    await end;
    expect(lines).toMatchObject([
      { line: 1, status: 'WRITTEN' },
      { error: { extensions: { code: 'SHUTTING_DOWN', retryable: true } } },
    ]);
    expect((await post(line('b'))).status).toBe(503);
  });

  it('takes gzip, and refuses what is not', async () => {
    const answer = await receipts(await post(gzipSync(line('a')), undefined, { 'content-encoding': 'gzip' }));
    expect(answer[0]).toEqual({ line: 1, status: 'WRITTEN' });
    const broken = await receipts(await post('no gzip', undefined, { 'content-encoding': 'gzip' }));
    expect(broken).toMatchObject([{ error: { extensions: { code: 'BAD_REQUEST' } } }]);
  });

  it('sends only refused lines to a client that asks for those', async () => {
    const answer = await receipts(await post([line('a'), 'x'].join('\n'), 'shop/customer?receipts=refused'));
    expect(answer).toMatchObject([{ line: 2, status: 'REFUSED' }, { done: { lines: 2, written: 1, refused: 1 } }]);
  });

  it('refuses types that a page of another site can send without a preflight', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect((await post(line('a'), undefined, { 'content-type': type })).status).toBe(415);
    }
    expect(writer.requests).toEqual([]);
  });

  it('says what is not there', async () => {
    const unknown = await post(line('a'), 'nowhere/customer');
    expect([unknown.status, ((await unknown.json()) as any).errors[0].extensions.code]).toEqual([
      404,
      'FEATURESTORE_NOT_FOUND',
    ]);
    expect((await fetch(gateway.url.replace('/graphql', '/ingest/shop/customer'))).status).toBe(405);
  });

  it('takes a limited number of requests at once', async () => {
    const first = await open();
    const second = await open();
    expect((await post(line('a'))).status).toBe(503);
    first.request.end();
    await Promise.all([first.end, second.end]);
    expect((await post(line('a'))).status).toBe(200);
  });
});

function drained(request: ClientRequest): Promise<string> {
  return new Promise((resolve) => request.once('drain', () => resolve('drained')));
}

function pause(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve('waited'), ms));
}
