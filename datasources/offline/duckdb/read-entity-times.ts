import type { DuckDbDatabase } from '../../duckdb/database.js';
import { interruptWhenAborted } from '../../duckdb/interrupt-on-abort.js';
import { instantFromDuckDb } from '../../duckdb/value-mapping.js';
import type { FeatureSource } from '../../registry/model.js';
import type { EntityTime, EntityTimesEstimate, EntityTimesRead } from '../entity-times.js';
import type { OfflineStore } from '../offline-store.js';
import { compileEntityTimes } from '../point-in-time/duckdb/entity-times.js';

/** Implements the port's method, on a connection of its own: it may take as long as a scan of the sources. */
export async function* readEntityTimes(
  database: DuckDbDatabase,
  read: EntityTimesRead,
): AsyncGenerator<readonly EntityTime[]> {
  const { signal } = read;
  const connection = await database.connectAfterWrites();
  const stopWatching = signal && interruptWhenAborted(connection, signal);
  try {
    signal?.throwIfAborted();
    const { sql, parameters, parameterTypes } = compileEntityTimes(read);
    const result = await connection.stream(sql, [...parameters], [...parameterTypes]);
    for await (const rows of result.yieldRows()) {
      yield rows.map(([entityId, time]) => ({ entityId: String(entityId), time: instantFromDuckDb(time)! }));
      signal?.throwIfAborted();
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error;
  } finally {
    stopWatching?.();
    connection.closeSync();
  }
}

interface CountingStore extends Pick<OfflineStore, 'estimateScan'> {
  countRows(source: FeatureSource): Promise<bigint>;
}

/** Implements the port's method. A scan reads the columns that every read uses, and one feature. */
export async function estimateEntityTimes(store: CountingStore, read: EntityTimesRead): Promise<EntityTimesEstimate> {
  const { entityType, sources } = read;
  const rows = await Promise.all(sources.map((source) => store.countRows(source)));
  const features = sources.flatMap((source) => source.features.slice(0, 1));
  const scan = await store.estimateScan({ entityType, labels: [], features });
  return { ...scan, maxTimes: rows.reduce((sum, count) => sum + count, 0n) };
}
