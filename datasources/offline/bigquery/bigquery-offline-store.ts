import { REQUEST_LIMITS } from '../../../limits/request-limits.js';
import type { BigQuery } from '@google-cloud/bigquery';
import type { Clock } from '../../../values/clock.js';
import type { OnlineWrite } from '../../online/online-store.js';
import type { BigQuerySettings, EntityType, FeatureSource } from '../../registry/model.js';
import type {
  Abortable,
  AppendOutcome,
  BulkReads,
  DeleteOutcome,
  FeatureRow,
  HistoryEntry,
  HistoryRead,
  NewestRead,
  GrowingOfflineStore,
  PointInTimeCell,
  PointInTimeRead,
  RowsRead,
  ScanEstimate,
} from '../offline-store.js';
import type { PaidRead, QueryPayer } from '../query-payer.js';
import type { EntityTime, EntityTimesEstimate, EntityTimesRead } from '../entity-times.js';
import type { ExplainedRows, ExplainRead } from '../explain-read.js';
import type { Distributions, StatisticsRead } from '../statistics-read.js';
import { toDistributions } from '../statistics-row.js';
import type { BigQueryForm } from '../point-in-time/bigquery/compile-for-bigquery.js';
import type { BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import type { BigQueryTable } from '../point-in-time/bigquery/table.js';
import { appendRows } from './append-rows.js';
import { billedBytes } from './billed-bytes.js';
import { BigQueryBulkReads } from './bulk-reads.js';
import { deleteQuery, isInStreamingBuffer, STREAMING_BUFFER, TIME_TRAVEL } from './delete-entities.js';
import { newestQuery, newestWrites } from './newest-values.js';
import { MAX_TIMEOUT_SECONDS, QueryJobs, type QueryJobsOptions } from './query-jobs.js';
import { entityTime, entityTimesQuery, maxRows } from './read-entity-times.js';
import { explainedRows, explainQuery } from './read-explained-rows.js';
import { historyEntry, historyQuery } from './read-history.js';
import { emptyCells, placeRow, pointInTimeQueries, type PointInTimeQuery } from './read-point-in-time.js';
import { rowsQuery, storedRow } from './read-rows.js';
import { statisticsQuery } from './read-statistics.js';
import { statisticsRow } from './statistics-result.js';
import { sampledId, sampleQuery } from './sample-entity-ids.js';
import { prepareTables } from './prepare-tables.js';
import { expectedColumns, resolveTableAddress } from './source-table.js';
import { tableAt } from '../../google/bigquery/tables.js';

const FORMS: Readonly<Record<BigQuerySettings['pointInTime'], BigQueryForm>> = {
  AGGREGATE: 'aggregate',
  ENTITY_FEATURES_AT_TIME: 'entityFeaturesAtTime',
};

export interface BigQueryStoreOptions extends QueryJobsOptions {
  readonly tables: ReadonlyMap<FeatureSource, BigQueryTable>;
  readonly clock: Clock;
}

/**
 * The offline store on Google Cloud: one table per source, in the dataset of the featurestore or where the registry
 * says.
 */
export class BigQueryOfflineStore implements GrowingOfflineStore {
  /** The maximum number of labels that the schema accepts inline. */
  readonly maxLabelsPerRead = REQUEST_LIMITS.maxEntityIds;
  readonly hasApproximateQuantiles = true;
  /**
   * Where the gateway may not create tables, it cannot create one for labels either. So labels are parameters, up to
   * this number per query.
   */
  readonly bulk: BulkReads | undefined;
  readonly #client: BigQuery;
  readonly #settings: BigQuerySettings;
  readonly #jobs: QueryJobs;
  /** By name: the objects are others after another registry was applied. */
  readonly #tables = new Map<string, BigQueryTable>();
  #sources: readonly FeatureSource[] = [];
  #lastArrival = 0n;

  constructor(private readonly options: BigQueryStoreOptions) {
    this.#client = options.client;
    this.#settings = options.settings;
    this.#jobs = new QueryJobs(options);
    this.#setTables(options.tables);
    const tableOf = (source: FeatureSource): BigQueryTable => this.#findTable(source);
    const { createTables, dataset } = options.settings;
    this.bulk =
      createTables && dataset !== null
        ? new BigQueryBulkReads({ ...options, dataset, jobs: this.#jobs, findTable: tableOf })
        : undefined;
  }

  /** Nothing is asked of BigQuery if the tables are those of the present sources. */
  async addSources(sources: readonly FeatureSource[]): Promise<void> {
    const known = new Set(this.#sources.map(describeTable));
    if (sources.every((source) => known.has(describeTable(source)))) return;
    this.#setTables(await prepareTables(this.#client, this.#settings, sources));
  }

  #setTables(tables: ReadonlyMap<FeatureSource, BigQueryTable>): void {
    for (const [source, table] of tables) this.#tables.set(keyOf(source), table);
    this.#sources = [...tables.keys()];
  }

  hasCreationTimes(source: FeatureSource): boolean {
    return this.#findTable(source).createdTime !== null;
  }

  async pointInTime(read: PointInTimeRead): Promise<PointInTimeCell[][]> {
    const cells = emptyCells(read);
    // A failed query cancels the others: BigQuery would bill them, and their results would not be read.
    const failed = new AbortController();
    const signal = AbortSignal.any([failed.signal, ...this.#combineSignals(read)]);
    await Promise.all(
      this.#pointInTimeQueries(read).map(async (part) => {
        try {
          const tables = tableCount(read, part);
          const run = { signal, payer: read.payer, tables };
          for await (const rows of this.#jobs.pages('point_in_time', part.query, run)) {
            for (const row of rows) placeRow(row, part, read, cells);
          }
        } catch (error) {
          failed.abort(error);
          throw error;
        }
      }),
    );
    return cells;
  }

  /**
   * From a dry run of the queries of any entities. Clustering may make the read cheaper; nothing makes it more
   * expensive.
   */
  async estimateScan(read: PointInTimeRead): Promise<ScanEstimate> {
    const estimates = await Promise.all(
      this.#pointInTimeQueries(read, { filtersIds: false }).map((part) =>
        this.#estimate('point_in_time', part.query, tableCount(read, part)),
      ),
    );
    return {
      scanned: estimates.reduce((sum, { scanned }) => sum + scanned, 0n),
      billed: estimates.reduce((sum, { billed }) => sum + billed, 0n),
    };
  }

  async history(read: HistoryRead): Promise<HistoryEntry[]> {
    const query = historyQuery(read, this.#findTable(read.feature.source));
    if (query === undefined) return [];
    return (await this.#jobs.rows('history', query, this.#runOf(read))).map((row) => historyEntry(row, read));
  }

  async explain(read: ExplainRead): Promise<ExplainedRows[]> {
    const query = explainQuery(read, this.#findTable(read.feature.source));
    return explainedRows(query === undefined ? [] : await this.#jobs.rows('explain', query, this.#runOf(read)), read);
  }

  async statistics(read: StatisticsRead): Promise<Distributions> {
    const query = statisticsQuery(read, this.#findTable(read.feature.source));
    const [row = {}] = query === undefined ? [] : await this.#jobs.rows('statistics', query, this.#runOf(read));
    return toDistributions(read, statisticsRow(row, read));
  }

  async estimateStatisticsScan(read: StatisticsRead): Promise<ScanEstimate> {
    const query = statisticsQuery(read, this.#findTable(read.feature.source));
    return query === undefined ? { scanned: 0n, billed: 0n } : this.#estimate('statistics', query, 1);
  }

  async *rows(read: RowsRead): AsyncGenerator<FeatureRow[]> {
    const query = rowsQuery(read, this.#findTable(read.source));
    if (query === undefined) return;
    const asked = read.entityIds && new Set(read.entityIds);
    const run = { ...this.#runOf(read), timeoutSeconds: MAX_TIMEOUT_SECONDS };
    let left = read.written?.limit ?? read.later?.limit ?? Infinity;
    for await (const rows of this.#jobs.pages('rows', query, run)) {
      const found = rows.map((row) => storedRow(row, read)).filter(({ entityId }) => asked?.has(entityId!) ?? true);
      yield found.length > left ? found.slice(0, left) : found;
      left -= found.length;
      if (left <= 0) return;
    }
  }

  /** Stores each row at least once (append-rows.ts). Reads see a row at once when the result reports it as appended. */
  async append(source: FeatureSource, rows: readonly FeatureRow[]): Promise<AppendOutcome> {
    const table = this.#findTable(source);
    return appendRows({ ...this.options, source, table, nextArrival: () => this.#nextArrival() }, rows);
  }

  async delete({ sources }: EntityType, entityIds: readonly string[]): Promise<DeleteOutcome> {
    const remaining = new Set([TIME_TRAVEL]);
    // Several sources may read one table: two deletions of the same rows would only wait for each other.
    for (const source of sources) {
      const query = deleteQuery(source, this.#findTable(source), entityIds);
      if (query === undefined) continue;
      try {
        await this.#jobs.rows('delete', query);
      } catch (error) {
        if (!isInStreamingBuffer(error)) throw error;
        remaining.add(STREAMING_BUFFER);
      }
    }
    return { remaining: [...remaining] };
  }

  async *newest(source: FeatureSource, read: NewestRead = {}): AsyncGenerator<OnlineWrite[]> {
    const query = newestQuery(source, this.#findTable(source), read);
    const { signal, payer } = this.#runOf(read);
    const run = { signal, payer, timeoutSeconds: MAX_TIMEOUT_SECONDS };
    for await (const rows of this.#jobs.pages('newest', query, run)) {
      yield rows.flatMap((row) => newestWrites(row, source, read));
      signal.throwIfAborted();
    }
  }

  async estimateNewestScan(source: FeatureSource, read: NewestRead = {}): Promise<ScanEstimate> {
    return this.#estimate('newest', newestQuery(source, this.#findTable(source), read), 1);
  }

  async sampleEntityIds({ sources, entityIdColumns }: EntityType, count: number): Promise<string[]> {
    const tables = sources.map((source) => this.#findTable(source));
    const rows = await this.#jobs.rows('sample_ids', sampleQuery(tables, count));
    return rows.map((row) => sampledId(row, entityIdColumns.length));
  }

  async *entityTimes(read: EntityTimesRead): AsyncGenerator<EntityTime[]> {
    const query = entityTimesQuery(read, (source) => this.#findTable(source));
    if (query === undefined) return;
    const run = { ...this.#runOf(read), tables: read.sources.length, timeoutSeconds: MAX_TIMEOUT_SECONDS };
    for await (const rows of this.#jobs.pages('entity_times', query, run)) {
      yield rows.map((row) => entityTime(row, read));
    }
  }

  async estimateEntityTimes(read: EntityTimesRead): Promise<EntityTimesEstimate> {
    const tables = read.sources.map((source) => this.#findTable(source));
    const query = entityTimesQuery(read, (source) => this.#findTable(source));
    if (query === undefined) return { scanned: 0n, billed: 0n, maxTimes: 0n };
    const scan = await this.#estimate('entity_times', query, tables.length);
    return { ...scan, maxTimes: maxRows(scan.scanned, tables) };
  }

  async isHealthy(): Promise<boolean> {
    const { dataset } = this.#settings;
    const [source] = this.#sources;
    if (dataset !== null) await this.#client.dataset(dataset).getMetadata();
    else if (source) await tableAt(this.#client, resolveTableAddress(source, this.#settings)).getMetadata();
    return true;
  }

  async close(): Promise<void> {
    await this.#jobs.close();
  }

  /**
   * The signal of the read; without one, the signal of the current request. A job's signal outlives the request that
   * started it.
   */
  #combineSignals({ signal }: Abortable): AbortSignal[] {
    const asked = signal ?? this.options.currentOrigin().signal;
    return asked ? [asked] : [];
  }

  #runOf(read: Abortable & PaidRead): { readonly signal: AbortSignal; readonly payer: QueryPayer | undefined } {
    return { signal: AbortSignal.any(this.#combineSignals(read)), payer: read.payer };
  }

  async #estimate(operation: string, query: BigQuerySql, tables: number): Promise<ScanEstimate> {
    const scanned = await this.#jobs.estimateBytes(operation, query);
    return { scanned, billed: billedBytes(scanned, tables) };
  }

  #pointInTimeQueries(read: PointInTimeRead, { filtersIds } = { filtersIds: true }): PointInTimeQuery[] {
    if (read.labels.length === 0 || read.labels.length > this.maxLabelsPerRead) {
      throw new RangeError(
        `a point-in-time read takes 1 to ${this.maxLabelsPerRead} labels, not ${read.labels.length}`,
      );
    }
    const form = FORMS[this.#settings.pointInTime];
    return pointInTimeQueries(read, { form, filtersIds, tableOf: (source) => this.#findTable(source) });
  }

  #findTable(source: FeatureSource): BigQueryTable {
    const table = this.#tables.get(keyOf(source));
    if (!table) throw new Error(`the store was not opened for source ${source.entityType.name}.${source.name}`);
    return table;
  }

  /**
   * The arrival order of rows as a number: the clock's microseconds, or one more than the last number where the clock
   * stands still or went back. If two gateways write the same moment, the one with the later clock wins.
   */
  #nextArrival(): bigint {
    const now = this.options.clock();
    this.#lastArrival = now > this.#lastArrival ? now : this.#lastArrival + 1n;
    return this.#lastArrival;
  }
}

function keyOf({ name, entityType }: FeatureSource): string {
  return `${entityType.name}/${name}`;
}

/** Another text for a source whose table has to be looked at anew. */
function describeTable(source: FeatureSource): string {
  const { name, entityType, bigQueryTable } = source;
  return JSON.stringify([entityType.name, name, bigQueryTable, expectedColumns(source)]);
}

/** The number of tables that a query reads. */
function tableCount({ features }: PointInTimeRead, { columns }: PointInTimeQuery): number {
  return new Set(columns.map((column) => features[column]!.source)).size;
}
