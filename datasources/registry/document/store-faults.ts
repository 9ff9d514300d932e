import { hasVersions } from '../store-kinds.js';
import type { FeaturestoreDocument, SourceDocument } from './document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';

/** Settings of a featurestore that its stores do not support. */
export function storeFaults(featurestore: FeaturestoreDocument, path: readonly PropertyKey[]): Fault[] {
  const { onlineStore, offlineStore, shadow, entityTypes } = featurestore;
  return [
    ...onlineStoreFaults(featurestore, onlineStore, [...path, 'onlineStore']),
    ...(shadow ? onlineStoreFaults(featurestore, shadow.onlineStore, [...path, 'shadow', 'onlineStore']) : []),
    ...entityTypes.flatMap(({ sources }, index) =>
      sources.flatMap((source, sourceIndex) => {
        const ofSource = [...path, 'entityTypes', index, 'sources', sourceIndex];
        if (source.sql === null || !hasVersions(onlineStore)) return offlineStoreFaults(offlineStore, source, ofSource);
        const message =
          'sql fills the online store with newest values only, so it has not what versionRetentionSeconds says; take that out';
        return [{ path: [...ofSource, 'sql'], message }];
      }),
    ),
  ];
}

function onlineStoreFaults(
  { entityTypes }: FeaturestoreDocument,
  onlineStore: FeaturestoreDocument['onlineStore'],
  path: readonly PropertyKey[],
): Fault[] {
  switch (onlineStore.kind) {
    case 'LMDB':
    case 'BIGTABLE':
    case 'VERTEX_LEGACY':
      return [];
    case 'VERTEX_FEATURE_VIEW': {
      // A view for an unknown entity type is a typing error: the intended entity type would read another view.
      const known = new Set(entityTypes.map(({ name }) => name));
      return Object.keys(onlineStore.views).flatMap((name) =>
        known.has(name) ? [] : [{ path: [...path, 'views', name], message: `there is no entity type "${name}"` }],
      );
    }
  }
}

function offlineStoreFaults(
  offlineStore: FeaturestoreDocument['offlineStore'],
  { sql, bigQueryTable, features }: SourceDocument,
  path: readonly PropertyKey[],
): Fault[] {
  switch (offlineStore.kind) {
    case 'DUCKDB': {
      if (bigQueryTable !== null) {
        const message = 'the offline store is DUCKDB, which has no such table';
        return [{ path: [...path, 'bigQueryTable'], message }];
      }
      const renamed = features.findIndex(({ column }) => column !== undefined);
      if (renamed < 0) return [];
      const message =
        'the offline store is DUCKDB, where a source names its columns as the features: rename it in the SQL';
      return [{ path: [...path, 'features', renamed, 'column'], message }];
    }
    case 'BIGQUERY':
      if (sql !== null) {
        const message = 'values of a BIGQUERY offline store are in its tables; sql is computed by DUCKDB only';
        return [{ path: [...path, 'sql'], message }];
      }
      if (offlineStore.dataset === null && !bigQueryTable?.includes('.')) {
        const message = 'the offline store names no dataset, so a source names its table as dataset.table';
        return [{ path: [...path, 'bigQueryTable'], message }];
      }
      return [];
  }
}
