import type { Access } from '../auth/policy/access.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { FeatureSource as FeatureSourceValue, SourceTable } from '../schema/registry/feature-source.js';
import { secondsBetween, type Instant } from '../values/instant.js';

/** What a source is, and how fresh, for a client with this access. */
export async function toFeatureSource(
  source: FeatureSource,
  {
    sourceRefreshes,
    access,
    now,
  }: { readonly sourceRefreshes: SourceRefreshes; readonly access: Access; readonly now: Instant },
): Promise<FeatureSourceValue> {
  const freshness = await sourceRefreshes.freshness(source, now);
  const maySeeRows = maySeeNewestRow(access, source);
  const newest = maySeeRows ? freshness.newestKnownTimestamp : null;
  // Paths and the names of tables tell of the machine and of the project: those who may see the registry's changes have them.
  const maySeeFiles = access.mayApplyRegistry();
  return {
    ...freshness,
    newestTimestamp: maySeeRows ? freshness.newestTimestamp : null,
    freshnessSeconds: newest === null ? null : secondsBetween(newest, now),
    isStatic: source.timestampColumn === null,
    kind: kindOf(source),
    onRepeatedTime: source.onRepeatedTime,
    sqlFile: maySeeFiles ? source.sqlFile : null,
    tables: toSourceTables(source, maySeeFiles),
  };
}

/** The newest row can be one of another tenant. It is for those who may read a feature of the source of all entities. */
export function maySeeNewestRow(access: Access, source: FeatureSource): boolean {
  const { everywhere } = access.reads(source.entityType);
  return source.features.some((feature) => everywhere.has(feature));
}

function kindOf({ sql, entityType }: FeatureSource): FeatureSourceValue['kind'] {
  if (entityType.featurestore.offlineStore.kind === 'BIGQUERY') return 'TABLE';
  return sql === null ? 'WRITES' : 'SQL';
}

/** The tables that a source reads, with their files for those who may see them. */
export function toSourceTables(source: FeatureSource, maySeeFiles: boolean): SourceTable[] {
  if (kindOf(source) === 'TABLE') {
    // Without a name in the registry, its name is that of the entity type and the source, which the client knows.
    return source.bigQueryTable === null || !maySeeFiles ? [] : [{ name: source.bigQueryTable, files: null }];
  }
  return listReadTables(source).map(([name, table]) => ({ name, files: maySeeFiles ? table.name : null }));
}
