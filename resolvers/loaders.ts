import { NO_AUDIT_TRAIL, type AuditTrail } from '../auth/audit/audit-trail.js';
import type { Access } from '../auth/policy/access.js';
import type { FeatureAccess } from '../auth/policy/feature-access.js';
import type { FeatureStores } from '../serving/feature-stores.js';
import type { ServedReads } from '../serving/served-log/served-log.js';
import { readAsOf } from '../serving/read-as-of.js';
import type { QueryPayer } from '../datasources/offline/query-payer.js';
import type { OnlineRead } from '../datasources/online/online-store.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { DENIED_CELL, type FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import { emptyRowTexts, type RowTexts } from '../values/row-texts.js';
import { BatchedReads, type EntityKey, type NoteRead, type ReadOptions, type StoreRead } from './batched-reads.js';

export type { EntityKey, ReadOptions } from './batched-reads.js';

export interface Loaders {
  /** The cells of some features of an entity, in the order of the features. */
  readCells(entity: EntityKey, features: readonly Feature[]): Promise<FeatureCell[]>;
  /** The same for the entities of a list, with one promise. */
  readRows(entities: readonly EntityKey[], features: readonly Feature[]): Promise<FeatureCell[][]>;
  /** The same as JSON. */
  readTexts(entities: readonly EntityKey[], features: readonly Feature[]): Promise<RowTexts[]>;
  readCell(entity: EntityKey, feature: Feature): Promise<FeatureCell>;
}

const DENIED = Promise.resolve(DENIED_CELL);

/** Who pays for a read of an offline store, and where it is noted. */
export interface ReadTerms {
  readonly audit?: AuditTrail;
  /** Absent: the operator pays. */
  readonly payer?: QueryPayer;
  /** Takes what online stores answer. Absent: the request is not sampled. */
  readonly served?: ServedReads | undefined;
}

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
  { audit = NO_AUDIT_TRAIL, payer, served }: ReadTerms = {},
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
        ? onlineRead(stores, entityType, { now, includeExpired, served })
        : asOfRead(stores, entityType, { now, options, payer });
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
      const read =
        entity.asOf === null
          ? onlineRead(stores, entityType, { now, served })
          : asOfRead(stores, entityType, { now, payer });
      byType.set(entityType, (reads = new BatchedReads(read, noteOf(entityType))));
    }
    return reads;
  };

  /** The features that may be read of an entity. Notes the others, which are not read. */
  const permit = (entity: EntityKey, reads: FeatureAccess, features: readonly Feature[]): readonly Feature[] => {
    const { permitted, denied } = reads.select(entity.entityId, features);
    if (denied.length > 0) audit.denied(entity.entityType, entity.entityId, denied);
    return permitted;
  };

  const readAs = async <Row>(
    form: RowForm<Row>,
    entities: readonly EntityKey[],
    features: readonly Feature[],
  ): Promise<Row[]> => {
    const [first] = entities;
    if (!first || features.length === 0) return entities.map(() => form.withDenied([], undefined));
    const reads = access.reads(first.entityType);
    // What may be read can depend on the entity.
    const isSame =
      entities.length === 1 ||
      ((reads.isFull || !reads.isConditional) && entities.every((entity) => isReadWith(entity, first)));
    if (!isSame) {
      const rows = await Promise.all(entities.map((entity) => readAs(form, [entity], features)));
      return rows.map(([row]) => row!);
    }
    if (reads.isFull) return form.load(readsOf(first), entities, features);
    let permitted: readonly Feature[] = [];
    for (const entity of entities) permitted = permit(entity, reads, features);
    if (permitted.length === features.length) return form.load(readsOf(first), entities, features);
    const columns = columnsOf(features, permitted);
    if (permitted.length === 0) return entities.map(() => form.withDenied(columns, undefined));
    const rows = await form.load(readsOf(first), entities, permitted);
    return rows.map((row) => form.withDenied(columns, row));
  };

  return {
    readCells: async (entity, features) => (await readAs(CELLS, [entity], features))[0]!,
    readRows: (entities, features) => readAs(CELLS, entities, features),
    readTexts: (entities, features) => readAs(TEXTS, entities, features),
    readCell: (entity, feature) => {
      if (access.reads(entity.entityType).has(feature, entity.entityId)) {
        return readsOf(entity).loadOne(entity, feature);
      }
      audit.denied(entity.entityType, entity.entityId, [feature]);
      return DENIED;
    },
  };
}

/** Whether two entities are read by the same batch. */
function isReadWith(one: EntityKey, other: EntityKey): boolean {
  return (
    one.entityType === other.entityType &&
    one.options === other.options &&
    (one.asOf === null) === (other.asOf === null)
  );
}

/** The form in which rows are asked for. */
interface RowForm<Row> {
  readonly load: (reads: BatchedReads, entities: readonly EntityKey[], features: readonly Feature[]) => Promise<Row[]>;
  /** Some columns of a row, with DENIED for -1. undefined: nothing was read. */
  readonly withDenied: (columns: readonly number[], row: Row | undefined) => Row;
}

const CELLS: RowForm<FeatureCell[]> = {
  load: (reads, entities, features) => reads.loadMany(entities, features),
  withDenied: (columns, row) => columns.map((column) => row?.[column] ?? DENIED_CELL),
};

const TEXTS: RowForm<RowTexts> = {
  load: (reads, entities, features) => reads.loadTexts(entities, features),
  withDenied: (columns, row) => (row ? row.pick(columns, 'DENIED') : emptyRowTexts(columns.length, 'DENIED')),
};

/** For each feature its place among the permitted ones, or -1. Both are in the same order. */
function columnsOf(features: readonly Feature[], permitted: readonly Feature[]): readonly number[] {
  let next = 0;
  return features.map((feature) => (feature === permitted[next] ? next++ : -1));
}

interface OnlineTerms {
  readonly now: Instant;
  readonly includeExpired?: boolean;
  readonly served: ServedReads | undefined;
}

function onlineRead(
  stores: FeatureStores,
  entityType: EntityType,
  { now, includeExpired = false, served }: OnlineTerms,
): StoreRead {
  const store = stores.online(entityType.featurestore);
  const readOf = (entities: readonly EntityKey[], features: readonly Feature[]): OnlineRead => ({
    entityType,
    entityIds: entities.map(({ entityId }) => entityId),
    features,
    now,
    includeExpired,
  });
  return {
    maxKeys: store.maxEntityIdsPerRead,
    read: !served
      ? (entities, features) => store.read(readOf(entities, features))
      : async (entities, features) => {
          const read = readOf(entities, features);
          // Before the read: what is written later cannot be in its answer.
          const time = served.now();
          const cells = await store.read(read);
          served.note({ time, entityType, entityIds: read.entityIds, features, cells });
          return cells;
        },
    // The log of served values needs cells.
    readTexts: served
      ? undefined
      : store.readTexts && ((entities, features) => store.readTexts!(readOf(entities, features))),
  };
}

interface AsOfTerms {
  readonly now: Instant;
  readonly options?: ReadOptions;
  readonly payer: QueryPayer | undefined;
}

function asOfRead(stores: FeatureStores, entityType: EntityType, { now, options, payer }: AsOfTerms): StoreRead {
  const online = stores.online(entityType.featurestore);
  const offline = stores.offline(entityType.featurestore);
  return {
    maxKeys: offline.maxLabelsPerRead,
    read: (entities, features) => {
      const labels = entities.map(({ entityId, asOf }) => ({ entityId, time: asOf ?? now }));
      // Older versions in the online store have no creation time, and not every earlier value.
      if (options) return offline.pointInTime({ entityType, labels, features, options, payer });
      return readAsOf(online, offline, { entityType, labels, features, payer }, now);
    },
  };
}
