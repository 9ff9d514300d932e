import { randomUUID } from 'node:crypto';
import type { Database, RootDatabase } from 'lmdb';
import { transact } from '../../../runtime/lmdb.js';
import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { EntityType, FeatureSource } from '../../registry/model.js';
import type { OnlineWrite } from '../online-store.js';
import type { FindEntity, FindSource, LogCommit, LoggedCommits, PromotedRows, WriteLog } from '../write-log.js';
import { decodeCommit, encodeCommit, type LoggedRow } from './log-codec.js';
import { RecentCommits } from './recent-commits.js';

/** The named databases of the log in the file of the online store. No registry name contains `$`. */
export const WRITE_LOG_DATABASES = 3;

/** What the log needs of the online store in the same file. All but `finder` run inside a write transaction. */
export interface StoreOfLog {
  readonly merge: (entityType: EntityType, writes: readonly OnlineWrite[]) => void;
  readonly remove: (entityType: EntityType, entityIds: readonly string[]) => void;
  readonly finder: (entityType: EntityType) => FindEntity;
  /** Call this after a transaction that failed. */
  readonly forgetUncommitted: () => void;
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
  readonly #lastStored: Database<LastCommit, string>;
  #last: WriteLog['last'];
  readonly #commits: Database<Buffer, number>;
  readonly #future: Database<Buffer, FutureKey>;
  readonly #recent = new RecentCommits();

  constructor(
    private readonly environment: RootDatabase,
    private readonly findSource: FindSource,
    private readonly store: StoreOfLog,
  ) {
    this.#lastStored = environment.openDB<LastCommit, string>({ name: '$last-write' });
    this.#commits = environment.openDB<Buffer, number>({ name: '$writes', encoding: 'binary' });
    this.#future = environment.openDB<Buffer, FutureKey>({ name: '$future-writes', encoding: 'binary' });
    const last = this.#lastStored.get('last');
    this.id = last?.id ?? randomUUID();
    this.#last = this.#readLast();
    // Stored before the first commit: a client may have a position in this log already.
    if (!last) void this.#lastStored.put('last', { id: this.id, sequence: 0, created: '0' });
  }

  get last(): WriteLog['last'] {
    return this.#last;
  }

  finder(entityType: EntityType): FindEntity {
    return this.store.finder(entityType);
  }

  async commit({ sequence, created, rows, future }: LogCommit): Promise<void> {
    const encoded = encodeCommit(rows);
    await this.#transaction(() => {
      const online = future.size === 0 ? rows : rows.filter((row) => !future.has(row));
      for (const [entityType, writes] of Map.groupBy(online, ({ source }) => source.entityType)) {
        this.store.merge(entityType, writes);
      }
      void this.#commits.put(sequence, encoded);
      for (let index = 0; index < rows.length && future.size > 0; index += 1) {
        const row = rows[index]!;
        if (!future.has(row)) continue;
        void this.#future.put([Number(row.version.timestamp), sequence, index], encodeCommit([row]));
      }
      void this.#lastStored.put('last', { id: this.id, sequence, created: String(created) });
    });
    this.#last = { sequence, created };
    this.#recent.add(sequence, rows, encoded.length);
  }

  read(maxRows: number): LoggedCommits {
    const rows: OnlineWrite[] = [];
    let upTo: number | undefined;
    let unknownRows = 0;
    // Only what is on disk: a power cut could undo a commit whose rows the offline store has already.
    for (const sequence of this.#commits.getKeys({ end: this.#last.sequence + 1 })) {
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
    await this.#transaction(() => {
      for (const key of [...this.#commits.getKeys({ end: upTo + 1 })]) void this.#commits.remove(key);
    });
    this.#recent.forget(upTo);
  }

  earliestFuture(): Instant | undefined {
    for (const [time] of this.#future.getKeys({ limit: 1 })) return BigInt(time);
    return undefined;
  }

  async promote(now: Instant, maxRows: number): Promise<PromotedRows> {
    const due = [...this.#future.getRange({ end: [Number(now) + 1, 0, 0], limit: maxRows })];
    if (due.length === 0) return { due: 0, unknownRows: 0 };
    const rows = due.flatMap(({ value }) => decodeCommit(value).flatMap((row) => this.#toWrite(row) ?? []));
    await this.#transaction(() => {
      for (const [entityType, writes] of Map.groupBy(rows, ({ source }) => source.entityType)) {
        this.store.merge(entityType, writes);
      }
      for (const { key } of due) void this.#future.remove(key);
    });
    // Each value has one row.
    return { due: due.length, unknownRows: due.length - rows.length };
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
  async #transaction(change: () => void): Promise<void> {
    try {
      await transact(this.environment, change);
      await this.environment.flushed;
    } catch (error) {
      this.store.forgetUncommitted();
      // The transaction may have been committed although it was not synced: its sequence number is used then.
      this.#last = this.#readLast();
      throw error;
    }
  }
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
