import type { DuckDBAppender } from '@duckdb/node-api';
import { turns } from '../../runtime/turns.js';

/**
 * Fills an appender and closes it. An appender writes the rows that it still has when it is collected as garbage: after a
 * failure, and after the rollback of its transaction. A repeated append would then have these rows twice, so they are
 * dropped. `fill` is synchronous, so that no other query comes between.
 */
export function fillAppender(appender: DuckDBAppender, fill: () => void): void {
  try {
    fill();
    appender.closeSync();
  } catch (error) {
    appender.clear();
    throw error;
  }
}

/** The same for many rows, in steps: other requests are answered between two of them. The connection is the caller's alone meanwhile. */
export async function fillAppenderInTurns(appender: DuckDBAppender, steps: Iterable<() => void>): Promise<void> {
  try {
    for (const step of steps) {
      const turn = turns.take();
      if (turn) await turn;
      step();
    }
    appender.closeSync();
  } catch (error) {
    appender.clear();
    throw error;
  }
}
