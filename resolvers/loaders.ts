import DataLoader from 'dataloader';
import { NO_AUDIT_TRAIL, type AuditTrail } from '../auth/audit/audit-trail.js';
import type { Access } from '../auth/policy/access.js';
import { inSpan } from '../runtime/spans.js';
import { turns } from '../runtime/turns.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import { readAsOf } from '../serving/read-as-of.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { DENIED_CELL, NOT_FOUND_CELL, type FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';

/** An entity and the point in time of its values. */
export interface EntityKey {
  readonly entityType: EntityType;
  readonly entityId: string;
  readonly asOf: Instant | null;
  /** undefined if the read has no options, as most reads. */
  readonly options?: ReadOptions | undefined;
}

/** The options of a read. */
export interface ReadOptions {
  /** The read uses rows written at or before this time. null: all rows. */
  readonly knownAt: Instant | null;
  /** The read does not use values at exactly the point in time. */
  readonly strictlyBefore: boolean;
  /** EXPIRED cells keep their values. */
  readonly includeExpired: boolean;
}

export interface Loaders {
  /** The cells of some features of an entity, in the order of the features. */
  readCells(entity: EntityKey, features: readonly Feature[]): Promise<FeatureCell[]>;
  readCell(entity: EntityKey, feature: Feature): Promise<FeatureCell>;
}

const DENIED = Promise.resolve(DENIED_CELL);

/**
 * Makes the loaders of one request. Requests share no loaders, so that reads of two principals are never in one batch.
 *
 * All reads of one tick become one read for each store and entity type: one multi-key read of the online store for current
 * values, and one point-in-time query for all other points in time. An online store that keeps older versions answers some of
 * these itself (serving/read-as-of.ts). An entity is one key: its features are collected until the batch is sent.
 *
 * This is where the policy of reads is kept: a feature that the principal may not read of an entity is DENIED and is not
 * asked of a store, so neither its values nor the time of the read tell anything.
 */
export function createLoaders(
  stores: FeatureStores,
  now: Instant,
  access: Access,
  audit: AuditTrail = NO_AUDIT_TRAIL,
): Loaders {
  const online = new Map<EntityType, BatchedReads>();
  const asOf = new Map<EntityType, BatchedReads>();

  const withOptions = new Map<EntityType, Map<string, BatchedReads>>();

  const noteOf =
    (entityType: EntityType): NoteRead =>
    (entities, features) =>
      audit.read(entityType, entities, features);

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
      byOptions.set(key, (reads = new BatchedReads(read, noteOf(entityType))));
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
      byType.set(entityType, (reads = new BatchedReads(read, noteOf(entityType))));
    }
    return reads;
  };

  return {
    readCells: async (entity, features) => {
      if (features.length === 0) return [];
      const reads = access.reads(entity.entityType);
      if (reads.isFull) {
        return (await readsOf(entity).load(entity, features)).pick(features);
      }
      const permitted = reads.ofEntity(entity.entityId);
      const read = features.filter((feature) => permitted.has(feature));
      if (read.length < features.length) {
        const denied = features.filter((feature) => !permitted.has(feature));
        audit.denied(entity.entityType, entity.entityId, denied);
      }
      const cells = read.length === 0 ? undefined : await readsOf(entity).load(entity, read);
      return features.map((feature) => (cells && permitted.has(feature) ? cells.at(feature) : DENIED_CELL));
    },
    readCell: (entity, feature) => {
      if (access.reads(entity.entityType).has(feature, entity.entityId)) {
        return readsOf(entity)
          .load(entity, [feature])
          .then((cells) => cells.at(feature));
      }
      audit.denied(entity.entityType, entity.entityId, [feature]);
      return DENIED;
    },
  };
}

/** A read of a store: cells[i][j] is feature j of entity i. `maxKeys` is the number of entities in one read. */
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
      // Older versions in the online store have no creation time, and not every earlier value.
      if (options) return offline.pointInTime({ entityType, labels, features, options });
      return readAsOf(online, offline, { entityType, labels, features }, now);
    },
  };
}

/** Entities whose fields are resolved in one turn of the event loop: some milliseconds for a hundred features. */
const ENTITIES_PER_TURN = 50;

/**
 * The results of a large batch, in slices: each slice is resolved in a turn of its own. Otherwise the fields of 10,000
 * entities would all be resolved at once, and no other request would be served in that second.
 */
function inTurns<Item, Result>(items: readonly Item[], map: (item: Item) => Result): Promise<Result>[] {
  const results: Promise<Result>[] = [];
  let slice: Promise<void> = Promise.resolve();
  items.forEach((item, index) => {
    if (index % ENTITIES_PER_TURN === 0) slice = slice.then(() => turns.take());
    const after = slice;
    results.push(after.then(() => map(item)));
  });
  return results;
}

/** The features of one batch: all its rows have them in this order. */
class Columns {
  readonly #indexes: ReadonlyMap<Feature, number>;

  constructor(readonly features: readonly Feature[]) {
    this.#indexes = new Map(features.map((feature, index) => [feature, index]));
  }

  indexOf(feature: Feature): number {
    return this.#indexes.get(feature) ?? -1;
  }

  /** Whether these are the features, in their order: most reads of a batch ask for the same. */
  areThese(features: readonly Feature[]): boolean {
    return (
      features.length === this.features.length && features.every((feature, index) => feature === this.features[index])
    );
  }
}

/** The cells of one entity. */
class Cells {
  constructor(
    private readonly columns: Columns,
    private readonly row: FeatureCell[],
  ) {}

  at(feature: Feature): FeatureCell {
    return this.row[this.columns.indexOf(feature)] ?? NOT_FOUND_CELL;
  }

  pick(features: readonly Feature[]): FeatureCell[] {
    return this.columns.areThese(features) ? this.row : features.map((feature) => this.at(feature));
  }
}

interface PendingRead {
  readonly entity: EntityKey;
  readonly cells: Promise<Cells>;
}

/** Is told of each batch that a store is asked for. */
type NoteRead = (entities: readonly EntityKey[], features: readonly Feature[]) => void;

/** Reads of one entity type from one store, batched by a DataLoader. */
class BatchedReads {
  /** Reads whose batch is not sent yet: more features can be added to them. */
  readonly #pending = new Map<string, PendingRead>();
  /** What any of them asked for: the store reads it of all of them. */
  #wanted = new Set<Feature>();
  #lastWanted: readonly Feature[] = [];
  readonly #loader: DataLoader<string, Cells>;

  constructor(
    private readonly store: StoreRead,
    private readonly noteRead: NoteRead,
  ) {
    // No cache: #pending joins the reads of a tick, and a later tick can need other features of the same entity.
    // DataLoader resolves the promise of a key with its value: a promise as the value delays that key alone.
    this.#loader = new DataLoader<string, Cells>((keys) => this.#flush(keys) as Promise<Cells[]>, { cache: false });
  }

  load(entity: EntityKey, features: readonly Feature[]): Promise<Cells> {
    const key = `${entity.asOf}@${entity.entityId}`;
    let pending = this.#pending.get(key);
    if (!pending) {
      pending = { entity, cells: this.#loader.load(key) };
      this.#pending.set(key, pending);
    }
    this.#want(features);
    return pending.cells;
  }

  /** The entities of a list ask for the same features, one after the other. */
  #want(features: readonly Feature[]): void {
    const last = this.#lastWanted;
    if (features.length === last.length && features.every((feature, index) => feature === last[index])) return;
    this.#lastWanted = features;
    for (const feature of features) this.#wanted.add(feature);
  }

  #flush(keys: readonly string[]): Promise<(Cells | Promise<Cells>)[]> {
    return inSpan(
      'loader.batch',
      () => this.#read(keys),
      () => ({ attributes: { 'featuregraph.entities': keys.length } }),
    );
  }

  async #read(keys: readonly string[]): Promise<(Cells | Promise<Cells>)[]> {
    const reads = keys.map((key) => this.#pending.get(key)!);
    const features = [...this.#wanted];
    this.#pending.clear();
    this.#wanted = new Set();
    this.#lastWanted = [];
    const entities = reads.map(({ entity }) => entity);
    this.noteRead(entities, features);
    const chunks: Promise<FeatureCell[][]>[] = [];
    for (let start = 0; start < entities.length; start += this.store.maxKeys) {
      // Most reads are one chunk, which needs no look at the clock.
      const turn = start === 0 ? undefined : turns.take();
      if (turn) await turn;
      chunks.push(this.store.read(entities.slice(start, start + this.store.maxKeys), features));
    }
    const rows = (await Promise.all(chunks)).flat();
    const columns = new Columns(features);
    const toCells = (row: FeatureCell[]): Cells => new Cells(columns, row);
    return rows.length <= ENTITIES_PER_TURN ? rows.map(toCells) : inTurns(rows, toCells);
  }
}
