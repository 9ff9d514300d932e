import type { Database, RootDatabase } from 'lmdb';
import { clearDatabase, transact } from '../../../runtime/lmdb.js';
import { turns } from '../../../runtime/turns.js';
import { WRITTEN_VERSION } from '../../offline/history-snapshot.js';
import { hasCreationTime } from '../../offline/point-in-time/no-creation-time.js';
import type { HistoryEntry, HistoryRead, PointInTimeCell, PointInTimeRead } from '../../offline/offline-store.js';
import type { EntityType, Feature, FeatureSource } from '../../registry/model.js';
import type { EntityHistory, HistoryBuild, HistoryMiss, StoredHistory } from '../entity-history.js';
import type { WriteLog } from '../write-log.js';
import { keysUpTo } from './history-key.js';
import { HistoryOfLog, type LogRecord } from './history-of-log.js';
import { LmdbHistoryBuild } from './lmdb-history-build.js';
import type { PendingCommit } from './pending-history.js';
import { HistoryQuery, readFeatureHistory, type ReadSource } from './read-history.js';
import { RowDatabases, type Rows } from './row-databases.js';
import type { SlotNumbers } from './slot-numbers.js';
import { sourceKey } from './source-key.js';
import { SourceRows } from './source-rows.js';

/** The maximum number of sources with a history, with two named databases each. LMDB fixes their number at opening. */
const MAX_HISTORIES = 500;
/** The named databases of the histories. */
export const HISTORY_DATABASES = 2 * MAX_HISTORIES + 1;

/** Labels between two looks at the clock. */
const LABELS_PER_CHECK = 32;

/** The record of the log: the histories of written sources have the rows of all its commits up to this one. */
const LOG = '$log';

interface HistoryRecord {
  readonly database: string;
  readonly version: string;
  readonly features: readonly string[];
}

/** What the history needs of the log when both are opened. */
interface LogOfHistory extends Pick<WriteLog, 'id' | 'last' | 'removed'> {
  /** The commits that the file has. */
  readKept(): readonly PendingCommit[];
}

/** The key-value history in the LMDB file of the online store: a database for each source, with one value for each row. */
export class LmdbHistory implements EntityHistory {
  readonly #records: Database<HistoryRecord | LogRecord, string>;
  /** What is stored, by source. The file has the same. */
  readonly #stored = new Map<string, HistoryRecord>();
  readonly #databases: RowDatabases;
  readonly #building = new Map<string, LmdbHistoryBuild>();
  readonly #confirmed = new Set<string>();
  readonly #epochs = new Map<string, number>();
  /** The rows of the log. */
  readonly ofLog: HistoryOfLog;
  #log: LogRecord | undefined;

  constructor(
    private readonly environment: RootDatabase,
    private readonly numbers: SlotNumbers,
  ) {
    this.#databases = new RowDatabases(environment);
    this.#records = environment.openDB<HistoryRecord | LogRecord, string>({ name: '$history' });
    this.ofLog = new HistoryOfLog(environment, numbers, {
      hasRows: () => this.#stored.size > 0 || this.#building.size > 0,
      targetsOf: (source) => this.#targets(source),
      putRecord: (record) => void this.#records.put(LOG, record),
    });
    for (const { key, value } of this.#records.getRange({})) {
      if ('database' in value) this.#stored.set(key, value);
    }
  }

  async pointInTime(read: PointInTimeRead): Promise<PointInTimeCell[][] | HistoryMiss> {
    const { labels, features, options, signal } = read;
    const sources = this.#find(features, read.ttl);
    if (!sources) return 'ABSENT';
    if (options?.knownAt != null && !sources.every(({ source }) => hasCreationTime(source))) return 'NO_CREATION_TIME';
    const query = new HistoryQuery(read, sources, features.length);
    const cells: PointInTimeCell[][] = [];
    signal?.throwIfAborted();
    for (const [index, label] of labels.entries()) {
      if (index > 0 && index % LABELS_PER_CHECK === 0) {
        const turn = turns.take();
        if (turn) {
          await turn;
          signal?.throwIfAborted();
          // The rows may have been replaced meanwhile.
          if (!sources.every(({ source, rows }) => this.#confirmedRows(source) === rows.stored)) return 'ABSENT';
        }
      }
      const row = query.read(label);
      if (!row) return 'LONG_SCAN';
      cells.push(row);
    }
    return cells;
  }

  history(read: HistoryRead): HistoryEntry[] | HistoryMiss {
    const { feature, knownAt, signal } = read;
    signal?.throwIfAborted();
    const [source] = this.#find([feature], undefined) ?? [];
    if (!source) return 'ABSENT';
    if (knownAt != null && !hasCreationTime(feature.source)) return 'NO_CREATION_TIME';
    return readFeatureHistory(source, source.columns[0]!.number, read) ?? 'LONG_SCAN';
  }

  find(source: FeatureSource): StoredHistory | undefined {
    const stored = this.#stored.get(sourceKey(source));
    if (!stored) return undefined;
    return {
      version: stored.version,
      rows: countRows(this.#databases.get(stored.database)),
      features: stored.features,
    };
  }

  isConfirmed(source: FeatureSource): boolean {
    return this.#confirmed.has(sourceKey(source));
  }

  epoch(source: FeatureSource): number {
    return this.#epochs.get(sourceKey(source)) ?? 0;
  }

  confirm(source: FeatureSource, epoch: number): void {
    if (this.epoch(source) === epoch && this.#stored.has(sourceKey(source))) this.#confirmed.add(sourceKey(source));
  }

  suspend(source: FeatureSource): void {
    this.#confirmed.delete(sourceKey(source));
    this.#epochs.set(sourceKey(source), this.epoch(source) + 1);
  }

  async begin(source: FeatureSource): Promise<HistoryBuild> {
    const key = sourceKey(source);
    if (this.#building.has(key)) throw new Error(`two builds of the history of ${key} run at the same time`);
    const spare = [firstDatabase(source), `${firstDatabase(source)}2`].find(
      (name) => name !== this.#stored.get(key)?.database,
    )!;
    const isNew = !this.#databases.isOpen(spare);
    if (isNew && this.#databases.count >= 2 * MAX_HISTORIES) {
      throw new Error(`more than ${MAX_HISTORIES} sources cannot have a history`);
    }
    const rows = this.#databases.get(spare);
    await clearDatabase(rows);
    const build: LmdbHistoryBuild = new LmdbHistoryBuild(this.environment, source, rows, this.numbers, {
      follow: () => this.#building.set(key, build),
      complete: (version) => this.#replace(source, spare, version),
      end: async () => {
        if (this.#building.get(key) === build) this.#building.delete(key);
        const stored = this.#stored.get(key)?.database;
        // What is not stored: the rows of a build that failed, or those that it replaced.
        for (const name of [firstDatabase(source), `${firstDatabase(source)}2`]) {
          if (name !== stored && this.#databases.isOpen(name)) await clearDatabase(this.#databases.get(name));
        }
      },
    });
    return build;
  }

  async dropOthers(sources: readonly FeatureSource[]): Promise<void> {
    const kept = new Set(sources.map(sourceKey));
    await this.#drop([...this.#stored.keys()].filter((key) => !kept.has(key)));
  }

  /** The log has removed its commits up to this one, in a transaction that is durable. */
  forgetPending(record: LogRecord): void {
    this.#log = record;
    this.ofLog.pending.forget(record.sequence);
  }

  /** Call this inside a write transaction. */
  remove({ sources }: EntityType, entityIds: readonly string[]): void {
    for (const source of sources) {
      this.#building.get(sourceKey(source))?.deleted(entityIds);
      for (const rows of this.#targets(source)) {
        for (const entityId of entityIds) {
          const { before, after } = keysUpTo(entityId, null);
          for (const key of [...rows.getKeys({ start: before, end: after })]) void rows.remove(Buffer.from(key));
        }
      }
    }
  }

  /**
   * The log goes on. If the histories lack commits that it has removed, because another release wrote without a history, those of written
   * sources are dropped.
   */
  async continueLog(log: LogOfHistory): Promise<void> {
    const { id, last, removed } = log;
    this.#log = { id, sequence: removed };
    const known = this.#records.get(LOG);
    const isKnown = known && 'sequence' in known && known.id === id;
    // Earlier releases stored the rows of a commit with it: then this is the last one.
    if (!isKnown || known.sequence < removed || known.sequence > last.sequence) {
      const written = [...this.#stored].filter(([, { version }]) => version === WRITTEN_VERSION);
      await this.#drop(written.map(([key]) => key));
    }
    this.ofLog.begin(() => log.readKept());
  }

  async #replace(source: FeatureSource, database: string, version: string): Promise<void> {
    const key = sourceKey(source);
    const record = { database, version, features: source.features.map(({ name }) => name) };
    this.#confirmed.delete(key);
    await transact(this.environment, () => {
      void this.#records.put(key, record);
      if (this.#log) void this.#records.put(LOG, this.#log);
      // From this transaction on, writes go to the new rows alone.
      this.#stored.set(key, record);
      this.#building.delete(key);
    }).catch((error: unknown) => {
      const before = this.#records.get(key);
      if (before && 'database' in before) this.#stored.set(key, before);
      else this.#stored.delete(key);
      throw error;
    });
    await this.environment.flushed;
  }

  async #drop(keys: readonly string[]): Promise<void> {
    const dropped = keys.flatMap((key) => this.#stored.get(key)?.database ?? []);
    if (keys.length === 0) return;
    await transact(this.environment, () => {
      for (const key of keys) {
        void this.#records.remove(key);
        this.#stored.delete(key);
        this.#confirmed.delete(key);
      }
    });
    for (const database of dropped) await clearDatabase(this.#databases.get(database));
  }

  /** undefined when the rows of a source, or the values of a feature, are not there. */
  #find(features: readonly Feature[], ttl: bigint | null | undefined): readonly ReadSource[] | undefined {
    const found: ReadSource[] = [];
    const places = features.map((feature, place) => ({ feature, place }));
    for (const [source, ofSource] of Map.groupBy(places, ({ feature }) => feature.source)) {
      const rows = this.#confirmedRows(source);
      const slot = this.numbers.findSource(source);
      const known = this.#stored.get(sourceKey(source))?.features;
      if (!rows || !known) return undefined;
      const columns = ofSource.map(({ feature, place }) => ({
        place,
        // -1: no row of the source has come yet, so there is nothing to find.
        number: this.numbers.find(source.entityType, feature.name) ?? -1,
        ttl: ttl === undefined ? feature.ttl : ttl,
      }));
      if (!ofSource.every(({ feature }) => known.includes(feature.name))) return undefined;
      const ofHistory = new SourceRows(rows, this.ofLog.pending, sourceKey(source), this.numbers);
      found.push({ rows: ofHistory, source, slot: slot ?? -1, columns });
    }
    return found;
  }

  #confirmedRows(source: FeatureSource): Rows | undefined {
    const key = sourceKey(source);
    const stored = this.#confirmed.has(key) ? this.#stored.get(key) : undefined;
    return stored && this.#databases.get(stored.database);
  }

  #targets(source: FeatureSource): readonly Rows[] {
    const key = sourceKey(source);
    const stored = this.#stored.get(key);
    const building = this.#building.get(key);
    return [...(stored ? [this.#databases.get(stored.database)] : []), ...(building ? [building.rows] : [])];
  }
}

function countRows(rows: Rows): number {
  return (rows.getStats() as { readonly entryCount: number }).entryCount;
}

/** No registry name contains `$`. */
function firstDatabase(source: FeatureSource): string {
  return `${sourceKey(source)}$history`;
}
