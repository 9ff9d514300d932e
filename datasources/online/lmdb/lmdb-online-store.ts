import { open, type Database, type RootDatabase } from 'lmdb';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import type { EntityType, Feature } from '../../registry/model.js';
import type { FillableOnlineStore, FillRequest, OnlineRead, OnlineWrite } from '../online-store.js';
import { mergeWrite } from './merge-write.js';
import { encodeRow, RowReader, type Slot } from './row-codec.js';
import { SlotNumbers } from './slot-numbers.js';
import type { FindSource, StoredEntity } from '../write-log.js';
import { LmdbWriteLog, WRITE_LOG_DATABASES } from './lmdb-write-log.js';

/**
 * The maximum number of named databases (one per entity type) in the file. LMDB fixes it at opening; an unused one
 * costs nothing.
 */
const MAX_ENTITY_TYPES = 1000;

/**
 * The embedded online store: one LMDB environment with one database per entity type and one row per entity. Reads are
 * memory-mapped and synchronous: they take microseconds and need no copy and no thread.
 */
export class LmdbOnlineStore implements FillableOnlineStore {
  readonly maxEntityIdsPerRead = 1000;
  readonly #environment: RootDatabase;
  readonly #numbers: SlotNumbers;
  readonly #fills: Database<string, string>;
  readonly #rows = new Map<EntityType, Database<Buffer, Buffer>>();

  constructor(path: string) {
    this.#environment = open({ path, maxDbs: MAX_ENTITY_TYPES + 2 + WRITE_LOG_DATABASES, noSubdir: false });
    this.#numbers = new SlotNumbers(this.#environment);
    this.#fills = this.#environment.openDB<string, string>({ name: 'contents' });
  }

  async read({ entityType, entityIds, features, now, includeExpired }: OnlineRead): Promise<FeatureCell[][]> {
    if (entityIds.length === 0 || entityIds.length > this.maxEntityIdsPerRead) {
      throw new RangeError(`a read takes 1 to ${this.maxEntityIdsPerRead} entity ids, not ${entityIds.length}`);
    }
    const rows = this.#rowKeys(entityType);
    const columns = features.map((feature) => ({
      feature,
      number: this.#numbers.find(entityType, feature.name),
      sourceNumber: this.#numbers.findSource(feature.source),
    }));
    return entityIds.map((entityId) => {
      // LMDB reuses this buffer at the next get, so all cells of a row are decoded first.
      const bytes = rows.getBinaryFast(Buffer.from(entityId));
      if (bytes === undefined) return columns.map(() => NOT_FOUND_CELL);
      const row = new RowReader(bytes);
      return columns.map(({ feature, number, sourceNumber }) =>
        readCell(row, feature, number, sourceNumber, now, includeExpired),
      );
    });
  }

  async write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const merged = this.#environment.transaction(() => this.#merge(entityType, writes));
    await merged.catch((error: unknown) => {
      this.#numbers.forgetUncommitted();
      throw error;
    });
    // The transaction is visible now, but a power cut could still undo it: acknowledge when it is on disk.
    await this.#environment.flushed;
  }

  async delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    await this.#environment.transaction(() => this.#remove(entityType, entityIds));
    await this.#environment.flushed;
  }

  /** The log of writes in the same file: one transaction changes both. */
  openLog(findSource: FindSource): LmdbWriteLog {
    return new LmdbWriteLog(this.#environment, findSource, {
      merge: (entityType, writes) => this.#merge(entityType, writes),
      remove: (entityType, entityIds) => this.#remove(entityType, entityIds),
      find: (entityType, entityId) => this.#find(entityType, entityId),
      forgetUncommitted: () => this.#numbers.forgetUncommitted(),
    });
  }

  async currentFill(entityType: EntityType): Promise<string | undefined> {
    return this.#fills.get(databaseName(entityType));
  }

  /**
   * Fills from empty. The one process that has the file open serves only after the fill, so no reader sees an
   * incomplete fill.
   */
  async fill(entityType: EntityType, { fingerprint: contents, readWrites: writesOf }: FillRequest): Promise<boolean> {
    await this.#fills.remove(databaseName(entityType));
    await this.#rowKeys(entityType).clearAsync();
    await this.#environment.flushed;
    for (const source of entityType.sources) {
      for await (const writes of writesOf(source)) await this.write(entityType, writes);
    }
    await this.#fills.put(databaseName(entityType), contents);
    await this.#environment.flushed;
    return true;
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

  /** Call this inside a write transaction only. */
  #merge(entityType: EntityType, writes: readonly OnlineWrite[]): void {
    const rows = this.#rowKeys(entityType);
    for (const [entityId, ofEntity] of Map.groupBy(writes, (write) => write.entityId)) {
      const key = Buffer.from(entityId);
      const stored = rows.getBinary(key);
      const slots = stored === undefined ? new Map<number, Slot>() : new RowReader(stored).slots();
      for (const write of ofEntity) mergeWrite(slots, write, this.#numbers);
      void rows.put(key, encodeRow(slots));
    }
  }

  /** Call this inside a write transaction only. */
  #remove(entityType: EntityType, entityIds: readonly string[]): void {
    for (const entityId of entityIds) void this.#rowKeys(entityType).remove(Buffer.from(entityId));
  }

  #find(entityType: EntityType, entityId: string): StoredEntity | undefined {
    const bytes = this.#rowKeys(entityType).getBinary(Buffer.from(entityId));
    if (bytes === undefined) return undefined;
    const row = new RowReader(bytes);
    return (slot) => {
      const number = this.#numbers.find(entityType, slot);
      const position = number === undefined ? -1 : row.find(number);
      return position < 0 ? undefined : { timestamp: row.timestamp(position), value: row.value(position) };
    };
  }

  #rowKeys(entityType: EntityType): Database<Buffer, Buffer> {
    let rows = this.#rows.get(entityType);
    if (!rows) {
      rows = this.#environment.openDB<Buffer, Buffer>({
        name: databaseName(entityType),
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      this.#rows.set(entityType, rows);
    }
    return rows;
  }
}

function databaseName(entityType: EntityType): string {
  return `${entityType.featurestore.name}/${entityType.name}`;
}

function readCell(
  row: RowReader,
  feature: Feature,
  number: number | undefined,
  sourceNumber: number | undefined,
  now: bigint,
  includeExpired: boolean | undefined,
): FeatureCell {
  const position = number === undefined ? -1 : row.find(number);
  if (position >= 0) return cellAt(row.value(position), row.timestamp(position), feature.ttl, now, includeExpired);
  // No value was ever written, but rows of its source were: the feature is NULL.
  const sourcePosition = sourceNumber === undefined ? -1 : row.find(sourceNumber);
  if (sourcePosition < 0) return NOT_FOUND_CELL;
  return cellAt(null, row.timestamp(sourcePosition), feature.ttl, now);
}
