import { ttlFromSeconds } from '../../../values/instant.js';
import type { EntityType, Feature, FeatureSource, Featurestore, FeatureView, TableFile } from '../model.js';
import { describeOfflineStore, describeOnlineStore } from '../store-kinds.js';
import { toExpectation } from './expectation-document.js';
import { toMonitor } from './monitor-document.js';
import { toStream } from './stream-document.js';
import type { TableDocument } from './table-document.js';
import type { EntityTypeDocument, FeatureDocument, FeaturestoreDocument, SourceDocument } from './document.js';

/** The external files of featurestores, located and read. Keys are the names in the registry. */
export interface SourceFiles {
  readonly sqlTexts: ReadonlyMap<string, string>;
  readonly tablePaths: ReadonlyMap<string, string>;
  /** The texts of the schemas of messages. */
  readonly messageSchemas?: ReadonlyMap<string, string>;
}

/** Parents and children refer to each other, so the code adds children to parents that already exist. */
type Building<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

export function toModel(featurestores: readonly FeaturestoreDocument[], files: SourceFiles): Featurestore[] {
  return featurestores.map((featurestore) => featurestoreFrom(featurestore, files));
}

function featurestoreFrom(document: FeaturestoreDocument, files: SourceFiles): Featurestore {
  const featurestore: Building<Featurestore> = {
    kind: 'featurestore',
    name: document.name,
    description: document.description,
    labels: document.labels,
    onlineStore: {
      kind: document.onlineStore.kind,
      location: describeOnlineStore(document.onlineStore).location,
    },
    onlineSettings: document.onlineStore,
    shadow: document.shadow,
    offlineStore: {
      kind: document.offlineStore.kind,
      location: describeOfflineStore(document.offlineStore).location,
    },
    offlineSettings: document.offlineStore,
    tables: new Map(Object.entries(document.tables).map(([name, table]) => [name, tableFrom(table, files)])),
    entityTypes: [],
    featureViews: [],
    streams: [],
    monitors: [],
  };
  featurestore.entityTypes = document.entityTypes.map((entityType) => entityTypeFrom(entityType, featurestore, files));
  featurestore.featureViews = document.featureViews.map((view): FeatureView => {
    const entityType = byName(featurestore.entityTypes, view.entityType);
    return {
      kind: 'featureView',
      name: view.name,
      entityType,
      features: view.features.map((name) => byName(entityType.features, name)),
      schedule: view.schedule,
    };
  });
  featurestore.streams = document.streams.map((stream) =>
    toStream(stream, byName(featurestore.entityTypes, stream.entityType), files.messageSchemas),
  );
  featurestore.monitors = document.monitors.map((monitor) => toMonitor(monitor, featurestore));
  return featurestore;
}

function tableFrom({ file, format, columns, ...options }: TableDocument, files: SourceFiles): TableFile {
  return {
    name: file,
    path: files.tablePaths.get(file) ?? file,
    format: format ?? null,
    options: { ...options, columns: new Map(Object.entries(columns)) },
  };
}

function entityTypeFrom(document: EntityTypeDocument, featurestore: Featurestore, files: SourceFiles): EntityType {
  const entityType: Building<EntityType> = {
    kind: 'entityType',
    featurestore,
    name: document.name,
    renamedFrom: document.renamedFrom,
    pluralName: document.pluralName ?? plural(document.name),
    description: document.description,
    entityIdColumns: document.entityIdColumns,
    ttl: ttlFromSeconds(document.ttlSeconds),
    dense: document.dense,
    sources: [],
    features: [],
  };
  entityType.sources = document.sources.map((source) => sourceFrom(source, entityType, files));
  entityType.features = entityType.sources.flatMap((source) => source.features);
  return entityType;
}

function sourceFrom(document: SourceDocument, entityType: EntityType, files: SourceFiles): FeatureSource {
  const source: Building<FeatureSource> = {
    entityType,
    name: document.name,
    renamedFrom: document.renamedFrom,
    sql: document.sql === null ? null : (files.sqlTexts.get(document.sql) ?? null),
    sqlFile: document.sql,
    partitions: document.partitions,
    incremental: document.incremental,
    refreshSchedule: document.refreshSchedule,
    timestampColumn: document.static ? null : document.timestampColumn,
    createdTimestampColumn: document.createdTimestampColumn,
    sequenceColumn: document.sequenceColumn,
    bigQueryTable: document.bigQueryTable,
    onRepeatedTime: document.onRepeatedTime,
    features: [],
  };
  source.features = document.features.map((feature) => featureFrom(feature, source));
  return source;
}

function featureFrom(document: FeatureDocument, source: FeatureSource): Feature {
  return {
    kind: 'feature',
    entityType: source.entityType,
    source,
    name: document.name,
    renamedFrom: document.renamedFrom,
    column: document.column ?? document.name,
    valueType: document.valueType,
    unit: document.unit,
    description: document.description,
    owner: document.owner,
    labels: document.labels,
    sensitivity: document.sensitivity,
    ttl: document.ttlSeconds === null ? source.entityType.ttl : ttlFromSeconds(document.ttlSeconds),
    driftThreshold: document.driftThreshold,
    expectations: document.expectations.map((expectation) => toExpectation(document.valueType, expectation)),
    deprecationReason: document.deprecationReason,
  };
}

function byName<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find((item) => item.name === name);
  if (!found) throw new Error(`findFaults let "${name}" through`);
  return found;
}

/** Regular English plurals; the registry's pluralName overrides them. */
function plural(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  if (/(s|x|z|ch|sh)$/.test(name)) return `${name}es`;
  return `${name}s`;
}
