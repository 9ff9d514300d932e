import { diagnoseOnnxRuntime } from '../batch-prediction/models/onnx/onnx-runtime-package.js';
import { findUnusedPatterns } from '../auth/policy/policy-faults.js';
import { loadPolicy } from '../auth/policy/load-policy.js';
import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import { OperatorError } from '../errors/operator-error.js';
import type { Config } from '../config/config.js';
import type { FileReader } from '../datasources/files/file-reader.js';
import { checkSource } from '../datasources/offline/duckdb/check-source.js';
import type { FeatureSource } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { diagnosePreparation, listComputedSources } from './diagnose-preparation.js';
import { buildSchema, type SchemaOptions } from '../resolvers/build-schema.js';
import { readTrustedDocuments, type TrustedDocumentsConfig } from './file-trusted-documents.js';
import { createModelServings, diagnoseModels } from './models.js';

/**
 * The checks of `featuregraph check`: the names, the SQL of each source, each model, the policy, the trusted documents, and what a start would
 * compute. It writes nothing.
 */
export function checkRegistry(
  registry: Registry,
  config: Pick<Config, 'dataDirectory' | 'policyPath' | 'isFederated'> & TrustedDocumentsConfig,
  reader: FileReader,
): Diagnosis[] {
  const { dataDirectory, policyPath, trustedDocumentsPath } = config;
  return [
    ...diagnoseSchema(registry),
    ...listComputedSources(registry).map((source) => ({
      store: describe(source),
      findings: checkSource(source, reader),
    })),
    ...diagnoseOnnxRuntime(registry.models),
    ...diagnoseModels(registry, createModelServings()),
    ...(policyPath === null ? [] : [{ store: `policy ${policyPath}`, findings: checkPolicy(registry, policyPath) }]),
    ...(trustedDocumentsPath === null
      ? []
      : [{ store: `trusted documents ${trustedDocumentsPath}`, findings: checkTrustedDocuments(registry, config) }]),
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

async function* checkTrustedDocuments(
  registry: Registry,
  config: SchemaOptions & TrustedDocumentsConfig,
): AsyncGenerator<Finding> {
  try {
    const { documents } = await readTrustedDocuments(config, buildSchema(registry, config));
    yield { status: 'ok', message: `${documents.length} documents` };
  } catch (error) {
    yield* toFaults(error);
  }
}

/** The faults of a file, each as a line. */
async function* toFaults(error: unknown): AsyncGenerator<Finding> {
  if (!(error instanceof OperatorError)) throw error;
  for (const message of error.faults.length === 0 ? [error.summary] : error.faults) yield { status: 'fault', message };
}

async function* checkPolicy(registry: Registry, path: string): AsyncGenerator<Finding> {
  try {
    const { rules } = (await loadPolicy(path, registry))!;
    yield { status: 'ok', message: `${rules.length} rules` };
    for (const { name, pattern, scope } of findUnusedPatterns(rules, registry)) {
      yield { status: 'warning', message: `rule "${name}": "${pattern}" in "${scope}" matches nothing yet` };
    }
  } catch (error) {
    yield* toFaults(error);
  }
}
