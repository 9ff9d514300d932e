import { Registry } from '../../datasources/registry/registry.js';
import type { EntityType } from '../../datasources/registry/model.js';
import { registryDocument, type FeaturestoreInput } from '../../datasources/registry/yaml/document.js';
import { findFaults } from '../../datasources/registry/yaml/find-faults.js';
import { toModel } from '../../datasources/registry/yaml/to-model.js';

export type StoresInput = Pick<FeaturestoreInput, 'onlineStore' | 'offlineStore'>;
export type EntityTypeInput = FeaturestoreInput['entityTypes'][number];

/** A registry as a file would make it, from an object: the same validation, the same model. */
export function testRegistry(...featurestores: FeaturestoreInput[]): Registry {
  const document = registryDocument.parse({ featurestores });
  const faults = findFaults(document);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return new Registry(toModel(document.featurestores, { sqlTexts: new Map(), tablePaths: new Map() }));
}

export function testEntityType(entityType: EntityTypeInput): EntityType {
  const [featurestore] = testRegistry({ name: 'test', entityTypes: [entityType] }).featurestores;
  return featurestore!.entityTypes[0]!;
}
