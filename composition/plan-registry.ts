import { stat } from 'node:fs/promises';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import type { GraphQLSchema } from 'graphql';
import { findTypeFaults, historyTable } from '../datasources/duckdb/history-table.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import { findNamedFiles } from '../datasources/files/named-files.js';
import { checkSource } from '../datasources/offline/duckdb/check-source.js';
import type { Featurestore, FeatureSource } from '../datasources/registry/model.js';
import { listReadTables } from '../datasources/registry/read-tables.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { RecomputedSource, RegistryPlan, Rename } from '../ingestion/registry-updates.js';
import { sourceFingerprint } from '../ingestion/source-fingerprint.js';
import { findStored, listRenames } from './list-renames.js';
import type { OpenStores } from './stores.js';

export interface PlannedRegistry {
  readonly registry: Registry;
  readonly schema: GraphQLSchema;
}

/** Compares a registry that was read with the one that is served. */
export async function planRegistry(
  present: PlannedRegistry,
  next: PlannedRegistry,
  stores: OpenStores,
): Promise<RegistryPlan> {
  const changes = await diff(present.schema, next.schema);
  const recomputed: RecomputedSource[] = [];
  const sqlFaults: string[] = [];
  for (const source of listSources(next.registry)) {
    if (source.sql === null) continue;
    // A renamed source has its values by the name that it is served by.
    const stored = findStored(present.registry, source) ?? source;
    const imported = await stores.embedded.importedFrom(stored);
    if (imported === (await sourceFingerprint(source))) continue;
    recomputed.push(await describeRecomputation(source, { imported, stored }, stores));
    // Otherwise the fault would show when the registry is served already, and the source would stay behind.
    sqlFaults.push(...(await findSqlFaults(source, stores.reader)));
  }
  const renamed = listRenames(present.registry, next.registry);
  const isWaiting = renamed.length > 0 && recomputed.some(({ isServedMeanwhile }) => !isServedMeanwhile);
  return {
    renamed,
    faults: [
      ...next.registry.featurestores.flatMap((featurestore) =>
        findRestart(present.registry.findFeaturestore(featurestore.name), featurestore),
      ),
      ...(await findOtherTypes(next.registry, stores)),
      ...sqlFaults,
      // Readers by the old names would wait for the computation.
      ...(isWaiting ? ['It renames something, and has new sources to compute: apply the renames first, alone.'] : []),
    ],
    breaks: changes
      .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
      .map(({ path, message }) => ({ path: path ?? message, message })),
    changes: changes.map(({ message }) => message),
    recomputed,
    removed: listRemoved(present.registry, next.registry, renamed),
  };
}

/** Stores are opened at the start. Those of Google Cloud are also checked and made there. */
function findRestart(present: Featurestore | undefined, next: Featurestore): string[] {
  const { name } = next;
  const isEmbedded = next.onlineSettings.kind === 'LMDB' && next.offlineSettings.kind === 'DUCKDB' && !next.shadow;
  if (!present) {
    return isEmbedded ? [] : [`The featurestore "${name}" is new and has stores of its own: restart the gateway.`];
  }
  const storesOf = ({ onlineSettings, offlineSettings, shadow }: Featurestore): string =>
    JSON.stringify([onlineSettings, offlineSettings, shadow]);
  if (storesOf(present) !== storesOf(next)) {
    return [`The featurestore "${name}" has other stores than before: restart the gateway.`];
  }
  const shapeOf = ({ entityTypes }: Featurestore): string =>
    JSON.stringify(
      entityTypes.map(({ name: type, features }) => [type, features.map((one) => [one.name, one.column])]),
    );
  if (next.offlineSettings.kind !== 'DUCKDB' && shapeOf(present) !== shapeOf(next)) {
    return [`The featurestore "${name}" has other features than before, in BigQuery: restart the gateway.`];
  }
  return [];
}

/** Stored values of another type than the registry says: `apply` would refuse it. */
async function findOtherTypes(next: Registry, { embedded }: OpenStores): Promise<string[]> {
  return embedded.database.use(async (connection) => {
    const faults: string[] = [];
    for (const source of listSources(next)) faults.push(...(await findTypeFaults(connection, source)));
    return faults;
  });
}

/** Why the SQL of a source does not run over its tables, or does not give what the registry says. */
async function findSqlFaults(source: FeatureSource, reader: FileReader): Promise<string[]> {
  const faults: string[] = [];
  for await (const { status, message } of checkSource(source, reader)) if (status === 'fault') faults.push(message);
  return faults;
}

async function describeRecomputation(
  source: FeatureSource,
  { imported, stored }: { readonly imported: string | undefined; readonly stored: FeatureSource },
  { embedded }: OpenStores,
): Promise<RecomputedSource> {
  let bytes = 0n;
  for (const [, { path, name, format }] of listReadTables(source)) {
    const found = await findNamedFiles(path, name, { format, within: null });
    for (const file of found?.files ?? []) bytes += BigInt((await stat(file.path)).size);
  }
  const rows =
    imported === undefined
      ? null
      : await embedded.database.use(async (connection) => {
          const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${historyTable(stored)}`);
          return counted.getRows()[0]![0] as bigint;
        });
  const { entityType } = source;
  return {
    featurestore: entityType.featurestore.name,
    entityType: entityType.name,
    source: source.name,
    rows,
    bytes,
    isServedMeanwhile: imported !== undefined,
  };
}

/** Features that clients can read now, and by no name afterwards. */
function listRemoved(present: Registry, next: Registry, renamed: readonly Rename[]): string[] {
  const kept = new Set(listSources(next).flatMap(({ features }) => features.map(nameOf)));
  const moved = new Map(renamed.filter(({ kind }) => kind === 'FEATURE').map(({ from, to }) => [from, to]));
  const types = new Map(renamed.filter(({ kind }) => kind === 'ENTITY_TYPE').map(({ from, to }) => [from, to]));
  return listSources(present)
    .flatMap(({ features }) => features)
    .filter((feature) => {
      const { entityType } = feature;
      const type = `${entityType.featurestore.name}.${entityType.name}`;
      const name = moved.get(nameOf(feature)) ?? `${types.get(type) ?? type}.${feature.name}`;
      return !kept.has(name);
    })
    .map(nameOf);
}

function nameOf({ entityType, name }: FeatureSource['features'][number]): string {
  return `${entityType.featurestore.name}.${entityType.name}.${name}`;
}

function listSources({ featurestores }: Registry): FeatureSource[] {
  return featurestores.flatMap(({ entityTypes }) => entityTypes.flatMap(({ sources }) => sources));
}
