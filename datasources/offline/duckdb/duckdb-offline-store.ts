import type { DuckDBConnection } from '@duckdb/node-api';
import { REQUEST_LIMITS } from '../../../limits/request-limits.js';
import type { FeatureCell } from '../../../values/feature-cell.js';
import type { Instant } from '../../../values/instant.js';
import type { OnlineWrite } from '../../online/online-store.js';
import type { FileReader } from '../../files/file-reader.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import type { FutureRows, ImportedRows, ImportingOfflineStore } from '../importing-offline-store.js';
import {
  newestFeatures,
  type Abortable,
  type AppendOutcome,
  type FeatureRow,
  type HistoryEntry,
  type HistoryRead,
  type NewestRead,
  type PointInTimeRead,
  type RowsRead,
} from '../offline-store.js';
import type { PointInTimeForm } from '../point-in-time/duckdb/compile-for-duckdb.js';
import { appendRows } from './append-rows.js';
import type { DuckDbDatabase } from '../../duckdb/database.js';
import { estimateScan } from './estimate-scan.js';
import { ensureHistoryTable } from '../../duckdb/history-table.js';
import { interruptWhenAborted } from '../../duckdb/interrupt-on-abort.js';
import { ensureImportRecords, readImportRecord, writeImportRecord } from '../../duckdb/import-record.js';
import { importSource } from './import-source.js';
import { newestValues, countFutureRows } from './newest-values.js';
import { readHistory } from './read-history.js';
import { readPointInTime } from './read-point-in-time.js';
import { readRows } from './read-rows.js';
import { sampleEntityIds } from './sample-entity-ids.js';

export interface DuckDbOfflineStoreOptions {
  /** How `asOf` reads are compiled. */
  readonly form?: PointInTimeForm | 'CHOOSE';
  /** Reads the files of sources. Without it nothing is imported. */
  readonly reader?: FileReader | null;
}

/** The embedded offline store: one DuckDB file, a table a source. */
export class DuckDbOfflineStore implements ImportingOfflineStore {
  /** As many as the schema takes inline. */
  readonly maxLabelsPerRead = REQUEST_LIMITS.maxEntityIds;

  private constructor(
    readonly database: DuckDbDatabase,
    private readonly form: PointInTimeForm | 'CHOOSE',
    private readonly reader: FileReader | null,
  ) {}

  /** Opens the store for these sources; their tables are made, or given the columns of new features. */
  static async open(
    database: DuckDbDatabase,
    sources: readonly FeatureSource[],
    { form = 'CHOOSE', reader = null }: DuckDbOfflineStoreOptions = {},
  ): Promise<DuckDbOfflineStore> {
    await database.transaction(async (connection) => {
      await ensureImportRecords(connection);
      for (const source of sources) await ensureHistoryTable(connection, source);
    });
    return new DuckDbOfflineStore(database, form, reader);
  }

  /** Opens it for reading alone: nothing is made. A table that is not there fails the read of it. */
  static openToRead(database: DuckDbDatabase): DuckDbOfflineStore {
    return new DuckDbOfflineStore(database, 'CHOOSE', null);
  }

  async pointInTime(read: PointInTimeRead): Promise<FeatureCell[][]> {
    if (read.labels.length === 0 || read.labels.length > this.maxLabelsPerRead) {
      throw new RangeError(
        `a point-in-time read takes 1 to ${this.maxLabelsPerRead} labels, not ${read.labels.length}`,
      );
    }
    return this.#read(read, (connection) => readPointInTime(connection, read, this.form));
  }

  async estimateBytes({ features }: PointInTimeRead): Promise<bigint> {
    return this.database.use((connection) => estimateScan(connection, features));
  }

  async history(read: HistoryRead): Promise<HistoryEntry[]> {
    return this.#read(read, (connection) => readHistory(connection, read));
  }

  async *rows(read: RowsRead): AsyncGenerator<FeatureRow[]> {
    yield await this.#read(read, (connection) => readRows(connection, read));
  }

  async append(source: FeatureSource, rows: readonly FeatureRow[]): Promise<AppendOutcome> {
    return this.database.transaction((connection) => appendRows(connection, source, rows));
  }

  async importedFrom(source: FeatureSource): Promise<string | undefined> {
    return this.database.use((connection) => readImportRecord(connection, source));
  }

  /** In one transaction. */
  async import(source: FeatureSource, from: string, onProgress: (share: number) => void): Promise<ImportedRows> {
    const { reader } = this;
    if (!reader) throw new Error('this store was opened without a reader of files, so it imports nothing');
    return this.database.transaction(async (connection) => {
      const imported = await importSource(connection, source, reader, onProgress);
      await writeImportRecord(connection, source, from, imported);
      return imported;
    });
  }

  async *newest(source: FeatureSource, read: NewestRead = {}): AsyncGenerator<OnlineWrite[]> {
    const { signal } = read;
    const connection = await this.database.instance.connect();
    // The newest of a long history takes a while to find, unlike the other reads.
    const stopWatching = signal && interruptWhenAborted(connection, signal);
    try {
      signal?.throwIfAborted();
      for await (const writes of newestValues(connection, source, read)) {
        yield writes;
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

  async estimateNewestBytes(source: FeatureSource, read: NewestRead = {}): Promise<bigint> {
    return this.database.use((connection) => estimateScan(connection, newestFeatures(source, read)));
  }

  async sampleEntityIds(entityType: EntityType, count: number): Promise<string[]> {
    return this.database.use((connection) => sampleEntityIds(connection, entityType, count));
  }

  async countFutureRows(source: FeatureSource, asOf: Instant): Promise<FutureRows> {
    return this.database.use((connection) => countFutureRows(connection, source, asOf));
  }

  async isHealthy(): Promise<boolean> {
    return this.database.use(async (connection) => (await connection.run('SELECT 1')).rowCount === 1);
  }

  async close(): Promise<void> {
    this.database.close();
  }

  /** Reads take milliseconds and cost nothing, so one that has begun is not interrupted; one that waits does not begin. */
  async #read<Result>({ signal }: Abortable, read: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    return this.database.use(async (connection) => {
      signal?.throwIfAborted();
      return read(connection);
    });
  }
}
