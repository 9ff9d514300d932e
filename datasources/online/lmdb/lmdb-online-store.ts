import type { Database, RootDatabase } from 'lmdb';
import { clearDatabase, openLmdb, transact } from '../../../runtime/lmdb.js';
import { NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import { emptyRowTexts, rowTexts, type RowTexts } from '../../../values/row-texts.js';
import type { EntityType } from '../../registry/model.js';
import type { FillableOnlineStore, FillExtension, FillRequest, OnlineRead, OnlineWrite } from '../online-store.js';
import { copyWrittenValues, mergeRows, type RunningFill } from './fill.js';
import { databaseName, Generations } from './generations.js';
import { FILLS } from './read-fills.js';
import { addNames, findBefore, forgetNames, type RenameStores } from './rename.js';
import { toKey } from './row-key.js';
import { sourceSlot } from '../merge-rule.js';
import { RowReader } from './row-codec.js';
import { makeRowTexts, readRowCells, readRowTexts } from './read-row.js';
import { SlotNumbers, type NumberedColumn } from './slot-numbers.js';
import { isComparable } from './stored-time.js';
import type { FindEntity, FindSource, StoredEntity } from '../write-log.js';
import { HISTORY_DATABASES, LmdbHistory } from './lmdb-history.js';
import { LmdbWriteLog, WRITE_LOG_DATABASES } from './lmdb-write-log.js';

/**
 * The maximum number of entity types in the file, with two named databases each. LMDB fixes it at opening; an unused
 * one costs nothing.
 */
const MAX_ENTITY_TYPES = 1000;

/**
 * The maximum number of writes that extend a fill. They are one transaction, for which writers wait about half a second.
 * More are a whole fill: it blocks no read, and replaces the served values in one step too.
 */
const MAX_EXTENDED_WRITES = 50_000;

/**
 * The embedded online store: one LMDB environment with a served database per entity type and one row per entity. Reads are
 * memory-mapped and synchronous: they take microseconds and need no copy and no thread.
 */
export class LmdbOnlineStore implements FillableOnlineStore {
  readonly maxEntityIdsPerRead = 1000;
  readonly #environment: RootDatabase;
  readonly #numbers: SlotNumbers;
  readonly #fills: Database<string, string>;
  readonly #generations: Generations;
  /** By the name of the database. */
  readonly #filling = new Map<string, RunningFill>();
  /** The entities that were deleted since an extension of a fill began, by the name of the database. */
  readonly #extending = new Map<string, Set<string>>();
  #history: LmdbHistory | undefined;

  constructor(path: string) {
    this.#environment = openLmdb({ path, maxDbs: 2 * MAX_ENTITY_TYPES + 2 + WRITE_LOG_DATABASES + HISTORY_DATABASES });
    this.#numbers = new SlotNumbers(this.#environment);
    this.#fills = this.#environment.openDB<string, string>({ name: FILLS });
    this.#generations = new Generations(this.#environment, this.#fills);
  }

  async read(request: OnlineRead): Promise<FeatureCell[][]> {
    const { now, includeExpired } = request;
    return this.#readRows(request, (row, columns) =>
      row ? readRowCells(row, columns, now, includeExpired) : columns.map(() => NOT_FOUND_CELL),
    );
  }

  async readTexts(request: OnlineRead): Promise<RowTexts[]> {
    const { features, now, includeExpired = false } = request;
    if (!isComparable(now)) return rowTexts(features, await this.read(request));
    const nowMicros = Number(now);
    return makeRowTexts((shared) =>
      this.#readRows(request, (row, columns) =>
        row
          ? readRowTexts(row, { ...shared, columns, nowMicros, includeExpired })
          : emptyRowTexts(columns.length, 'NOT_FOUND'),
      ),
    );
  }

  /** `readRow` gets undefined for an entity without a row. */
  #readRows<Row>(
    { entityType, entityIds, features }: OnlineRead,
    readRow: (row: RowReader | undefined, columns: readonly NumberedColumn[]) => Row,
  ): Row[] {
    if (entityIds.length === 0 || entityIds.length > this.maxEntityIdsPerRead) {
      throw new RangeError(`a read takes 1 to ${this.maxEntityIdsPerRead} entity ids, not ${entityIds.length}`);
    }
    const rows = this.#generations.served(entityType);
    const columns = this.#numbers.columnsOf(features);
    return entityIds.map((entityId) => {
      // LMDB reuses this buffer at the next get, so all cells of a row are decoded first.
      const bytes = rows.getBinaryFast(toKey(entityId));
      return readRow(bytes && new RowReader(bytes), columns);
    });
  }

  async write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const merged = transact(this.#environment, () => this.#merge(entityType, writes));
    await merged.catch((error: unknown) => {
      this.#numbers.forgetUncommitted();
      throw error;
    });
    // The transaction is visible now, but a power cut could still undo it: acknowledge when it is on disk.
    await this.#environment.flushed;
  }

  async delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    await transact(this.#environment, () => this.#remove(entityType, entityIds));
    await this.#environment.flushed;
  }

  /** The key-value history in the same file. Open it before the log, which brings its commits into the history. */
  openHistory(): LmdbHistory {
    return (this.#history ??= new LmdbHistory(this.#environment, this.#numbers));
  }

  /** The log of writes in the same file: one transaction changes both. */
  openLog(findSource: FindSource): LmdbWriteLog {
    return new LmdbWriteLog(this.#environment, findSource, {
      history: this.#history,
      merge: (entityType, writes) => this.#merge(entityType, writes),
      remove: (entityType, entityIds) => this.#remove(entityType, entityIds),
      finder: (entityType) => this.#finder(entityType),
      forgetUncommitted: () => this.#numbers.forgetUncommitted(),
    });
  }

  async currentFill(entityType: EntityType): Promise<string | undefined> {
    return this.#fills.get(databaseName(entityType));
  }

  async isServable(entityType: EntityType): Promise<boolean> {
    return this.#generations.isChosen(entityType) || this.#fills.get(databaseName(entityType)) !== undefined;
  }

  /**
   * Fills a second database beside the served one, then serves it, in one transaction. Writes during the fill go to
   * both. A fill that fails or is killed leaves the served values unchanged.
   */
  async fill(entityType: EntityType, { fingerprint, readWrites }: FillRequest): Promise<boolean> {
    const name = databaseName(entityType);
    if (this.#filling.has(name)) throw new Error(`two fills of ${name} run at the same time`);
    const rows = this.#generations.spare(entityType);
    await transact(this.#environment, () => {
      if (this.#fills.get(name) !== undefined) this.#generations.keep(entityType);
      void this.#fills.remove(name);
    });
    await clearDatabase(rows);
    const fill: RunningFill = { rows, deleted: new Set() };
    this.#filling.set(name, fill);
    try {
      await copyWrittenValues(this.#environment, entityType, this.#generations.served(entityType), fill, this.#numbers);
      for (const source of entityType.sources) {
        for await (const writes of readWrites(source)) await this.#addToFill(fill, writes);
      }
      await this.#serve(entityType, fingerprint);
    } finally {
      this.#filling.delete(name);
    }
    await this.#environment.flushed;
    // A read takes no break between its rows, so none still reads the database that was served before.
    await clearDatabase(this.#generations.spare(entityType));
    return true;
  }

  /** In one transaction: a reader, and a process that starts after a kill, finds all added values or none. */
  async extendFill(entityType: EntityType, { expectedFill, fingerprint, readWrites }: FillExtension): Promise<boolean> {
    const name = databaseName(entityType);
    if (this.#filling.has(name) || this.#extending.has(name)) return false;
    // An entity that is deleted after its rows were read does not come back with them.
    const deleted = new Set<string>();
    this.#extending.set(name, deleted);
    try {
      const added: OnlineWrite[] = [];
      for (const source of entityType.sources) {
        for await (const writes of readWrites(source)) {
          added.push(...writes);
          if (added.length > MAX_EXTENDED_WRITES) return false;
        }
      }
      const extended = transact(this.#environment, () => {
        if (this.#fills.get(name) !== expectedFill) return false;
        this.#merge(
          entityType,
          added.filter(({ entityId }) => !deleted.has(entityId)),
        );
        void this.#fills.put(name, fingerprint);
        return true;
      });
      const isExtended = await extended.catch((error: unknown) => {
        this.#numbers.forgetUncommitted();
        throw error;
      });
      await this.#environment.flushed;
      return isExtended;
    } finally {
      this.#extending.delete(name);
    }
  }

  /** Makes values readable by the new names of their entity type, source and feature; the old names stay readable. */
  async addNames(entityTypes: readonly EntityType[]): Promise<void> {
    for (const entityType of entityTypes) await addNames(this.#renameStores(), entityType);
  }

  /** Removes the old names, after the last reader by them. */
  async forgetNames(entityTypes: readonly EntityType[]): Promise<void> {
    for (const entityType of entityTypes) await forgetNames(this.#renameStores(), entityType);
  }

  #renameStores(): RenameStores {
    return {
      environment: this.#environment,
      contents: this.#fills,
      generations: this.#generations,
      numbers: this.#numbers,
    };
  }

  async isHealthy(): Promise<boolean> {
    try {
      this.#environment.getStats();
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#environment.close();
  }

  /** Call this inside a write transaction: a fill may have ended while the transaction waited. */
  #merge(entityType: EntityType, writes: readonly OnlineWrite[]): void {
    mergeRows(this.#generations.served(entityType), writes, this.#numbers);
    const fill = this.#filling.get(databaseName(entityType));
    if (fill) mergeRows(fill.rows, writes, this.#numbers);
  }

  /** Call this inside a write transaction. */
  #remove(entityType: EntityType, entityIds: readonly string[]): void {
    this.#history?.remove(entityType, entityIds);
    const fill = this.#filling.get(databaseName(entityType));
    const before = findBefore({ contents: this.#fills }, entityType);
    for (const entityId of entityIds) {
      if (before) void this.#generations.served(before).remove(Buffer.from(entityId));
      void this.#generations.served(entityType).remove(Buffer.from(entityId));
      void fill?.rows.remove(Buffer.from(entityId));
      fill?.deleted.add(entityId);
      this.#extending.get(databaseName(entityType))?.add(entityId);
    }
  }

  #finder(entityType: EntityType): FindEntity {
    const rows = this.#generations.served(entityType);
    // Now: finding a number may read LMDB, and a read reuses the buffer of a row.
    const numbers = new Map<string, number | undefined>();
    for (const source of entityType.sources) {
      numbers.set(sourceSlot(source), this.#numbers.findSource(source));
      for (const { name } of source.features) numbers.set(name, this.#numbers.find(entityType, name));
    }
    let row: RowReader;
    const find: StoredEntity = (slot) => {
      const number = numbers.get(slot);
      const position = number === undefined ? -1 : row.find(number);
      return position < 0 ? undefined : { timestamp: row.timestamp(position), value: row.value(position) };
    };
    return (entityId) => {
      const bytes = rows.getBinaryFast(toKey(entityId));
      if (bytes === undefined) return undefined;
      row = new RowReader(bytes);
      return find;
    };
  }

  async #addToFill({ rows, deleted }: RunningFill, writes: readonly OnlineWrite[]): Promise<void> {
    const merged = transact(this.#environment, () => mergeRows(rows, writes, this.#numbers, deleted));
    await merged.catch((error: unknown) => {
      this.#numbers.forgetUncommitted();
      throw error;
    });
  }

  async #serve(entityType: EntityType, fingerprint: string): Promise<void> {
    const name = databaseName(entityType);
    let undo = (): void => undefined;
    const swapped = transact(this.#environment, () => {
      undo = this.#generations.swap(entityType);
      // From this transaction on, writes go to the new database alone.
      this.#filling.delete(name);
      void this.#fills.put(name, fingerprint);
    });
    await swapped.catch((error: unknown) => {
      undo();
      throw error;
    });
  }
}
