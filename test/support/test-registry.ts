import { Registry } from '../../datasources/registry/registry.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { registryDocument, type FeaturestoreInput } from '../../datasources/registry/document/document.js';
import { findFaults } from '../../datasources/registry/document/find-faults.js';
import { toModel } from '../../datasources/registry/document/to-model.js';

export type StoresInput = Pick<FeaturestoreInput, 'onlineStore' | 'offlineStore'>;
export type EntityTypeInput = FeaturestoreInput['entityTypes'][number];

/** A registry as a file would make it, from an object: the same validation, the same model. */
export function testRegistry(...featurestores: FeaturestoreInput[]): Registry {
  const document = registryDocument.parse({ featurestores });
  const faults = findFaults(document);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  // No files: the text of a source's SQL is the name it was given.
  const names = document.featurestores
    .flatMap(({ entityTypes }) => entityTypes)
    .flatMap(({ sources }) => sources.flatMap(({ sql }) => sql ?? []));
  const sqlTexts = new Map(names.map((name) => [name, name]));
  return new Registry(toModel(document.featurestores, { sqlTexts, tablePaths: new Map() }));
}

export function testEntityType(entityType: EntityTypeInput): EntityType {
  const [featurestore] = testRegistry({ name: 'test', entityTypes: [entityType] }).featurestores;
  return featurestore!.entityTypes[0]!;
}
