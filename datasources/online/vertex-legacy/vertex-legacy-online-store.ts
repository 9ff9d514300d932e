import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import type { Instant } from '../../../values/instant.js';
import { cellAt, NOT_FOUND_CELL, type FeatureCell } from '../../../values/feature-cell.js';
import type { EntityType, Feature, VertexLegacySettings } from '../../registry/model.js';
import { ADMIN_POLICY } from '../../google/retry-policy.js';
import { toVertexStoreError } from '../../google/vertex/store-error.js';
import { decodeValue, type WireValue } from '../../google/vertex/feature-value.js';
import { findNull, newestValues } from '../../google/vertex/newest-values.js';
import { fromProtoTime } from '../../google/vertex/proto-time.js';
import { TtlCache } from '../../google/vertex/ttl-cache.js';
import { legacyEntityTypeName, legacyFeaturestoreName } from '../../google/vertex/resource-names.js';
import { VertexClients, type ClientOptions } from '../../google/vertex/vertex-clients.js';
import type { OnlineRead, OnlineStore, OnlineWrite, WriteFault } from '../online-store.js';

import { readLegacyValues } from './read-values.js';
import { assertTimesInRange, findTimeFault, writeLegacyValues } from './write-values.js';

/**
 * The adapter for values that are still in Vertex AI Feature Store (Legacy), whose API ends on 2027-02-17. Entity types
 * and features have the same names there as in the registry.
 */
export class VertexLegacyOnlineStore implements OnlineStore {
  /** Ten streams of 100 ids, the limit of the service. */
  readonly maxEntityIdsPerRead = 1000;
  readonly #settings: VertexLegacySettings;
  readonly #clients: VertexClients;
  readonly #clock: Clock;
  readonly #health: TtlCache<boolean>;

  constructor(settings: VertexLegacySettings, clients: VertexClients, clock: Clock) {
    this.#settings = settings;
    this.#clients = clients;
    this.#clock = clock;
    this.#health = new TtlCache(() => this.#answers(), clock);
  }

  async read(read: OnlineRead): Promise<FeatureCell[][]> {
    const { entityType, entityIds, features } = read;
    if (entityIds.length === 0 || entityIds.length > this.maxEntityIdsPerRead) {
      throw new RangeError(`a read takes 1 to ${this.maxEntityIdsPerRead} entity ids, not ${entityIds.length}`);
    }
    try {
      const rows = await readLegacyValues(
        this.#clients,
        this.#entityTypeName(entityType),
        [...new Set(entityIds)],
        features.map(({ name }) => name),
      );
      return entityIds.map((entityId) => {
        const row = rows.get(entityId);
        return features.map((feature) => toCell(row?.get(feature.name), feature, read));
      });
    } catch (error) {
      throw toVertexStoreError(entityType.featurestore.name, error);
    }
  }

  /** A write of several requests is not atomic; repeating all of them is safe. */
  async write(entityType: EntityType, writes: readonly OnlineWrite[]): Promise<void> {
    const entities = newestValues(entityType, writes);
    if (entities.size === 0) return;
    assertTimesInRange(entities, this.#clock());
    try {
      await writeLegacyValues(this.#clients, this.#entityTypeName(entityType), entities);
    } catch (error) {
      throw toVertexStoreError(entityType.featurestore.name, error);
    }
  }

  findWriteFault(write: OnlineWrite, now: Instant): WriteFault | undefined {
    const message = findTimeFault(write.version.timestamp, now);
    return message === undefined ? findNull(write) : { feature: null, message };
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

  #entityTypeName(entityType: EntityType): string {
    return legacyEntityTypeName(this.#settings, this.#settings.featurestore, entityType.name);
  }

  async #answers(): Promise<boolean> {
    try {
      const client = await this.#clients.legacyFeaturestores();
      const name = legacyFeaturestoreName(this.#settings, this.#settings.featurestore);
      await client.getFeaturestore({ name }, { timeout: ADMIN_POLICY.attemptMs });
      return true;
    } catch {
      return false;
    }
  }
}

/** The service can delete values, but not from the online store alone. */
function toDeleteRefusal(entityType: EntityType): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `Values of entity type "${entityType.name}" cannot be deleted here: the legacy feature store would delete their ` +
      'history with them.',
    { field: 'entityType' },
  );
}

/**
 * A cell without a value is NOT_FOUND. The service gives the same answer for an unknown entity and for a feature that
 * never had a value, so NULL would be a guess.
 */
function toCell(wire: WireValue | undefined, feature: Feature, { now, includeExpired }: OnlineRead): FeatureCell {
  const value = wire === undefined ? null : decodeValue(feature.valueType, wire);
  if (value === null) return NOT_FOUND_CELL;
  const timestamp = feature.source.timestampColumn === null ? null : fromProtoTime(wire?.metadata?.generateTime);
  return cellAt(value, timestamp, feature.ttl, now, includeExpired);
}

/** Opens the store. `options` is for tests, whose server is not at the region's endpoint. */
export function openVertexLegacyOnlineStore(
  settings: VertexLegacySettings,
  clock: Clock,
  options: ClientOptions = {},
): VertexLegacyOnlineStore {
  return new VertexLegacyOnlineStore(settings, new VertexClients(settings.location, options), clock);
}
