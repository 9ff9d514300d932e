import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../auth/api-keys/manage-keys.js';
import { ingestLines } from '../../ingestion/ndjson/ingest-lines.js';
import { systemClock } from '../../values/clock.js';
import { bearer, startGuardedGateway, type GuardedGateway } from '../support/guarded-gateway.js';
import { MemoryWriter } from '../support/memory-writer.js';
import { smallRegistry } from '../support/small-registry.js';
import { until } from '../support/until.js';

const LINE = '{"entityId":"a","timestamp":"2001-09-09T01:46:40Z","values":{"orders_7d":1}}\n';

let guarded: GuardedGateway;
beforeEach(async () => {
  guarded = await startGuardedGateway({ apiKeys: {} }, { rates: { maxRowsPerSecond: 1_000 } });
});
afterEach(() => guarded.close());

async function newKey(name: string): Promise<string> {
  const request = { name, groups: [], claims: {}, expiresAt: null, isRotation: false, now: systemClock() };
  const { key } = await createKey(guarded.keyFile, request);
  await until(async () => (await guarded.ask('{ viewer { name } }', bearer(key))).status === 200);
  return key;
}

/** Opens a stream, sends a row, and leaves it open. */
async function openStream(key: string, end: AbortSignal): Promise<Response> {
  return fetch(guarded.gateway.url.replace('/graphql', '/ingest/shop/customer'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...bearer(key) },
    body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(LINE)) }),
    duplex: 'half',
    signal: end,
  });
}

describe('what a sender is charged with', () => {
  const linesOf = async (body: Uint8Array): Promise<number> => {
    const chunks = Array.from({ length: Math.ceil(body.length / 16_384) }, (_, index) =>
      body.subarray(index * 16_384, (index + 1) * 16_384),
    );
    const entityType = smallRegistry().entityType('shop', 'customer');
    const options = {
      entityType,
      writer: new MemoryWriter(),
      check: () => undefined,
      signal: new AbortController().signal,
    };
    let sum = 0;
    for await (const { lines } of ingestLines({ ...options, body: toAsync(chunks) })) sum += lines;
    return sum;
  };

  it('is each row once, whatever the chunks', async () => {
    expect(await linesOf(Buffer.from(LINE.repeat(3_333)))).toBe(3_333);
  });

  it('is also each blank line: a few bytes of gzip are a million of them', async () => {
    expect(await linesOf(Buffer.alloc(1_000_000, '\n'))).toBe(1_000_000);
    expect(await linesOf(Buffer.from(`${LINE}${'\n'.repeat(99)}`.repeat(100)))).toBe(10_000);
  });

  it('is also each KiB of a line that does not end', async () => {
    expect(await linesOf(Buffer.alloc(10 * 1_048_576, 'a'))).toBeGreaterThan(9 * 1_024);
  });
});

it('blank lines in gzip wait for the rate of rows, and are not read meanwhile', async () => {
  const key = await newKey('bomb');
  const end = new AbortController();
  const body = gzipSync(`${LINE}${'\n'.repeat(50_000_000)}${LINE.replace('"a"', '"last"')}`);
  const response = await fetch(guarded.gateway.url.replace('/graphql', '/ingest/shop/customer'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip', ...bearer(key) },
    body,
    signal: end.signal,
  });
  const reader = response.body!.getReader();
  expect(Buffer.from((await reader.read()).value).toString()).toContain('WRITTEN');
  // Other clients are served, and the last row, thousands of seconds away, is not read.
  const other = await newKey('other');
  expect((await guarded.ingest(LINE.replace('"a"', '"b"'), bearer(other))).status).toBe(200);
  expect(guarded.writer.requests).toHaveLength(2);
  end.abort();
});

it('a principal cannot take all streams of rows, so another one still gets one', async () => {
  const [greedy, other] = [await newKey('greedy'), await newKey('other')];
  const end = new AbortController();
  try {
    const answers = await Promise.all(Array.from({ length: 40 }, () => openStream(greedy, end.signal)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.length - refused.length).toBe(24);
    expect(refused.map(({ status }) => status)).toEqual(Array(16).fill(429));
    expect(((await refused[0]!.json()) as any).errors[0].extensions).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await guarded.ingest(LINE, bearer(other))).status).toBe(200);
  } finally {
    end.abort();
  }
});

async function* toAsync(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
