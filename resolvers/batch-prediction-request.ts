import type { BatchInput, BatchPredictionRequest, BatchResources } from '../batch-prediction/batch-predictions.js';
import { formatOfFile } from '../datasources/files/file-format.js';
import { badInput } from '../errors/app-error.js';
import type { BatchSourceInput, StartBatchPredictionInput } from '../schema/job/start-batch-prediction.js';
import { fileOptions } from './file-options.js';
import { parseResourceName } from '../schema/resource-name.js';
import type { RequestContext } from './context.js';
import { displayNameOf, parseJobId, stringLabels, toJobRequest } from './jobs.js';

/** Makes the request of the port from the input. Errors name the field of the input. */
export function batchPredictionRequest(
  { registry, principal }: Pick<RequestContext, 'registry' | 'principal'>,
  input: StartBatchPredictionInput,
): BatchPredictionRequest {
  const model = registry.model(modelName(input.model));
  return {
    displayName: displayNameOf(input.displayName),
    labels: stringLabels(input.labels),
    ...toJobRequest(principal, input),
    model,
    spec: {
      model: model.name,
      input: batchInput(input.input),
      output: { format: input.output.format, location: input.output.location ?? null },
      parameters: input.parameters ?? null,
      resources: batchResources(input),
      retryOf: null,
    },
  };
}

/** The name in "models/delay" or "delay". */
function modelName(id: string): string {
  const name = parseResourceName(id);
  return name?.kind === 'model' ? name.model : id;
}

/** A OneOf input: exactly one field is set. */
function batchInput({ trainingSetJob, table, files }: BatchSourceInput): BatchInput {
  if (table !== undefined) return { kind: 'TABLE', table };
  if (files !== undefined) {
    const { paths, format } = files;
    const [firstPath] = paths;
    if (firstPath === undefined) throw badInput('"paths" is empty. Name at least one file.', 'input.files.paths');
    const known = format ?? formatOfFile(firstPath, 'input.files.format');
    const options = fileOptions(files, known, 'input.files');
    return { kind: 'FILES', files: paths, format: known, ...(Object.keys(options).length === 0 ? {} : { options }) };
  }
  return { kind: 'TRAINING_SET', job: parseJobId(trainingSetJob!, 'input.trainingSetJob') };
}

function batchResources(input: StartBatchPredictionInput): BatchResources {
  const startingReplicaCount = atLeastOne(input.startingReplicaCount ?? 1, 'startingReplicaCount');
  const maxReplicaCount = input.maxReplicaCount ?? null;
  if (maxReplicaCount !== null && maxReplicaCount < startingReplicaCount) {
    throw badInput('"maxReplicaCount" must not be less than "startingReplicaCount".', 'maxReplicaCount');
  }
  return {
    machineType: input.machineType ?? null,
    acceleratorType: input.acceleratorType ?? null,
    acceleratorCount: input.acceleratorCount == null ? null : atLeastOne(input.acceleratorCount, 'acceleratorCount'),
    startingReplicaCount,
    maxReplicaCount,
    batchSize: atLeastOne(input.batchSize ?? 64, 'batchSize'),
    generateExplanation: input.generateExplanation ?? false,
  };
}

function atLeastOne(value: number, field: string): number {
  if (value < 1) throw badInput(`"${field}" must be at least 1, not ${value}.`, field);
  return value;
}
