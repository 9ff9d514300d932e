import { diagnoseOnnxRuntime } from '../batch-prediction/models/onnx/onnx-runtime-package.js';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import { checkSource } from '../datasources/offline/duckdb/check-source.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { diagnosePreparation, listComputedSources } from './diagnose-preparation.js';
import { OperatorError } from '../errors/operator-error.js';
import { buildSchema } from '../resolvers/build-schema.js';
import { createModelServings, diagnoseModels } from './models.js';

/**
 * The checks of `featuregraph check`: the names, the SQL of each source, each model, and what a start would compute. It writes
 * nothing.
 */
export function checkRegistry(registry: Registry, dataDirectory: string, reader: FileReader): Diagnosis[] {
  return [
    ...diagnoseSchema(registry),
    ...listComputedSources(registry).map((source) => ({
      store: describe(source),
      findings: checkSource(source, reader),
    })),
    ...diagnoseOnnxRuntime(registry.models),
    ...diagnoseModels(registry, createModelServings()),
    { store: 'the next start', findings: diagnosePreparation(registry, dataDirectory) },
  ];
}

/** Names that are legal in the registry, but clash in the GraphQL schema. Without clashes, nothing is said. */
function diagnoseSchema(registry: Registry): Diagnosis[] {
  try {
    buildSchema(registry);
    return [];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [{ store: 'the GraphQL schema', findings: toFault([error.summary, ...error.faults].join('\n')) }];
  }
}

async function* toFault(message: string): AsyncGenerator<Finding> {
  yield { status: 'fault', message };
}

function describe({ entityType, name, sqlFile }: FeatureSource): string {
  return `source ${entityType.featurestore.name}.${entityType.name}: ${name}, ${sqlFile}`;
}
