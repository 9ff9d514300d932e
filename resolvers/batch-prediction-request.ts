import { checkJob, checkOutput, permissionDenied } from '../auth/policy/permission.js';
import { visibleModels } from './catalogue.js';
import type { RequestContext } from './context.js';
import { checkTable } from './table-access.js';
import type {
  BatchInput,
  BatchInstances,
  BatchPredictionRequest,
  BatchResources,
} from '../batch-prediction/batch-predictions.js';
import { formatOfFile } from '../datasources/files/file-format.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { BatchInstancesInput } from '../schema/job/batch-instances.js';
import type { BatchSourceInput, StartBatchPredictionInput } from '../schema/job/start-batch-prediction.js';
import { TRAINING_SET_JOB } from '../training-sets/training-set-job.js';
import { fileOptions } from './file-options.js';
import { checkTrainingSet } from './read-training-set.js';
import { parseResourceName } from '../schema/resource-name.js';
import { displayNameOf, parseJobId, stringLabels, toJobNotFoundError, toJobRequest } from './jobs.js';

/** Makes the request of the port from the input, under the policy. Errors name the field of the input. */
export async function batchPredictionRequest(
  context: RequestContext,
  input: StartBatchPredictionInput,
): Promise<BatchPredictionRequest> {
  const { registry, access, principal } = context;
  const model = registry.model(modelName(input.model), 'model', visibleModels(access, registry.models));
  const maxCostUsd = checkJob(access.batchPrediction(model.name), input.maxCostUsd ?? null, 'use this model', 'model');
  const source = batchInput(input.input);
  await checkInput(context, source, input.input);
  checkOutput(access, input.output.format === 'TABLE' ? 'WRITE_TABLE' : 'WRITE_FILE', input.output.location);
  return {
    displayName: displayNameOf(input.displayName),
    labels: stringLabels(input.labels),
    ...toJobRequest(principal, {
      idempotencyKey: input.idempotencyKey,
      maxCostUsd,
      cancelAboveUsd: input.cancelAboveUsd,
    }),
    model,
    spec: {
      model: model.name,
      input: source,
      ...(input.instances ? { instances: batchInstances(input.instances) } : {}),
      output: { format: input.output.format, location: input.output.location ?? null },
      parameters: input.parameters ?? null,
      resources: batchResources(input),
      retryOf: null,
    },
  };
}

/** An input that the principal may not read. Another's training set does not exist. */
async function checkInput(
  context: RequestContext,
  input: BatchInput,
  { trainingSetJob }: BatchSourceInput,
): Promise<void> {
  const { access, jobs } = context;
  if (access.isUnrestricted) return;
  switch (input.kind) {
    case 'TRAINING_SET': {
      const field = 'input.trainingSetJob';
      const job = await jobs.get(input.job);
      if (!job) throw toJobNotFoundError(trainingSetJob!, field);
      // The results have its rows: who may see the job of another may not therefore read its features.
      if (TRAINING_SET_JOB.includes(job)) await checkTrainingSet(context, job, field);
      return;
    }
    case 'TABLE':
      checkTable(context, input.table, 'input.table');
      return;
    case 'FILES':
    case 'INSTANCE_FILES': {
      const field = input.kind === 'FILES' ? 'files' : 'instanceFiles';
      for (const [index, file] of input.files.entries()) {
        if (access.mayUseFile('READ_FILE', file)) continue;
        throw permissionDenied('You may not read this file.', `input.${field}.paths[${index}]`);
      }
    }
  }
}

/** The name in "models/delay" or "delay". */
export function modelName(id: string): string {
  const name = parseResourceName(id);
  return name?.kind === 'model' ? name.model : id;
}

/** A OneOf input: exactly one field is set. */
function batchInput({ trainingSetJob, table, files, instanceFiles }: BatchSourceInput): BatchInput {
  if (instanceFiles !== undefined) {
    const { paths, format } = instanceFiles;
    checkPaths(paths, 'input.instanceFiles.paths');
    return { kind: 'INSTANCE_FILES', files: paths, format };
  }
  if (table !== undefined) return { kind: 'TABLE', table };
  if (files !== undefined) {
    const { paths, format } = files;
    checkPaths(paths, 'input.files.paths');
    const known = format ?? formatOfFile(paths[0]!, 'input.files.format');
    const options = fileOptions(files, known, 'input.files');
    return { kind: 'FILES', files: paths, format: known, ...(Object.keys(options).length === 0 ? {} : { options }) };
  }
  return { kind: 'TRAINING_SET', job: parseJobId(trainingSetJob!, 'input.trainingSetJob') };
}

function checkPaths(paths: readonly string[], field: string): void {
  if (paths.length === 0) throw badInput('"paths" is empty. Name at least one file.', field);
  const { maxInputPaths } = REQUEST_LIMITS;
  if (paths.length > maxInputPaths) {
    throw badInput(
      `"paths" has ${paths.length} paths, and may have ${maxInputPaths}. Name their folder, or a pattern.`,
      field,
    );
  }
}

function batchInstances(input: BatchInstancesInput): BatchInstances {
  for (const name of ['includedFields', 'excludedFields'] as const) {
    const { length } = input[name] ?? [];
    const { maxInstanceFields } = REQUEST_LIMITS;
    if (length > maxInstanceFields) {
      throw badInput(`"${name}" has ${length} fields, and may have ${maxInstanceFields}.`, `instances.${name}`);
    }
  }
  return {
    format: input.format ?? null,
    keyField: input.keyField ?? null,
    includedFields: input.includedFields ?? [],
    excludedFields: input.excludedFields ?? [],
  };
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
