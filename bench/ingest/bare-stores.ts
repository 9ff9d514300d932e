import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBDataChunk, DuckDBInstance, timestampValue, type DuckDBValue } from '@duckdb/node-api';
import { encodeUniformRow } from '../../datasources/online/lmdb/row-encoder.js';
import { openLmdb, transact } from '../../runtime/lmdb.js';
import type { Row } from './rows.js';

/** Takes the batches of some clients: each sends its next batch when the one before is durable. */
export type Sink = (batches: readonly (readonly Row[])[], clients: number) => Promise<void>;

/** Runs the batches by some clients at once. */
export async function inTurn<Batch>(
  batches: readonly Batch[],
  clients: number,
  write: (batch: Batch, client: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (next < batches.length) await write(batches[next++]!, client);
    }),
  );
}

const SLOTS = [0, 1, 2, 3, 4, 5];

/**
 * A transaction of LMDB a batch, opened as the gateway opens it, each awaited until it is on disk. An entity has the bytes
 * that the gateway stores for it. The gateway's transaction also has these values a second time, for DuckDB.
 */
export async function openBareLmdb(folder: string): Promise<{ write: Sink; close: () => Promise<void> }> {
  const path = join(folder, 'bare-lmdb');
  const environment = openLmdb({ path, maxDbs: 2 });
  const database = environment.openDB<Buffer, Buffer>({ name: 'rows', encoding: 'binary', keyEncoding: 'binary' });
  return {
    write: (batches, clients) =>
      inTurn(batches, clients, async (rows) => {
        await transact(environment, () => {
          for (const row of rows) void database.put(Buffer.from(row.entityId), encode(row));
        });
        await environment.flushed;
      }),
    close: async () => {
      await environment.close();
      await rm(path, { recursive: true });
    },
  };
}

function encode(row: Row): Buffer {
  const timestamp = BigInt(row.timeMs) * 1000n;
  const values = [null, BigInt(row.orders), BigInt(row.returns), row.mean_basket, row.share, row.city];
  return encodeUniformRow(SLOTS, values, { timestamp, createdTimestamp: timestamp, sequence: null });
}

/** The columns of the gateway's table. */
const COLUMNS: readonly ((row: Row) => DuckDBValue)[] = [
  (row) => row.entityId,
  (row) => timestampValue(BigInt(row.timeMs) * 1000n),
  (row) => timestampValue(BigInt(row.timeMs) * 1000n),
  () => null,
  (row) => BigInt(row.orders),
  (row) => BigInt(row.returns),
  (row) => row.mean_basket,
  (row) => row.share,
  (row) => row.city,
];

/**
 * A transaction of DuckDB a batch, which its commit writes to disk, by the appender with whole columns, as the gateway
 * appends; a connection a client.
 */
export async function openBareDuckDb(folder: string): Promise<{ write: Sink; close: () => Promise<void> }> {
  const path = join(folder, 'bare.duckdb');
  const instance = await DuckDBInstance.create(path);
  const setUp = await instance.connect();
  await setUp.run(`CREATE TABLE rows (entity_id VARCHAR NOT NULL, event_timestamp TIMESTAMP NOT NULL,
    created_timestamp TIMESTAMP, sequence BIGINT, orders BIGINT, returns BIGINT, mean_basket DOUBLE, share DOUBLE,
    city VARCHAR)`);
  setUp.closeSync();
  return {
    write: async (batches, clients) => {
      const connections = await Promise.all(Array.from({ length: clients }, () => instance.connect()));
      await inTurn(batches, clients, async (rows, client) => {
        const connection = connections[client]!;
        await connection.run('BEGIN');
        const appender = await connection.createAppender('rows');
        const types = COLUMNS.map((_, index) => appender.columnType(index));
        const chunk = DuckDBDataChunk.create(types, rows.length);
        for (const [index, read] of COLUMNS.entries()) chunk.setColumnValues(index, rows.map(read));
        appender.appendDataChunk(chunk);
        appender.closeSync();
        await connection.run('COMMIT');
      });
      for (const connection of connections) connection.closeSync();
    },
    close: async () => {
      instance.closeSync();
      await rm(path);
    },
  };
}
