import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BIGINT, DOUBLE, DuckDBInstance, timestampValue } from '@duckdb/node-api';
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

/** A transaction of LMDB a batch, opened as the gateway opens it, each awaited until it is on disk. */
export async function openBareLmdb(folder: string): Promise<{ write: Sink; close: () => Promise<void> }> {
  const path = join(folder, 'bare-lmdb');
  const environment = openLmdb({ path, maxDbs: 2 });
  const database = environment.openDB<Omit<Row, 'entityId'>, string>({ name: 'rows' });
  return {
    write: (batches, clients) =>
      inTurn(batches, clients, async (rows) => {
        await transact(environment, () => {
          for (const { entityId, ...row } of rows) void database.put(entityId, row);
        });
        await environment.flushed;
      }),
    close: async () => {
      await environment.close();
      await rm(path, { recursive: true });
    },
  };
}

/** A transaction of DuckDB a batch, by its appender; a connection a client. */
export async function openBareDuckDb(folder: string): Promise<{ write: Sink; close: () => Promise<void> }> {
  const path = join(folder, 'bare.duckdb');
  const instance = await DuckDBInstance.create(path);
  const setUp = await instance.connect();
  await setUp.run(`CREATE TABLE rows (entity_id VARCHAR, event_timestamp TIMESTAMP, created_timestamp TIMESTAMP,
    orders BIGINT, returns BIGINT, mean_basket DOUBLE, share DOUBLE, city VARCHAR)`);
  setUp.closeSync();
  return {
    write: async (batches, clients) => {
      const connections = await Promise.all(Array.from({ length: clients }, () => instance.connect()));
      await inTurn(batches, clients, async (rows, client) => {
        const connection = connections[client]!;
        await connection.run('BEGIN');
        const appender = await connection.createAppender('rows');
        for (const row of rows) {
          const time = timestampValue(BigInt(row.timeMs) * 1000n);
          appender.appendVarchar(row.entityId);
          appender.appendTimestamp(time);
          appender.appendTimestamp(time);
          appender.appendValue(BigInt(row.orders), BIGINT);
          appender.appendValue(BigInt(row.returns), BIGINT);
          appender.appendValue(row.mean_basket, DOUBLE);
          appender.appendValue(row.share, DOUBLE);
          appender.appendVarchar(row.city);
          appender.endRow();
        }
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
