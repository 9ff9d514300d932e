import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';
import type { BigtableSettings, EntityType, Feature } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import type { FillableOnlineStore, OnlineRead, OnlineReadAsOf, OnlineVersions, OnlineWrite } from '../online-store.js';
import { cellsOf, deleteRow, qualifierOf, writeCells } from './conditional-write.js';
import { readRows, type RowsBySlot, type StoredCell } from './read-rows.js';
import { contentsKey, rowKey, rowPrefix } from './row-key.js';
import { asStoreError, connect, repeatableOptions, type BigtableConnection } from './store-calls.js';

const CALLS_AT_ONCE = 64;
const HEALTH_DEADLINE_MS = 2000;
/** Dropping a range is an administrative call that takes its time where there is much to drop. */
const CLEAR_DEADLINE_MS = 300_000;

export interface BigtableOptions {
  /** host:port of an emulator. */
  readonly apiEndpoint?: string;
  /** How long a read or the write of one entity may take, attempts included. */
  readonly deadlineMs?: number;
}

/**
 * The online store for more than one machine: one Bigtable table, a row an entity (row-key.ts), a column a feature, a cell
 * a value (cell-codec.ts). docs/google-cloud-bigtable.md says what the table must be like; `featuregraph doctor` checks it.
 */
export class BigtableOnlineStore implements FillableOnlineStore {
  readonly maxEntityIdsPerRead = 1000;
  readonly #connection: BigtableConnection;
  readonly #settings: BigtableSettings;
  readonly #deadlineMs: number;
  readonly versions: OnlineVersions | undefined;

  private constructor(connection: BigtableConnection, settings: BigtableSettings, deadlineMs: number) {
    this.#connection = connection;
    this.#settings = settings;
    this.#deadlineMs = deadlineMs;
    const retention = BigInt(settings.versionRetentionSeconds) * MICROS_PER_SECOND;
    this.versions =
      retention === 0n ? undefined : { retention, readAsOf: (request) => this.#readAsOf(request, retention) };
  }

  static async open(settings: BigtableSettings, options: BigtableOptions = {}): Promise<BigtableOnlineStore> {
    return new BigtableOnlineStore(
      await connect(settings, options.apiEndpoint),
      settings,
      options.deadlineMs ?? 10_000,
    );
  }

  async read({ entityType, entityIds, features, now }: OnlineRead): Promise<FeatureCell[][]> {
    const rows = await this.#newest(entityType, entityIds, features, null);
    return entityIds.map((entityId) => {
      const row = rows.get(rowKey(entityType, entityId));
      return features.map((feature) => {
        const cell = row?.get(feature.name);
        if (cell) return cellAt(cell.value, cell.timestamp, feature.ttl, now);
        // No value was ever written, but rows of its source were: the feature is known to have none.
        const sourceCell = row?.get(sourceSlot(feature.source));
        return sourceCell ? cellAt(null, sourceCell.timestamp, feature.ttl, now) : NOT_FOUND_CELL;
      });
    });
  }

  /**
   * From the older cells that the table still has. They do not say for certain when
   * - the cell is older than the retention, and not the newest of all. What lay between may have been collected. For the
   *   same reason no cell at all says nothing.
   * - the cell of asOf's own millisecond is after asOf. It has replaced what came before it in that millisecond.
   */
  async #readAsOf(
    { entityType, entityIds, features, now, asOf }: OnlineReadAsOf,
    retention: bigint,
  ): Promise<(FeatureCell | undefined)[][]> {
    const isCertain = ({ timestamp, isNewest }: StoredCell): boolean =>
      timestamp === null || (timestamp <= asOf && (isNewest || timestamp >= now - retention));
    const rows = await this.#newest(entityType, entityIds, features, asOf);
    return entityIds.map((entityId) => {
      const row = rows.get(rowKey(entityType, entityId));
      return features.map((feature) => {
        const cell = row?.get(feature.name);
        return cell && isCertain(cell) ? cellAt(cell.value, cell.timestamp, feature.ttl, asOf) : undefined;
      });
    });
  }

  async write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    const entities = [...Map.groupBy(writes, ({ entityId }) => entityId)];
    await this.#call(() =>
      inParallel(entities, CALLS_AT_ONCE, ([entityId, ofEntity]) =>
        writeCells(
          this.#connection.table,
          this.#settings.columnFamily,
          rowKey(entityType, entityId),
          cellsOf(ofEntity),
          this.#deadlineMs,
        ),
      ),
    );
  }

  async delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    await this.#deleteRows(entityIds.map((entityId) => rowKey(entityType, entityId)));
  }

  async clear(entityType: EntityType): Promise<void> {
    // First what says that the rows are there: a process that ends in between leaves a store known to be incomplete.
    await this.#deleteRows([contentsKey(entityType)]);
    await this.#call(() =>
      this.#connection.table.deleteRows(rowPrefix(entityType), repeatableOptions(CLEAR_DEADLINE_MS)),
    );
  }

  /** Kept in the table, not on this machine: many gateways serve from one table, and the first fills it. */
  async filledWith(entityType: EntityType): Promise<string | undefined> {
    const key = contentsKey(entityType);
    const rows = await this.#readRows([key], ['contents'], null, this.#deadlineMs);
    return rows.get(key)?.get('contents')?.value as string | undefined;
  }

  async markFilled(entityType: EntityType, contents: string): Promise<void> {
    const version = { timestamp: null, createdTimestamp: null, sequence: null };
    const cell = { qualifier: qualifierOf('contents'), millis: 0, version, value: contents };
    await this.#call(() =>
      writeCells(
        this.#connection.table,
        this.#settings.columnFamily,
        contentsKey(entityType),
        [cell],
        this.#deadlineMs,
      ),
    );
  }

  async isHealthy(): Promise<boolean> {
    // Any row will do, and one that is never there costs the least.
    return this.#readRows(['$health'], ['contents'], null, HEALTH_DEADLINE_MS).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.#connection.client.close();
  }

  async #newest(
    entityType: EntityType,
    entityIds: readonly string[],
    features: readonly Feature[],
    until: Instant | null,
  ): Promise<RowsBySlot> {
    if (entityIds.length === 0 || entityIds.length > this.maxEntityIdsPerRead) {
      throw new RangeError(`a read takes 1 to ${this.maxEntityIdsPerRead} entity ids, not ${entityIds.length}`);
    }
    const keys = entityIds.map((entityId) => rowKey(entityType, entityId));
    const slots = features.flatMap((feature) => [feature.name, sourceSlot(feature.source)]);
    return this.#readRows(keys, slots, until, this.#deadlineMs);
  }

  async #readRows(
    keys: readonly string[],
    slots: readonly string[],
    until: Instant | null,
    deadlineMs: number,
  ): Promise<RowsBySlot> {
    const { table } = this.#connection;
    return this.#call(() => readRows({ table, family: this.#settings.columnFamily, keys, slots, until, deadlineMs }));
  }

  async #deleteRows(keys: readonly string[]): Promise<void> {
    await this.#call(() =>
      inParallel(keys, CALLS_AT_ONCE, (key) => deleteRow(this.#connection.table, key, this.#deadlineMs)),
    );
  }

  async #call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw asStoreError(error);
    }
  }
}

/** Runs something for each item, some at a time. After a failure none is begun, and those under way are awaited. */
async function inParallel<T>(items: readonly T[], atOnce: number, run: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await run(item);
    } catch (error) {
      next = items.length;
      throw error;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
