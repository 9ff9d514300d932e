import type { DuckDBConnection } from '@duckdb/node-api';

/**
 * The interval between interrupts until the query stops: DuckDB forgets an interrupt that comes before the query has
 * begun.
 */
const INTERRUPT_EVERY_MS = 50;

/**
 * Interrupts the query on a connection once the signal aborts. Returns the function that ends this; call it when the
 * query has ended.
 */
export function interruptWhenAborted(connection: DuckDBConnection, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    timer ??= setInterval(interrupt, INTERRUPT_EVERY_MS);
  };
  signal.addEventListener('abort', interrupt);
  if (signal.aborted) interrupt();
  return () => {
    signal.removeEventListener('abort', interrupt);
    clearInterval(timer);
  };
}

/** Runs a long query. Rejects with the reason of the signal when the signal ended it. */
export async function interruptOnAbort<Result>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  query: () => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const stopWatching = interruptWhenAborted(connection, signal);
  try {
    return await query();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    stopWatching();
  }
}
