import { createHash } from 'node:crypto';
import { printSchema } from 'graphql';
import { readRelease } from '../config/release.js';
import type { Featurestore, FeatureSource } from '../datasources/registry/model.js';
import { dataVersions, NO_DATA_VERSIONS, type DataVersions } from '../serving/data-versions.js';
import { toCanonicalJson } from '../values/canonical-json.js';
import type { DuckDbOfflineStore } from '../datasources/offline/duckdb/duckdb-offline-store.js';
import type { OpenFeatureWriters } from './feature-writers.js';
import type { PlannedRegistry } from './planned-registry.js';

/** Changes when an answer about the same rows can be another one: by features, types, ttls, names, schema or release. */
function digestOf({ registry, schema }: PlannedRegistry): string {
  const described = registry.featurestores.map(({ name, onlineStore, offlineStore, entityTypes, featureViews }) => ({
    name,
    stores: [onlineStore.kind, offlineStore.kind],
    entityTypes: entityTypes.map(({ featurestore: _, sources, features: __, ...entityType }) => ({
      ...withoutReferences(entityType),
      sources: sources.map(({ entityType: _entityType, features, ...source }) => ({
        ...withoutReferences(source),
        features: features.map((feature) => withoutReferences(feature)),
      })),
    })),
    featureViews: featureViews.map((view) => [view.name, view.features.map((feature) => feature.name)]),
  }));
  return createHash('sha256')
    .update(toCanonicalJson([readRelease().version, printSchema(schema), described]))
    .digest('base64url');
}

/** The plain values of an object of the registry, whose objects refer to each other. */
function withoutReferences(described: object): object {
  return Object.fromEntries(
    Object.entries(described).filter(
      ([, value]) => typeof value !== 'object' || value === null || Array.isArray(value),
    ),
  );
}

/**
 * The versions of a registry. Only stores of this process have them: other programs can write to BigQuery, whose metadata
 * shows rows of its streaming buffer late.
 */
export async function openDataVersions(
  planned: PlannedRegistry,
  embedded: DuckDbOfflineStore,
  writers: OpenFeatureWriters,
): Promise<DataVersions> {
  const written = writers.logged?.versions;
  if (!written) return NO_DATA_VERSIONS;
  const hasVersions = new Map<Featurestore, boolean>();
  const versionOf = (source: FeatureSource): string | undefined => {
    const { featurestore } = source.entityType;
    let isLogged = hasVersions.get(featurestore);
    if (isLogged === undefined) hasVersions.set(featurestore, (isLogged = writers.isLogged(featurestore)));
    const writes = isLogged ? written.of(source) : undefined;
    const imported = writes === undefined ? undefined : embedded.importVersions.of(source);
    return imported === undefined ? undefined : `${imported} ${writes}`;
  };
  return dataVersions(await written.ofRegistry(digestOf(planned)), versionOf);
}
