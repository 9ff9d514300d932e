import { OperatorError } from '../../errors/operator-error.js';
import type { MigrationPlan } from '../migration-plan.js';
import { registryDocument } from '../../datasources/registry/document/document.js';
import { buildRegistry } from '../../datasources/registry/yaml/load-registry.js';
import { buildSchema } from '../../resolvers/build-schema.js';

/**
 * The names with which a gateway would refuse to start: names that are equal, or empty, in the camelCase of the typed
 * schema.
 */
export function findMigrationClashes({ featurestores }: Pick<MigrationPlan, 'featurestores'>): string[] {
  const document = registryDocument.parse({ featurestores });
  const files = { sqlTexts: new Map(), tablePaths: new Map(), modelPaths: new Map() };
  try {
    buildSchema(buildRegistry({ document, files }));
    return [];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return error.faults.map((fault) => `The registry is refused as it stands: ${fault}. Take one of the two out.`);
  }
}
