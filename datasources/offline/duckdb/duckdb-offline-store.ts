import type { DuckDBConnection } from '@duckdb/node-api';
import { REQUEST_LIMITS } from '../../../limits/request-limits.js';
import type { Instant } from '../../../values/instant.js';
import type { OnlineWrite } from '../../online/online-store.js';
import type { FileReader } from '../../files/file-reader.js';
import type { EntityType, Feature, FeatureSource } from '../../registry/model.js';
import type {
  FutureRows,
  ImportedRows,
  ImportingOfflineStore,
  SourceInputs,
  SourceState,
} from '../importing-offline-store.js';
import {
  newestFeatures,
  type Abortable,
  type AppendOutcome,
  type DeleteOutcome,
  type FeatureRow,
  type HistoryEntry,
  type HistoryRead,
  type NewestRead,
  type PointInTimeCell,
  type PointInTimeRead,
  type RowsRead,
  type ScanEstimate,
} from '../offline-store.js';
import type { EntityTime, EntityTimesEstimate, EntityTimesRead } from '../entity-times.js';
import type { ExplainedRows, ExplainRead } from '../explain-read.js';
import type { Distributions, StatisticsRead } from '../statistics-read.js';
import type { PointInTimeForm } from '../point-in-time/duckdb/compile-for-duckdb.js';
import { appendRows } from './append-rows.js';
import { deleteRows } from './delete-rows.js';
import type { DuckDbDatabase, UsedEntities } from '../../duckdb/database.js';
import { estimateScan } from './estimate-scan.js';
import { historyTable } from '../../duckdb/history-table.js';
import { interruptOnAbort, interruptWhenAborted } from '../../duckdb/interrupt-on-abort.js';
import { confirmImportRecord, readImportRecord, readImportState } from '../../duckdb/import-record.js';
import { newestValues, countFutureRows, findNewestTimestamps } from './newest-values.js';
import type { HistorySnapshot } from '../history-snapshot.js';
import { openHistorySnapshot } from './history-snapshot.js';
import { estimateEntityTimes, readEntityTimes } from './read-entity-times.js';
import { readExplainedRows } from './read-explained-rows.js';
import { readHistory } from './read-history.js';
import { hasCreationTime } from '../point-in-time/no-creation-time.js';
import { ImportVersions } from './import-versions.js';
import { JoinedReads } from './joined-reads.js';
import { prepareTables } from './prepare-tables.js';
import { readPointInTime } from './read-point-in-time.js';
import { readRows } from './read-rows.js';
import { readStatistics } from './read-statistics.js';
import { runImport } from './run-import.js';
import { sampleEntityIds } from './sample-entity-ids.js';

export interface DuckDbOfflineStoreOptions {
  /** The form in which `asOf` reads are compiled. */
  readonly form?: PointInTimeForm | 'CHOOSE';
  /** Reads the files of sources. Absent: the store cannot import. */
  readonly reader?: FileReader | null;
}

/** The embedded offline store: one DuckDB file with one table per source. */
export class DuckDbOfflineStore implements ImportingOfflineStore {
  /** The maximum number of labels that the schema accepts inline. */
  readonly maxLabelsPerRead = REQUEST_LIMITS.maxEntityIds;

  readonly hasApproximateQuantiles = false;

  /** Called when the rows of a source may have been replaced. */
  onImported: ((source: FeatureSource) => void) | undefined;

  /** What identifies the last import of each source. */
  readonly importVersions: ImportVersions;

  readonly #joined: JoinedReads;

  private constructor(
    readonly database: DuckDbDatabase,
    form: PointInTimeForm | 'CHOOSE',
    private readonly reader: FileReader | null,
  ) {
    this.importVersions = new ImportVersions(database);
    this.#joined = new JoinedReads(database, (connection, read) => readPointInTime(connection, read, form));
  }

  /** Opens the store for these sources; creates their tables, or adds the columns of new features. */
  static async open(
    database: DuckDbDatabase,
    sources: readonly FeatureSource[],
    { form = 'CHOOSE', reader = null }: DuckDbOfflineStoreOptions = {},
  ): Promise<DuckDbOfflineStore> {
    await prepareTables(database, sources);
    const store = new DuckDbOfflineStore(database, form, reader);
    await store.importVersions.load(sources);
    return store;
  }

  /** Opens the store read-only and creates nothing. A read of a missing table fails. */
  static openToRead(database: DuckDbDatabase): DuckDbOfflineStore {
    return new DuckDbOfflineStore(database, 'CHOOSE', null);
  }

  /**
   * Creates the tables of sources that are new, adds the columns of new features, and renames what has another name now.
   * Readers by other names notice nothing.
   */
  async addSources(sources: readonly FeatureSource[]): Promise<void> {
    await prepareTables(this.database, sources);
    await this.importVersions.load(sources);
  }

  hasCreationTimes(source: FeatureSource): boolean {
    return hasCreationTime(source);
  }

  async pointInTime(read: PointInTimeRead): Promise<PointInTimeCell[][]> {
    if (read.labels.length === 0 || read.labels.length > this.maxLabelsPerRead) {
      throw new RangeError(
        `a point-in-time read takes 1 to ${this.maxLabelsPerRead} labels, not ${read.labels.length}`,
      );
    }
    const entityIds = read.labels.flatMap(({ entityId }) => entityId ?? []);
    await this.database.beforeUse?.({ entityType: read.entityType, entityIds });
    return this.#joined.read(read);
  }

  async estimateScan({ features }: PointInTimeRead): Promise<ScanEstimate> {
    return this.#estimate(features);
  }

  async history(read: HistoryRead): Promise<HistoryEntry[]> {
    const { entityId, feature } = read;
    const entities = { entityType: feature.entityType, entityIds: [entityId] };
    return this.#read(read, entities, (connection) => readHistory(connection, read));
  }

  async explain(read: ExplainRead): Promise<ExplainedRows[]> {
    const entityIds = read.labels.map(({ entityId }) => entityId);
    const entities = { entityType: read.feature.entityType, entityIds };
    return this.#read(read, entities, (connection) => readExplainedRows(connection, read));
  }

  async statistics(read: StatisticsRead): Promise<Distributions> {
    const { feature, entityIds, signal = new AbortController().signal } = read;
    const entities = entityIds === null ? undefined : { entityType: feature.entityType, entityIds };
    return this.database.use(
      (connection) => interruptOnAbort(connection, signal, () => readStatistics(connection, read)),
      entities,
    );
  }

  async estimateStatisticsScan({ feature }: StatisticsRead): Promise<ScanEstimate> {
    return this.#estimate([feature]);
  }

  async *rows(read: RowsRead): AsyncGenerator<FeatureRow[]> {
    const { source, entityIds } = read;
    const entities = entityIds === null ? undefined : { entityType: source.entityType, entityIds };
    yield await this.#read(read, entities, (connection) => readRows(connection, read));
  }

  async append(source: FeatureSource, rows: readonly FeatureRow[]): Promise<AppendOutcome> {
    return this.database.transaction((connection) => appendRows(connection, source, rows));
  }

  async delete(entityType: EntityType, entityIds: readonly string[]): Promise<DeleteOutcome> {
    await this.database.use((connection) => deleteRows(this.database, connection, entityType, entityIds));
    return { remaining: [] };
  }

  watchDeletions(sources: readonly FeatureSource[]): () => void {
    return this.database.imports.watchDeletions(sources.map(historyTable));
  }

  async importedFrom(source: FeatureSource): Promise<string | undefined> {
    return this.database.use((connection) => readImportRecord(connection, source));
  }

  async import(
    source: FeatureSource,
    inputs: SourceInputs,
    onProgress: (share: number) => void,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ImportedRows> {
    const { reader, database } = this;
    if (!reader) throw new Error('this store was opened without a reader of files, so it imports nothing');
    return database.use(async (connection) =>
      interruptOnAbort(connection, signal, () =>
        runImport({ database, connection, source, inputs, reader, onProgress }),
      ).finally(async () => {
        this.onImported?.(source);
        // Without it there is no version until the next import. The import itself is done.
        await this.importVersions.load([source]).catch(() => undefined);
      }),
    );
  }

  /** All rows of a source as they are now; null when it was never imported. It waits for no drain of written rows. */
  async openSnapshot(source: FeatureSource): Promise<HistorySnapshot | null> {
    return openHistorySnapshot(await this.database.connect(), source);
  }

  async *newestBetween(
    source: FeatureSource,
    { from, asOf }: { readonly from: Instant; readonly asOf: Instant },
  ): AsyncGenerator<OnlineWrite[]> {
    if (source.timestampColumn === null) return;
    const connection = await this.database.instance.connect();
    try {
      yield* newestValues(connection, source, { asOf }, from);
    } finally {
      connection.closeSync();
    }
  }

  async *newest(source: FeatureSource, read: NewestRead = {}): AsyncGenerator<OnlineWrite[]> {
    const { signal } = read;
    const connection = await this.database.connectAfterWrites();
    // Finding the newest values of a long history takes a while, unlike the other reads.
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

  async estimateNewestScan(source: FeatureSource, read: NewestRead = {}): Promise<ScanEstimate> {
    return this.#estimate(newestFeatures(source, read));
  }

  async #estimate(features: readonly Feature[]): Promise<ScanEstimate> {
    const scanned = await this.database.use((connection) => estimateScan(connection, features));
    return { scanned, billed: scanned };
  }

  async sampleEntityIds(entityType: EntityType, count: number): Promise<string[]> {
    return this.database.use((connection) => sampleEntityIds(connection, entityType, count));
  }

  entityTimes(read: EntityTimesRead): AsyncIterable<readonly EntityTime[]> {
    return readEntityTimes(this.database, read);
  }

  estimateEntityTimes(read: EntityTimesRead): Promise<EntityTimesEstimate> {
    return estimateEntityTimes(this, read);
  }

  async confirmImport(source: FeatureSource, filesState: string): Promise<void> {
    await this.database.transaction((connection) => confirmImportRecord(connection, source, filesState));
  }

  async countRows(source: FeatureSource): Promise<bigint> {
    return this.database.use(async (connection) => {
      const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${historyTable(source)}`);
      return counted.getRows()[0]![0] as bigint;
    });
  }

  async sourceState(source: FeatureSource, asOf: Instant): Promise<SourceState> {
    return this.database.use(async (connection) => ({
      ...(await findNewestTimestamps(connection, source, asOf)),
      ...(await readImportState(connection, source)),
    }));
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

  /**
   * Reads take milliseconds and cost nothing, so a signal does not interrupt a running read; it prevents the start of a
   * waiting one.
   */
  async #read<Result>(
    { signal }: Abortable,
    entities: UsedEntities | undefined,
    read: (connection: DuckDBConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.database.use(async (connection) => {
      signal?.throwIfAborted();
      return read(connection);
    }, entities);
  }
}
