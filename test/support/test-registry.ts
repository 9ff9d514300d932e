import type { z } from 'zod';
import { Registry } from '../../datasources/registry/registry.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { registryDocument } from '../../datasources/registry/yaml/document.js';
import { findFaults } from '../../datasources/registry/yaml/find-faults.js';
import { toModel } from '../../datasources/registry/yaml/to-model.js';

type RegistryInput = z.input<typeof registryDocument>;
export type StoresInput = Pick<RegistryInput['featurestores'][number], 'onlineStore' | 'offlineStore'>;
export type EntityTypeInput = RegistryInput['featurestores'][number]['entityTypes'][number];

/** A registry as a file would make it, from an object: the same validation, the same model. */
export function testRegistry(...featurestores: RegistryInput['featurestores']): Registry {
  const document = registryDocument.parse({ featurestores });
  const faults = findFaults(document);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  // No files: the text of a source's SQL is the name it was given.
  const names = document.featurestores
    .flatMap(({ entityTypes }) => entityTypes)
    .flatMap(({ sources }) => sources.flatMap(({ sql }) => sql ?? []));
  const sqlTexts = new Map(names.map((name) => [name, name]));
  return new Registry(toModel(document, { sqlTexts, tablePaths: new Map() }));
}

export function testEntityType(entityType: EntityTypeInput): EntityType {
  const [featurestore] = testRegistry({ name: 'test', entityTypes: [entityType] }).featurestores;
  return featurestore!.entityTypes[0]!;
}
