import type { Clock } from '../../../values/clock.js';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import { MICROS_PER_SECOND, type Instant } from '../../../values/instant.js';
import { forEachConcurrent } from '../../../runtime/for-each-concurrent.js';
import type { BigtableSettings, EntityType, Feature } from '../../registry/model.js';
import { sourceSlot } from '../merge-rule.js';
import type {
  FillableOnlineStore,
  FillRequest,
  OnlineRead,
  OnlineReadAsOf,
  OnlineVersions,
  OnlineWrite,
} from '../online-store.js';
import { toCells, deleteRow, writeCells, type WriteTarget } from './conditional-write.js';
import { FillStateRow, type FillState } from './fill-state-row.js';
import { toOnlineStartError, toServingError } from './store-errors.js';
import { fillEntityType } from './fill.js';
import { columnsOf } from './column-ranges.js';
import { readRows, type RowsBySlot, type RowsRead, type StoredCell } from './read-rows.js';
import { fillStateKey, rowKey } from './row-key.js';
import { MAX_CONCURRENT_CALLS, connect, type BigtableConnection } from '../../google/bigtable/client.js';

const HEALTH_DEADLINE_MS = 2000;
const LEASE_MS = 60_000;

export interface BigtableOptions {
  readonly clock: Clock;
  readonly newId: () => string;
  /** host:port of an emulator. */
  readonly apiEndpoint?: string;
  /** How long the write of one entity may take, with all attempts. The settings name the limit for reads. */
  readonly writeDeadlineMs?: number;
  /** How long other gateways wait for a gateway that fills the table and no longer renews its lease. */
  readonly leaseMs?: number;
}

/**
 * The online store for several machines: one Bigtable table with one row per entity (row-key.ts), one column per
 * feature and one cell per value (cell-codec.ts). docs/google-cloud-bigtable.md describes the table; `featuregraph
 * doctor` checks it.
 */
export class BigtableOnlineStore implements FillableOnlineStore {
  readonly maxEntityIdsPerRead = 1000;
  readonly versions: OnlineVersions | undefined;
  readonly #connection: BigtableConnection;
  readonly #settings: BigtableSettings;
  readonly #options: BigtableOptions;
  readonly #target: WriteTarget;

  private constructor(connection: BigtableConnection, settings: BigtableSettings, options: BigtableOptions) {
    this.#connection = connection;
    this.#settings = settings;
    this.#options = options;
    const { writeDeadlineMs = 10_000 } = options;
    this.#target = { table: connection.table, family: settings.columnFamily, deadlineMs: writeDeadlineMs };
    const retention = BigInt(settings.versionRetentionSeconds) * MICROS_PER_SECOND;
    this.versions =
      retention === 0n ? undefined : { retention, readAsOf: (request) => this.#readAsOf(request, retention) };
  }

  static async open(settings: BigtableSettings, options: BigtableOptions): Promise<BigtableOnlineStore> {
    const connection = await duringStart(settings, () => connect(settings, options.apiEndpoint));
    return new BigtableOnlineStore(connection, settings, options);
  }

  async read({ entityType, entityIds, features, now, includeExpired }: OnlineRead): Promise<FeatureCell[][]> {
    const rows = await this.#newest(entityType, entityIds, features, null);
    return entityIds.map((entityId) => {
      const row = rows.get(rowKey(entityType, entityId));
      return features.map((feature) => {
        const cell = row?.get(feature.name);
        if (cell) return cellAt(cell.value, cell.timestamp, feature.ttl, now, includeExpired);
        // No value was ever written, but rows of its source were: the feature is NULL.
        const sourceCell = row?.get(sourceSlot(feature.source));
        return sourceCell ? cellAt(null, sourceCell.timestamp, feature.ttl, now) : NOT_FOUND_CELL;
      });
    });
  }

  /**
   * Reads the older cells that the table still has. They do not answer for certain in these cases:
   * - The cell is older than the retention and is not the newest of all. Garbage collection may have removed cells
   *   between it and `asOf`. For the same reason, a missing cell proves nothing.
   * - The cell has the millisecond of `asOf` but is later than `asOf`. It replaced the earlier value of that
   *   millisecond.
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
      forEachConcurrent(entities, MAX_CONCURRENT_CALLS, ([entityId, ofEntity]) =>
        writeCells(this.#target, rowKey(entityType, entityId), toCells(ofEntity)),
      ),
    );
  }

  async delete(entityType: EntityType, entityIds: readonly string[]): Promise<void> {
    await this.#call(() =>
      forEachConcurrent(entityIds, MAX_CONCURRENT_CALLS, (entityId) =>
        deleteRow(this.#target, rowKey(entityType, entityId)),
      ),
    );
  }

  async currentFill(entityType: EntityType, isServing = false): Promise<string | undefined> {
    const row = new FillStateRow(this.#target, fillStateKey(entityType));
    const look = (): Promise<FillState> => row.read();
    return (await (isServing ? this.#call(look) : duringStart(this.#settings, look))).fingerprint;
  }

  async fill(entityType: EntityType, filling: FillRequest): Promise<boolean> {
    const { clock, newId, leaseMs = LEASE_MS } = this.#options;
    const terms = { clock, filling: newId(), leaseMs, rowsPerSecond: this.#settings.fillRowsPerSecond };
    return duringStart(this.#settings, () => fillEntityType(this.#target, entityType, filling, terms));
  }

  async isHealthy(): Promise<boolean> {
    // The check reads a row that never exists, because that read costs the least.
    return this.#readRows({ keys: ['$health'], slots: ['contents'], until: null, deadlineMs: HEALTH_DEADLINE_MS }).then(
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
    const columns = columnsOf(entityType);
    return this.#readRows({ keys, slots, columns, until, deadlineMs: this.#settings.readDeadlineMs });
  }

  async #readRows(read: Omit<RowsRead, 'table' | 'family'>): Promise<RowsBySlot> {
    return this.#call(() => readRows({ ...this.#target, ...read }));
  }

  async #call<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw toServingError(this.#settings, error);
    }
  }
}

/** Runs a step before the gateway serves. A failure ends the start; its message is for the operator. */
async function duringStart<T>(settings: BigtableSettings, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toOnlineStartError(settings, error);
  }
}
