import { join } from 'node:path';
import { DuckDBInstance, timestampValue } from '@duckdb/node-api';

export interface Flight {
  /** When it left, in milliseconds since 1970. */
  readonly at: number;
  readonly origin: string;
  readonly destination: string;
  /** Minutes. */
  readonly delay: number;
}

const FILE = join(import.meta.dirname, '../../../node_modules/vega-datasets/data/flights-3m.parquet');

/** The flights that left from a moment on, in the order in which they left. The times of the file are read as UTC. */
export async function flightsBetween(start: Date, end: Date): Promise<Flight[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = await connection.runAndReadAll(
    `SELECT epoch_ms(date), origin, destination, delay FROM read_parquet($1)
     WHERE date >= $2 AND date < $3
     ORDER BY date, origin, destination, delay`,
    [FILE, toTimestamp(start), toTimestamp(end)],
  );
  connection.closeSync();
  instance.closeSync();
  return rows.getRows().map(([at, origin, destination, delay]) => ({
    at: Number(at),
    origin: String(origin),
    destination: String(destination),
    delay: Number(delay),
  }));
}

function toTimestamp(moment: Date) {
  return timestampValue(BigInt(moment.getTime()) * 1000n);
}
