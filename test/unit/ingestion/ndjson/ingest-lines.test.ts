import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { INGEST_LIMITS } from '../../../../limits/ingest-limits.js';
import { ingestLines, type IngestedLines } from '../../../../ingestion/ndjson/ingest-lines.js';
import { MemoryWriter } from '../../../support/memory-writer.js';
import { smallRegistry } from '../../../support/small-registry.js';

const entityType = smallRegistry().entityType('shop', 'customer');
const line = (id: string): Uint8Array =>
  Buffer.from(`{"entityId":"${id}","timestamp":"2001-09-09T01:46:40Z","values":{"orders_7d":1}}\n`);

/** Sends a chunk; the others while its write runs; then ends, or fails. Gives the ids of each write, and what each gave. */
async function ingest(others: readonly string[], maxRowsPerWrite: number, failure?: Error) {
  const writer = new MemoryWriter();
  const isWriting = Promise.withResolvers<undefined>();
  const isRead = Promise.withResolvers<undefined>();
  writer.beforeWrite = async () => {
    isWriting.resolve(undefined);
    await isRead.promise;
  };
  async function* body(): AsyncGenerator<Uint8Array, void> {
    yield line('first');
    await isWriting.promise;
    for (const id of others) yield line(id);
    isRead.resolve(undefined);
    if (failure) throw failure;
  }
  const done: IngestedLines[] = [];
  const limits = { ...INGEST_LIMITS, maxRowsPerWrite };
  const run = async (): Promise<void> => {
    const { signal } = new AbortController();
    const lines = ingestLines({ entityType, writer, check: () => undefined, body: body(), signal, limits });
    for await (const written of lines) done.push(written);
  };
  const error = await run().catch((reason: unknown) => reason);
  return {
    error,
    writes: writer.requests.map(({ rows }) => rows.map(({ entityId }) => entityId)),
    receipts: done.flatMap(({ receipts }) => receipts.map((receipt) => receipt.line)),
    counts: done.map(({ lines }) => lines),
  };
}

describe('rows that arrive while a write runs', () => {
  it('are written together, and charged together', async () => {
    expect(await ingest(['a', 'b', 'c'], 10)).toEqual({
      error: undefined,
      writes: [['first'], ['a', 'b', 'c']],
      receipts: [1, 2, 3, 4],
      counts: [1, 3],
    });
  });

  it('are written before the failure to read further ones', async () => {
    const failure = new Error('the body is cut off');
    expect(await ingest(['a', 'b'], 10, failure)).toEqual({
      error: failure,
      writes: [['first'], ['a', 'b']],
      receipts: [1, 2, 3],
      counts: [1, 2],
    });
  });
});

it('a write has no more rows than it may have, and no further rows are read while it waits', async () => {
  const writer = new MemoryWriter();
  const isFull = Promise.withResolvers<undefined>();
  writer.beforeWrite = () => isFull.promise;
  let sent = 0;
  async function* body(): AsyncGenerator<Uint8Array, void> {
    for (; sent < 10; sent += 1) {
      // The first write, two rows of the next one, and one that it has no room for.
      if (sent === 3) isFull.resolve(undefined);
      yield line(`id ${sent}`);
    }
  }
  const { signal } = new AbortController();
  const limits = { ...INGEST_LIMITS, maxRowsPerWrite: 2 };
  const lines = ingestLines({ entityType, writer, check: () => undefined, body: body(), signal, limits });
  await lines.next();
  expect(sent).toBe(3);
  for await (const { receipts } of lines) expect(receipts.length).toBeLessThanOrEqual(2);
  expect(writer.entityIds).toHaveLength(10);
});

it('blank lines count as lines that a write takes, and no further ones are read while it waits', async () => {
  const writer = new MemoryWriter();
  const isFull = Promise.withResolvers<undefined>();
  writer.beforeWrite = () => isFull.promise;
  let sent = 0;
  async function* body(): AsyncGenerator<Uint8Array, void> {
    yield line('first');
    for (; sent < 10; sent += 1) {
      // One goes with the first write, two with the next one, and one has no room.
      if (sent === 3) isFull.resolve(undefined);
      yield Buffer.from('\n');
    }
  }
  const { signal } = new AbortController();
  const limits = { ...INGEST_LIMITS, maxRowsPerWrite: 2 };
  const lines = ingestLines({ entityType, writer, check: () => undefined, body: body(), signal, limits });
  const counts: number[] = [];
  for await (const written of lines) counts.push(written.lines);
  expect(Math.max(...counts)).toBe(2);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(11);
});

it('rows that the socket has when a write could begin are written together, and later ones do not hold them up', async () => {
  const writer = new MemoryWriter();
  const isWritten = Promise.withResolvers<undefined>();
  writer.beforeWrite = async () => isWritten.resolve(undefined);
  async function* body(): AsyncGenerator<Uint8Array, void> {
    for (const id of ['a', 'b', 'c']) {
      yield line(id);
      // A socket gives its next chunk in the next turn of the event loop.
      await setImmediate();
    }
    await isWritten.promise;
    yield line('d');
  }
  const { signal } = new AbortController();
  const lines = ingestLines({ entityType, writer, check: () => undefined, body: body(), signal });
  for await (const { receipts } of lines) expect(receipts.length).toBeGreaterThan(0);
  expect(writer.requests.map(({ rows }) => rows.map(({ entityId }) => entityId))).toEqual([['a', 'b', 'c'], ['d']]);
});
