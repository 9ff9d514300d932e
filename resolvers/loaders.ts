import DataLoader from 'dataloader';
import type { FeatureStores } from '../serving/feature-stores.js';
import { readAsOf } from '../serving/read-as-of.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { NOT_FOUND_CELL, type FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';

/** An entity as it is asked for: now, or as of a moment. */
export interface EntityKey {
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly asOf: Instant | null;
  /** undefined when nothing but the moment is asked for, as in most reads. */
  readonly options?: ReadOptions | undefined;
}

/** What a read leaves out, and what it gives beside the values that count. */
export interface ReadOptions {
  /** Only rows written by this moment; null: whenever they were written. */
  readonly knownAt: Instant | null;
  /** Values of exactly the moment do not count. */
  readonly strictlyBefore: boolean;
  /** The values of EXPIRED cells are given. */
  readonly includeExpired: boolean;
}

export interface Loaders {
  /** The cells of some features of an entity, in the order of the features. */
  readCells(entity: EntityKey, features: readonly Feature[]): Promise<FeatureCell[]>;
  readCell(entity: EntityKey, feature: Feature): Promise<FeatureCell>;
}

type Cells = ReadonlyMap<Feature, FeatureCell>;

/**
 * The loaders of one request. Never shared between requests: they remember nothing, but two users' reads must not meet.
 *
 * All that is asked in one tick becomes one read a store and entity type: of each entity type one multi-key read of the
 * online store for values now, and one point-in-time query for all other moments together, but for what an online store that
 * has older versions answers itself (read-past.ts). An entity asked for several features is one key: the features wanted
 * gather on it until the batch goes out.
 */
export function createLoaders(stores: FeatureStores, now: Instant): Loaders {
  const online = new Map<EntityType, BatchedReads>();
  const asOf = new Map<EntityType, BatchedReads>();

  const withOptions = new Map<EntityType, Map<string, BatchedReads>>();

  /** Reads that differ in their options are different queries. */
  const readsWithOptions = ({ entityType, asOf }: EntityKey, options: ReadOptions): BatchedReads => {
    const { knownAt, strictlyBefore, includeExpired } = options;
    const isOnline = asOf === null && knownAt === null && !strictlyBefore;
    const key = `${isOnline}/${knownAt}/${strictlyBefore}/${includeExpired}`;
    let byOptions = withOptions.get(entityType);
    if (!byOptions) withOptions.set(entityType, (byOptions = new Map<string, BatchedReads>()));
    let reads = byOptions.get(key);
    if (!reads) {
      const read = isOnline
        ? onlineRead(stores, entityType, now, includeExpired)
        : asOfRead(stores, entityType, now, options);
      byOptions.set(key, (reads = new BatchedReads(read)));
    }
    return reads;
  };

  const readsOf = (entity: EntityKey): BatchedReads => {
    const { entityType, options } = entity;
    if (options) return readsWithOptions(entity, options);
    const byType = entity.asOf === null ? online : asOf;
    let reads = byType.get(entityType);
    if (!reads) {
      const read = entity.asOf === null ? onlineRead(stores, entityType, now) : asOfRead(stores, entityType, now);
      byType.set(entityType, (reads = new BatchedReads(read)));
    }
    return reads;
  };

  return {
    readCells: async (entity, features) => {
      if (features.length === 0) return [];
      const cells = await readsOf(entity).load(entity, features);
      return features.map((feature) => cells.get(feature) ?? NOT_FOUND_CELL);
    },
    readCell: (entity, feature) =>
      readsOf(entity)
        .load(entity, [feature])
        .then((cells) => cells.get(feature) ?? NOT_FOUND_CELL),
  };
}

/** How a store is read: cells[i][j] is feature j of entity i; the store says how many entities it takes at once. */
interface StoreRead {
  readonly maxKeys: number;
  readonly read: (entities: readonly EntityKey[], features: readonly Feature[]) => Promise<FeatureCell[][]>;
}

function onlineRead(stores: FeatureStores, entityType: EntityType, now: Instant, includeExpired = false): StoreRead {
  const store = stores.online(entityType.featurestore);
  return {
    maxKeys: store.maxEntityIdsPerRead,
    read: (entities, features) =>
      store.read({ entityType, entityIds: entities.map(({ entityId }) => entityId), features, now, includeExpired }),
  };
}

function asOfRead(stores: FeatureStores, entityType: EntityType, now: Instant, options?: ReadOptions): StoreRead {
  const online = stores.online(entityType.featurestore);
  const offline = stores.offline(entityType.featurestore);
  return {
    maxKeys: offline.maxLabelsPerRead,
    read: (entities, features) => {
      const labels = entities.map(({ entityId, asOf }) => ({ entityId, time: asOf ?? now }));
      // What an online store keeps of older values says nothing of when they were written, or what came just before them.
      if (options) return offline.pointInTime({ entityType, labels, features, options });
      return readAsOf(online, offline, { entityType, labels, features }, now);
    },
  };
}

interface PendingRead {
  readonly entity: EntityKey;
  readonly wanted: Set<Feature>;
  readonly cells: Promise<Cells>;
}

/** Reads of one entity type from one store, gathered by a DataLoader. */
class BatchedReads {
  /** Reads whose batch has not gone out: more features can still join them. */
  readonly #pending = new Map<string, PendingRead>();
  readonly #loader: DataLoader<string, Cells>;

  constructor(private readonly store: StoreRead) {
    // No cache: #pending joins what is asked together, and a later tick may want other features of the same entity.
    this.#loader = new DataLoader((keys) => this.#flush(keys), { cache: false });
  }

  load(entity: EntityKey, features: readonly Feature[]): Promise<Cells> {
    const key = `${entity.asOf}@${entity.entityId}`;
    let pending = this.#pending.get(key);
    if (!pending) {
      pending = { entity, wanted: new Set(), cells: this.#loader.load(key) };
      this.#pending.set(key, pending);
    }
    for (const feature of features) pending.wanted.add(feature);
    return pending.cells;
  }

  async #flush(keys: readonly string[]): Promise<Cells[]> {
    const reads = keys.map((key) => this.#pending.get(key)!);
    this.#pending.clear();
    const features = [...new Set(reads.flatMap(({ wanted }) => [...wanted]))];
    const entities = reads.map(({ entity }) => entity);
    const chunks: Promise<FeatureCell[][]>[] = [];
    for (let start = 0; start < entities.length; start += this.store.maxKeys) {
      chunks.push(this.store.read(entities.slice(start, start + this.store.maxKeys), features));
    }
    const rows = (await Promise.all(chunks)).flat();
    return rows.map((row) => new Map(features.map((feature, index) => [feature, row[index] ?? NOT_FOUND_CELL])));
  }
}
