import type { DuckDBConnection } from '@duckdb/node-api';

/** Runs one long query that ends when the signal says so: a process that is to stop does not wait for a count of a large file. */
export async function interruptOnAbort<Result>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  query: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    return await query();
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
