import { ChangeType, CriticalityLevel, diff, type Change } from '@graphql-inspector/core';
import { findTypeFaults } from '../datasources/duckdb/history-table.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import { checkSource } from '../datasources/offline/duckdb/check-source.js';
import type { Featurestore, FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { describeRecomputation, type RecomputedSource } from '../ingestion/refresh/describe-recomputation.js';
import type { RegistryPlan, Rename } from '../ingestion/registry-updates.js';
import { sourceFingerprint } from '../ingestion/source-fingerprint.js';
import { listExpectationChanges } from './list-expectation-changes.js';
import { findStored, listRenames } from './list-renames.js';
import type { PlannedRegistry } from './planned-registry.js';
import type { OpenStores } from './stores.js';

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
    recomputed.push(await describeRecomputation(source, imported === undefined ? null : stored, stores.embedded));
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
    changes: withoutInsides(changes).map(({ message }) => message),
    recomputed,
    expectations: listExpectationChanges(present.registry, next.registry),
    removed: listRemoved(present.registry, next.registry, renamed),
  };
}

/** Without what is inside an added type or field: its arguments and descriptions say nothing new. */
function withoutInsides(changes: readonly Change[]): readonly Change[] {
  const isAddition = ({ type }: Change): boolean => type === ChangeType.TypeAdded || type === ChangeType.FieldAdded;
  const added = new Set(changes.filter(isAddition).map(({ path }) => path));
  return changes.filter((change) => {
    const names = change.path?.split('.') ?? [];
    const outer = names.map((_, index) => names.slice(0, index + 1).join('.'));
    return !outer.some((path) => added.has(path) && !(path === change.path && isAddition(change)));
  });
}

/** A featurestore keeps the stores that it has: its values would have to move into others. */
function findRestart(present: Featurestore | undefined, next: Featurestore): string[] {
  const { name } = next;
  if (!present) return [];
  const storesOf = ({ onlineSettings, offlineSettings, shadow }: Featurestore): string =>
    JSON.stringify([onlineSettings, offlineSettings, shadow]);
  if (storesOf(present) !== storesOf(next)) {
    return [`The featurestore "${name}" has other stores than before: restart the gateway.`];
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
