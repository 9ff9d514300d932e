import { diagnoseOnnxRuntime } from '../batch-prediction/models/onnx/onnx-runtime-package.js';
import type { Diagnosis } from '../datasources/diagnosis.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import { checkSource } from '../datasources/offline/duckdb/check-source.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { diagnosePreparation, listComputedSources } from './diagnose-preparation.js';
import { createModelServings, diagnoseModels } from './models.js';

/**
 * The checks of `featuregraph check`: the SQL of each source, each model, and what a start would compute. It writes
 * nothing.
 */
export function checkRegistry(registry: Registry, dataDirectory: string, reader: FileReader): Diagnosis[] {
  return [
    ...listComputedSources(registry).map((source) => ({
      store: describe(source),
      findings: checkSource(source, reader),
    })),
    ...diagnoseOnnxRuntime(registry.models),
    ...diagnoseModels(registry, createModelServings()),
    { store: 'the next start', findings: diagnosePreparation(registry, dataDirectory) },
  ];
}

function describe({ entityType, name, sqlFile }: FeatureSource): string {
  return `source ${entityType.featurestore.name}.${entityType.name}: ${name}, ${sqlFile}`;
}
