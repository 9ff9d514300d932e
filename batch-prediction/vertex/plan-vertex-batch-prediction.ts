import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { badInput } from '../../errors/app-error.js';
import type { JobPlan } from '../../jobs/job-handler.js';
import type { BatchPredictionRequest, BatchPredictionSpec, RetryRequest } from '../batch-predictions.js';
import { checkLocations } from './check-locations.js';
import { inputRows } from './input-rows.js';
import { DEFAULT_MACHINE_TYPE, vertexJobRequest } from './job-request.js';
import { readVertexResults, type VertexResultStores } from './read-vertex-results.js';
import { inputSize } from './input-size.js';
import { parseLocation, parseModelParent } from './vertex-model.js';
import { VERTEX_BATCH_PREDICTION, type VertexJobSpec } from './vertex-batch-prediction-job.js';

/** The dependencies of planning. */
export interface VertexPlanDependencies extends VertexResultStores {
  /** A model of the registry; throws with the field when no model has the name. */
  readonly getModel: (name: string, field?: string) => Model;
}

/** Refuses what Vertex AI would refuse, before the job is stored: the client learns at once what is not possible. */
export async function planVertexBatchPrediction(
  dependencies: VertexPlanDependencies,
  { displayName, labels, model, spec }: BatchPredictionRequest,
): Promise<JobPlan<VertexJobSpec>> {
  const jobSpec = toJobSpec(displayName, labels, model, spec);
  await checkLocations(dependencies, jobSpec);
  return {
    displayName,
    labels,
    spec: jobSpec,
    work: () => estimateInput(dependencies, jobSpec),
  };
}

export async function planVertexRetry(
  dependencies: VertexPlanDependencies,
  { retryOf }: RetryRequest,
): Promise<JobPlan<VertexJobSpec>> {
  const job = VERTEX_BATCH_PREDICTION.read(retryOf);
  // The client learns this at once, and not from a job that fails later.
  const model = dependencies.getModel(job.spec.model, 'job');
  const failed =
    job.progress.failed > 0n
      ? await readVertexResults(dependencies, job, (results) =>
          results.failedInstances(`featuregraph-retry/${job.id}.jsonl`),
        )
      : undefined;
  if (!failed) throw badInput('The job has no failed instances that could be tried again.', 'job');
  const { labels } = job;
  const displayName = job.displayName ?? job.id;
  const { instances, ...earlier } = job.spec;
  const spec = toJobSpec(displayName, labels, model, {
    ...earlier,
    ...failed,
    // Lines of failed instances are what the model got: nothing is left to choose and arrange.
    ...(instances && failed.input.kind === 'TABLE' ? { instances } : {}),
    retryOf: job.id,
  });
  return { displayName, labels, spec, work: async () => toBatchWork(spec, job.progress.failed) };
}

/** The work of a request, with the same checks as a start. */
export async function checkedVertexWork(
  dependencies: VertexPlanDependencies,
  { displayName, labels, model, spec }: BatchPredictionRequest,
): Promise<BatchWork> {
  const jobSpec = toJobSpec(displayName, labels, model, spec);
  await checkLocations(dependencies, jobSpec);
  return estimateInput(dependencies, jobSpec);
}

function toJobSpec(
  displayName: string,
  labels: Readonly<Record<string, string>>,
  model: Model,
  spec: BatchPredictionSpec,
): VertexJobSpec {
  const vertexRequest = vertexJobRequest({ displayName, labels, model, spec });
  return { ...spec, modelSnapshot: model, vertexRequest, vertexParent: parseModelParent(model.location) };
}

async function estimateInput(dependencies: VertexPlanDependencies, spec: VertexJobSpec): Promise<BatchWork> {
  const rows = await inputRows(spec.input, dependencies.bigquery);
  return { ...toBatchWork(spec, rows), ...(await inputSize(dependencies, spec)) };
}

/** Priced by the location of the model, where its machines run. */
function toBatchWork({ model, resources, vertexParent, vertexRequest }: VertexJobSpec, rows: bigint | null): BatchWork {
  const { batchSize, startingReplicaCount, machineType, acceleratorType, acceleratorCount } = resources;
  return {
    kind: 'BATCHES',
    model,
    rows,
    batchSize,
    startingReplicaCount,
    machineType: machineType ?? DEFAULT_MACHINE_TYPE,
    acceleratorType,
    acceleratorCount: acceleratorType === null ? null : acceleratorCount,
    isMachineAssumed: machineType === null,
    priceBook: null,
    location: parseLocation(vertexParent ?? vertexRequest.model),
  };
}
