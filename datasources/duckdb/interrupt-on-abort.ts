import type { DuckDBConnection } from '@duckdb/node-api';

/** How often a connection is told to stop until it does: told before its query has begun, DuckDB forgets it. */
const INTERRUPT_EVERY_MS = 50;

/** Interrupts what runs on a connection once the signal is aborted. Gives what ends this; call it when the query has ended. */
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

/** Runs a long query. Rejects with the reason of the signal when that ended it. */
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
