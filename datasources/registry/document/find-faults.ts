import { describeOnlineStore, hasVersions } from '../store-kinds.js';
import { columnFaults, RESERVED_NAMES } from './column-faults.js';
import type { EntityTypeDocument, FeaturestoreDocument, RegistryDocument } from './document.js';
import { expectationFaults, repeatedTimeFaults } from './expectation-document.js';
import type { Fault } from '../../../runtime/yaml/fault.js';
import { monitorFaults } from './monitor-faults.js';
import { renameFaults } from './rename-faults.js';
import { refreshFaults, scheduleFaults } from './refresh-faults.js';
import { storeFaults } from './store-faults.js';
import { streamFaults } from './stream-document.js';
import { vertexFeaturestoreFaults } from './vertex-featurestore-document.js';
import { modelFaults } from './model-entries.js';

/** Checks that the shape cannot express: name clashes and references to missing objects. */
export function findFaults(document: RegistryDocument): Fault[] {
  return [
    ...duplicates(document.featurestores, ['featurestores']),
    ...(document.featurestores.length + document.vertexFeaturestores.length === 0
      ? [{ path: ['featurestores'], message: 'a registry has a featurestore, here or in vertexFeaturestores' }]
      : []),
    ...vertexFeaturestoreFaults(
      document.vertexFeaturestores,
      document.featurestores.map(({ name }) => name),
    ).map((fault) => ({ ...fault, path: ['vertexFeaturestores', ...fault.path] })),
    ...document.featurestores.flatMap((featurestore, index) =>
      featurestoreFaults(featurestore, ['featurestores', index]),
    ),
    ...duplicates(document.models, ['models']),
    ...document.models.flatMap((model, index) =>
      modelFaults(model).map((fault) => ({ ...fault, path: ['models', index, ...fault.path] })),
    ),
  ];
}

function featurestoreFaults(featurestore: FeaturestoreDocument, path: readonly PropertyKey[]): Fault[] {
  return [
    ...duplicates(featurestore.entityTypes, [...path, 'entityTypes']),
    ...duplicates(featurestore.featureViews, [...path, 'featureViews']),
    ...featurestore.entityTypes.flatMap((entityType, index) =>
      entityTypeFaults(entityType, [...path, 'entityTypes', index]),
    ),
    ...featurestore.entityTypes.flatMap((entityType, index) =>
      refreshFaults(featurestore, entityType, [...path, 'entityTypes', index]),
    ),
    ...featurestore.entityTypes.flatMap((entityType, index) =>
      columnFaults(featurestore, entityType, [...path, 'entityTypes', index]),
    ),
    ...repeatedTimeFaults(featurestore, path),
    ...renameFaults(featurestore, path),
    ...storeFaults(featurestore, path),
    ...duplicates(featurestore.streams, [...path, 'streams']),
    ...featurestore.streams.flatMap((stream, index) =>
      streamFaults(stream, featurestore.entityTypes).map((fault) => ({
        ...fault,
        path: [...path, 'streams', index, ...fault.path],
      })),
    ),
    ...duplicates(featurestore.monitors, [...path, 'monitors']),
    ...featurestore.monitors.flatMap((monitor, index) =>
      monitorFaults(monitor, featurestore).map((fault) => ({
        ...fault,
        path: [...path, 'monitors', index, ...fault.path],
      })),
    ),
    ...featurestore.featureViews.flatMap((view, index) =>
      viewFaults(featurestore, index, [...path, 'featureViews', index]),
    ),
  ];
}

function entityTypeFaults(entityType: EntityTypeDocument, path: readonly PropertyKey[]): Fault[] {
  const features = entityType.sources.flatMap((source, sourceIndex) =>
    source.features.map((feature, index) => ({
      name: feature.name,
      column: feature.column ?? feature.name,
      expectationFaults: expectationFaults(feature.valueType, feature.expectations),
      path: [...path, 'sources', sourceIndex, 'features', index],
    })),
  );
  const seen = new Set<string>();
  const faults: Fault[] = duplicates(entityType.sources, [...path, 'sources']);
  for (const feature of features) {
    if (seen.has(feature.name)) {
      faults.push({ path: feature.path, message: `feature "${feature.name}" is already in this entity type` });
    }
    const reserved = [feature.name, feature.column].find((name) => RESERVED_NAMES.has(name));
    if (reserved !== undefined) {
      faults.push({ path: feature.path, message: `"${reserved}" is a column every table has; choose another name` });
    }
    faults.push(
      ...feature.expectationFaults.map((fault) => ({
        ...fault,
        path: [...feature.path, 'expectations', ...fault.path],
      })),
    );
    seen.add(feature.name);
  }
  const idColumns = new Set(entityType.entityIdColumns);
  if (idColumns.size < entityType.entityIdColumns.length) {
    faults.push({ path: [...path, 'entityIdColumns'], message: 'the same column is named twice' });
  }
  return faults;
}

function viewFaults(featurestore: FeaturestoreDocument, index: number, path: readonly PropertyKey[]): Fault[] {
  const view = featurestore.featureViews[index];
  const entityType = featurestore.entityTypes.find((candidate) => candidate.name === view?.entityType);
  if (!view || !entityType) {
    return [{ path: [...path, 'entityType'], message: `there is no entity type "${view?.entityType}"` }];
  }
  const known = new Set(entityType.sources.flatMap((source) => source.features.map((feature) => feature.name)));
  return [
    ...view.features.flatMap((name, position) =>
      known.has(name)
        ? []
        : [
            {
              path: [...path, 'features', position],
              message: `entity type "${entityType.name}" has no feature "${name}"`,
            },
          ],
    ),
    ...(describeOnlineStore(featurestore.onlineStore).syncedBy === 'GATEWAY'
      ? scheduleFaults(view.schedule, [...path, 'schedule'])
      : []),
    ...(view.schedule !== null && hasVersions(featurestore.onlineStore)
      ? [
          {
            path: [...path, 'schedule'],
            message:
              'a sync brings newest values only, so the online store has not what versionRetentionSeconds says; take out one of them',
          },
        ]
      : []),
  ];
}

function duplicates(items: readonly { readonly name: string }[], path: readonly PropertyKey[]): Fault[] {
  return items.flatMap((item, index) =>
    items.findIndex((other) => other.name === item.name) < index
      ? [{ path: [...path, index, 'name'], message: `"${item.name}" is named twice` }]
      : [],
  );
}
