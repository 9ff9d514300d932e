import { randomUUID } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import { SerialTasks } from '../../../runtime/serial-tasks.js';
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import type { OnlineWrite } from '../online-store.js';
import type { FindEntity, FindSource, LogCommit, LoggedCommits, PromotedRows, WriteLog } from '../write-log.js';
import { decodeCommit, encodeCommit, type LoggedRow } from './log-codec.js';
import type { LmdbHistory } from './lmdb-history.js';
import { LmdbSourceVersions } from './lmdb-source-versions.js';
import type { PendingCommit } from './pending-history.js';
import { RecentCommits } from './recent-commits.js';

/** The named databases of the log in the file of the online store. No registry name contains `$`. */
export const WRITE_LOG_DATABASES = 4;

/** What the log needs of the online store in the same file. All but `finder` run inside a write transaction. */
export interface StoreOfLog {
  readonly merge: (entityType: EntityType, writes: readonly OnlineWrite[]) => void;
  readonly remove: (entityType: EntityType, entityIds: readonly string[]) => void;
  readonly finder: (entityType: EntityType) => FindEntity;
  /** Call this after a transaction that failed. */
  readonly forgetUncommitted: () => void;
  /** The key-value history of the file, which gets the rows that the log removes. */
  readonly history: LmdbHistory | undefined;
}

/** The event time, the sequence number of the commit and the number of the row in it. */
type FutureKey = [time: number, sequence: number, row: number];

interface LastCommit {
  readonly id: string;
  readonly sequence: number;
  readonly created: string;
}

/** The log of writes in the LMDB file of the online store. */
export class LmdbWriteLog implements WriteLog {
  readonly id: string;
  readonly versions: LmdbSourceVersions;
  readonly #lastStored: Database<LastCommit, string>;
  #last: WriteLog['last'];
  readonly #commits: Database<Buffer, number>;
  readonly #future: Database<Buffer, FutureKey>;
  readonly #recent = new RecentCommits();
  /** The commits up to this one can be removed. */
  #removable = 0;
  readonly #settling = new SerialTasks();

  constructor(
    private readonly environment: RootDatabase,
    private readonly findSource: FindSource,
    private readonly store: StoreOfLog,
  ) {
    this.#lastStored = environment.openDB<LastCommit, string>({ name: '$last-write' });
    this.#commits = environment.openDB<Buffer, number>({ name: '$writes', encoding: 'binary' });
    this.#future = environment.openDB<Buffer, FutureKey>({ name: '$future-writes', encoding: 'binary' });
    this.versions = new LmdbSourceVersions(environment);
    const last = this.#lastStored.get('last');
    this.id = last?.id ?? randomUUID();
    this.#last = this.#readLast();
    // Stored before the first commit: a client may have a position in this log already.
    if (!last) void this.#lastStored.put('last', { id: this.id, sequence: 0, created: '0' });
  }

  get last(): WriteLog['last'] {
    return this.#last;
  }

  get removed(): number {
    for (const sequence of this.#commits.getKeys({ limit: 1 })) return sequence - 1;
    return this.#last.sequence;
  }

  /** The commits that the file has, also those that can be removed. */
  readKept(): PendingCommit[] {
    return Array.from(this.#commits.getKeys(), (sequence) => ({
      sequence,
      rows: this.#rowsOf(sequence),
      bytes: this.#commits.get(sequence)!.length,
    }));
  }

  finder(entityType: EntityType): FindEntity {
    return this.store.finder(entityType);
  }

  async commit({ sequence, created, rows, future }: LogCommit): Promise<void> {
    const encoded = encodeCommit(rows);
    const sources = new Set<FeatureSource>();
    for (const { source } of rows) sources.add(source);
    let versionsKnown = (): void => undefined;
    await this.#transaction(() => {
      const online = future.size === 0 ? rows : rows.filter((row) => !future.has(row));
      this.#merge(online);
      this.store.history?.ofLog.numberSlots(rows);
      void this.#commits.put(sequence, encoded);
      for (let index = 0; index < rows.length && future.size > 0; index += 1) {
        const row = rows[index]!;
        if (!future.has(row)) continue;
        void this.#future.put([Number(row.version.timestamp), sequence, index], encodeCommit([row]));
      }
      void this.#lastStored.put('last', { id: this.id, sequence, created: String(created) });
      // No other commit has this time, also of a file that was restored from a backup.
      versionsKnown = this.versions.put(sources, String(created));
    });
    versionsKnown();
    this.#last = { sequence, created };
    this.#recent.add(sequence, rows, encoded.length);
    this.store.history?.ofLog.committed(sequence, rows, encoded.length);
  }

  read(after: number, maxRows: number): LoggedCommits {
    const rows: OnlineWrite[] = [];
    let upTo: number | undefined;
    let unknownRows = 0;
    // Only what is on disk: a power cut could undo a commit whose rows the offline store has already.
    for (const sequence of this.#commits.getKeys({ start: after + 1, end: this.#last.sequence + 1 })) {
      if (rows.length + unknownRows >= maxRows) break;
      upTo = sequence;
      for (const row of this.#rowsOf(sequence)) {
        if (row) rows.push(row);
        else unknownRows += 1;
      }
    }
    return { upTo, rows, unknownRows };
  }

  async remove(upTo: number): Promise<void> {
    this.#removable = Math.max(this.#removable, upTo);
    this.#recent.forget(upTo);
    if (!this.store.history?.ofLog.mayWait) await this.settle();
  }

  async settle(): Promise<void> {
    await this.#settling.run(() => this.#settle(this.#removable));
  }

  async #settle(upTo: number): Promise<void> {
    const { history } = this.store;
    const record = { id: this.id, sequence: upTo };
    await history?.ofLog.store(upTo);
    await this.#transaction(() => {
      for (const key of [...this.#commits.getKeys({ end: upTo + 1 })]) void this.#commits.remove(key);
      history?.ofLog.noteStored(record);
    });
    history?.forgetPending(record);
  }

  earliestFuture(): Instant | undefined {
    for (const [time] of this.#future.getKeys({ limit: 1 })) return BigInt(time);
    return undefined;
  }

  async promote(now: Instant, maxRows: number): Promise<PromotedRows> {
    const due = [...this.#future.getRange({ end: [Number(now) + 1, 0, 0], limit: maxRows })];
    if (due.length === 0) return { due: 0, rows: [], unknownRows: 0 };
    const rows = due.flatMap(({ value }) => decodeCommit(value).flatMap((row) => this.#toWrite(row) ?? []));
    await this.#transaction(() => {
      this.#merge(rows);
      for (const { key } of due) void this.#future.remove(key);
    });
    // Each value has one row.
    return { due: due.length, rows, unknownRows: due.length - rows.length };
  }

  async renameFuture(): Promise<void> {
    await this.#transaction(() => {
      for (const { key, value } of [...this.#future.getRange({})]) {
        const logged = decodeCommit(value);
        const rows = logged.map((row) => this.#toWrite(row));
        // A row of a source that the registry no longer has stays as it is: its time decides.
        if (!rows.every((row) => row !== undefined)) continue;
        if (rows.some((row, index) => isRenamed(row, logged[index]!))) void this.#future.put(key, encodeCommit(rows));
      }
    });
  }

  async deleteEntities(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    const ids = new Set(entityIds);
    await this.#transaction(() => {
      this.store.remove(entityType, entityIds);
      for (const { key, value } of [...this.#future.getRange({})]) {
        const isDeleted = decodeCommit(value).every(
          (row) =>
            row.featurestore === entityType.featurestore.name &&
            row.entityType === entityType.name &&
            ids.has(row.entityId),
        );
        if (isDeleted) void this.#future.remove(key);
      }
    });
  }

  /** Call this inside a write transaction. */
  #merge(rows: readonly OnlineWrite[]): void {
    for (const [entityType, writes] of groupByEntityType(rows)) this.store.merge(entityType, writes);
  }

  /** The rows of a commit; undefined for those of a source that the registry no longer has. */
  #rowsOf(sequence: number): readonly (OnlineWrite | undefined)[] {
    const recent = this.#recent.find(sequence);
    if (!recent) return decodeCommit(this.#commits.get(sequence)!).map((row) => this.#toWrite(row));
    // Another registry may have been applied since.
    const sources = new Map<FeatureSource, FeatureSource | undefined>();
    return recent.map((row) => {
      const { source } = row;
      if (!sources.has(source)) sources.set(source, this.#findCurrent(source));
      const current = sources.get(source);
      return current === source
        ? row
        : current && { ...row, source: current, values: renameValues(current, row.values) };
    });
  }

  #findCurrent({ name, entityType }: FeatureSource): FeatureSource | undefined {
    return this.findSource(entityType.featurestore.name, entityType.name, name);
  }

  #toWrite({
    featurestore,
    entityType,
    source,
    entityId,
    timestamp,
    created,
    values,
  }: LoggedRow): OnlineWrite | undefined {
    const found = this.findSource(featurestore, entityType, source);
    const version = { timestamp, createdTimestamp: created, sequence: null };
    return found && { entityId, source: found, version, values: renameValues(found, values) };
  }

  #readLast(): WriteLog['last'] {
    const last = this.#lastStored.get('last');
    return { sequence: last?.sequence ?? 0, created: BigInt(last?.created ?? 0) };
  }

  /** Returns when the changes are on disk. */
  async #transaction<Result>(change: () => Result): Promise<Result> {
    try {
      const result = await transact(this.environment, change);
      await this.environment.flushed;
      return result;
    } catch (error) {
      this.store.forgetUncommitted();
      // The transaction may have been committed although it was not synced: its sequence number is used then.
      this.#last = this.#readLast();
      this.versions.reload();
      throw error;
    }
  }
}

/** Most commits have the rows of one entity type, which need no groups. */
function groupByEntityType(
  rows: readonly OnlineWrite[],
): Iterable<readonly [entityType: EntityType, rows: readonly OnlineWrite[]]> {
  const entityType = rows[0]?.source.entityType;
  if (entityType && rows.every(({ source }) => source.entityType === entityType)) return [[entityType, rows]];
  return Map.groupBy(rows, ({ source }) => source.entityType);
}

/** Whether a row was logged by other names than it has now. */
function isRenamed({ source, values }: OnlineWrite, logged: LoggedRow): boolean {
  return source.name !== logged.source || source.entityType.name !== logged.entityType || values !== logged.values;
}

/** A row may have been written by the name that a feature had then. */
function renameValues(
  { features }: FeatureSource,
  values: ReadonlyMap<string, RawValue | null>,
): ReadonlyMap<string, RawValue | null> {
  const renamed = features.filter(({ renamedFrom }) => renamedFrom !== null && values.has(renamedFrom));
  if (renamed.length === 0) return values;
  const names = new Map(renamed.map(({ name, renamedFrom }) => [renamedFrom!, name]));
  return new Map(Array.from(values, ([name, value]) => [names.get(name) ?? name, value]));
}
