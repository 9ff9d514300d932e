import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import type { Instant } from '../../../values/instant.js';
import { findView } from '../../registry/find-view.js';
import type { EntityType, Feature, VertexFeatureViewSettings } from '../../registry/model.js';
import { ADMIN_POLICY, toDeadline, READ_POLICY } from '../../google/retry-policy.js';
import { toVertexStoreError } from '../../google/vertex/store-error.js';
import { decodeValue } from '../../google/vertex/feature-value.js';
import { findNull, newestValues } from '../../google/vertex/newest-values.js';
import { fromProtoTime } from '../../google/vertex/proto-time.js';
import { TtlCache } from '../../google/vertex/ttl-cache.js';
import { featureOnlineStoreName, featureViewName } from '../../google/vertex/resource-names.js';
import { VertexClients, type ClientOptions } from '../../google/vertex/vertex-clients.js';
import type { OnlineRead, OnlineStore, OnlineWrite, WriteFault } from '../online-store.js';

import { writeDirectly } from './direct-write.js';
import { ViewReader, type ViewRow } from './fetch-values.js';
import { ViewReadiness } from './view-readiness.js';

/** The time of the newest row. A view serves it as a feature with this name or with the name of the column. */
const ROW_TIME = 'feature_timestamp';

/**
 * Newest values in the feature views of a Vertex AI feature online store, one view per entity type.
 * docs/google-cloud-vertex.md lists the differences from other online stores: which side decides nulls, the source of
 * times, and what cannot be deleted.
 */
export class VertexViewOnlineStore implements OnlineStore {
  /** Ten messages of a stream, or as many single requests as can end within the deadline. */
  readonly maxEntityIdsPerRead: number;
  readonly #settings: VertexFeatureViewSettings;
  readonly #clients: VertexClients;
  readonly #reader: ViewReader;
  readonly #readiness: ViewReadiness;
  readonly #health: TtlCache<boolean>;

  constructor(settings: VertexFeatureViewSettings, clients: VertexClients, clock: Clock) {
    this.#settings = settings;
    this.#clients = clients;
    this.maxEntityIdsPerRead = settings.usePreview ? 1000 : 200;
    this.#reader = new ViewReader(clients, settings.usePreview);
    this.#readiness = new ViewReadiness(clients, clock);
    this.#health = new TtlCache(() => this.#answers(), clock);
  }

  async read(read: OnlineRead): Promise<FeatureCell[][]> {
    const { entityType, entityIds, features } = read;
    if (entityIds.length === 0 || entityIds.length > this.maxEntityIdsPerRead) {
      throw new RangeError(`a read takes 1 to ${this.maxEntityIdsPerRead} entity ids, not ${entityIds.length}`);
    }
    const view = this.#findView(entityType);
    try {
      await this.#reader.ready();
      const end = toDeadline(READ_POLICY);
      const rows = await this.#reader.read(view, [...new Set(entityIds)], entityType.entityIdColumns, end);
      const found = [...rows.values()];
      if (found.some((row) => row !== null)) this.#readiness.hasServed(view);
      if (found.includes(null)) await this.#readiness.confirm(view, entityType, end);
      return entityIds.map((entityId) => {
        const row = rows.get(entityId);
        return features.map((feature) => (row ? toCell(row, feature, read) : NOT_FOUND_CELL));
      });
    } catch (error) {
      throw toVertexStoreError(entityType.featurestore.name, error);
    }
  }

  /** The write is not atomic across entities, because the service confirms each one; repeating all of them is safe. */
  async write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    const entities = newestValues(entityType, writes);
    if (entities.size === 0) return;
    try {
      await writeDirectly(this.#clients, this.#findView(entityType), entities, entityType.entityIdColumns);
    } catch (error) {
      throw toVertexStoreError(entityType.featurestore.name, error);
    }
  }

  findWriteFault(write: OnlineWrite): WriteFault | undefined {
    return findNull(write);
  }

  async delete(entityType: EntityType, _entityIds: readonly string[]): Promise<void> {
    throw toDeleteRefusal(entityType);
  }

  async isHealthy(): Promise<boolean> {
    return this.#health.get();
  }

  async close(): Promise<void> {
    await this.#clients.close();
  }

  #findView(entityType: EntityType): string {
    const { settings, view } = findView(this.#settings, entityType.name);
    return featureViewName(settings, settings.featureOnlineStore, view);
  }

  async #answers(): Promise<boolean> {
    try {
      const admin = await this.#clients.featureOnlineStores();
      const name = featureOnlineStoreName(this.#settings, this.#settings.featureOnlineStore);
      await admin.getFeatureOnlineStore({ name }, { timeout: ADMIN_POLICY.attemptMs });
      return true;
    } catch {
      return false;
    }
  }
}

/** Neither a direct write nor deleting a row in BigQuery removes a value from a view. */
function toDeleteRefusal(entityType: EntityType): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `Values of entity type "${entityType.name}" cannot be deleted: a feature view keeps what it was given until the view ` +
      'itself is deleted. Make a new view and name it in the registry.',
    { field: 'entityType' },
  );
}

/**
 * The view has the entity, so a feature without a value is NULL. The time of a value is its own where the service
 * returns one, otherwise the time of the newest row. Where the service returns neither, the time is unknown and no ttl
 * can apply.
 */
function toCell(row: ViewRow, feature: Feature, { now, includeExpired }: OnlineRead): FeatureCell {
  // The service does not document whether it serves a feature of another column under the feature's name or the
  // column's; both names mean one value.
  const wire = row.get(feature.name) ?? row.get(feature.column) ?? {};
  const value = decodeValue(feature.valueType, wire);
  const timestamp =
    feature.source.timestampColumn === null
      ? null
      : (fromProtoTime(wire.metadata?.generateTime) ?? readRowTime(row, feature));
  return cellAt(value, timestamp, feature.ttl, now, includeExpired);
}

function readRowTime(row: ViewRow, { source }: Feature): Instant | null {
  const time = row.get(ROW_TIME) ?? row.get(source.timestampColumn ?? '');
  return time === undefined ? null : (decodeValue('TIMESTAMP', time) as Instant | null);
}

/** Opens the store. `options` is for tests, whose server is not at the region's endpoint. */
export function openVertexViewOnlineStore(
  settings: VertexFeatureViewSettings,
  clock: Clock,
  options: ClientOptions = {},
): VertexViewOnlineStore {
  return new VertexViewOnlineStore(settings, new VertexClients(settings.location, options), clock);
}
