import { readdir } from 'node:fs/promises';
import { jobTableName } from '../../datasources/duckdb/job-tables.js';
import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import { THIS_MACHINE } from '../../costs/price-book.js';
import { AppError, badInput } from '../../errors/app-error.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { JobPlan } from '../../jobs/job-handler.js';
import { describeFaults } from '../models/describe-faults.js';
import type {
  BatchOutput,
  BatchPredictionJobSpec,
  BatchPredictionRequest,
  BatchPredictionSpec,
  RetryRequest,
} from '../batch-predictions.js';
import type { BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { refuseUnwritableColumns } from './check-columns.js';
import { countRows } from './checkpoint.js';
import type { InspectedInput } from './input-files.js';
import { LOCAL_BATCH_PREDICTION } from './local-batch-prediction-job.js';
import { inspectInput } from './open-input.js';
import { PredictionsTable } from './predictions-table.js';

export function planBatchPrediction(
  dependencies: BatchPredictionDependencies,
  request: BatchPredictionRequest,
): JobPlan<BatchPredictionJobSpec> {
  const { displayName, labels, model, spec } = request;
  const inspect = inspectOnce(dependencies, request);
  return {
    displayName,
    labels,
    spec: { ...spec, modelSnapshot: model },
    check: async () => {
      await checkOutput(dependencies, spec.output);
      await checkRequest(dependencies, request);
      await inspect();
    },
    work: async () => toBatchWork(spec, BigInt((await inspect()).rows)),
  };
}

/** The new job writes to a folder of its own, whatever the folder of the earlier job. */
export function planRetry(
  dependencies: BatchPredictionDependencies,
  { retryOf }: RetryRequest,
): JobPlan<BatchPredictionJobSpec> {
  const job = LOCAL_BATCH_PREDICTION.read(retryOf);
  const { displayName, labels } = job;
  const spec = { ...job.spec, output: { ...job.spec.output, location: null }, retryOf: job.id };
  const { failures } = countRows(job.checkpoint?.parts ?? []);
  return {
    displayName,
    labels,
    spec,
    check: async () => {
      if (!isTerminalState(job.state))
        throw badInput('The job has not ended. Its failures can be retried when it has.', 'job');
      if (failures === 0) throw badInput('No instance of this job failed: there is nothing to retry.', 'job');
      const model = dependencies.getModel(spec.model);
      if (!model) {
        throw new AppError('MODEL_NOT_FOUND', `There is no model "${spec.model}" any more.`, { field: 'job' });
      }
      await checkModel(dependencies, model, 'job');
    },
    work: async () => toBatchWork(spec, BigInt(failures)),
  };
}

/** The work of a request, with the checks of a start except for its output. */
export async function checkedWork(
  dependencies: BatchPredictionDependencies,
  request: BatchPredictionRequest,
): Promise<BatchWork> {
  await checkRequest(dependencies, request);
  const { rows } = await inspectOnce(dependencies, request)();
  return toBatchWork(request.spec, BigInt(rows));
}

/** Inspects the input when it is first asked for: a check and an estimate must not read a text twice. */
function inspectOnce(
  dependencies: BatchPredictionDependencies,
  { model, spec }: BatchPredictionRequest,
): () => Promise<InspectedInput> {
  let inspected: Promise<InspectedInput> | undefined;
  const inspect = async (): Promise<InspectedInput> => {
    const input = await inspectInput(dependencies, spec.input, model.inputs);
    refuseUnwritableColumns(input.columns, spec.output);
    return input;
  };
  return () => (inspected ??= inspect());
}

async function checkRequest(
  dependencies: BatchPredictionDependencies,
  { model, spec }: BatchPredictionRequest,
): Promise<void> {
  const { batchSize, startingReplicaCount, generateExplanation } = spec.resources;
  assertWholeNumberUpTo('batchSize', batchSize, REQUEST_LIMITS.maxBatchSize);
  assertWholeNumberUpTo('startingReplicaCount', startingReplicaCount, REQUEST_LIMITS.maxReplicas);
  if (spec.instances) {
    throw badInput('Models that run here take the columns that the registry names: leave this out.', 'instances');
  }
  if (generateExplanation) throw badInput('Models that run here give no explanations.', 'generateExplanation');
  await checkModel(dependencies, model, 'model');
}

/** A model that does not match its registry entry would fail the job at the first batch. */
export async function checkModel(
  { servings }: Pick<BatchPredictionDependencies, 'servings'>,
  model: Model,
  field: string,
): Promise<void> {
  const serving = servings.get(model.runtime);
  if (!serving) {
    throw new AppError('MODEL_UNAVAILABLE', `This gateway does not run models of the runtime ${model.runtime}.`);
  }
  const faults = await serving.check(model);
  if (faults.length > 0) throw new AppError('MODEL_UNAVAILABLE', describeFaults(model, faults), { field });
}

async function checkOutput(
  { files, offline, shared }: BatchPredictionDependencies,
  { format, location }: BatchOutput,
): Promise<void> {
  if (shared && format === 'TABLE') {
    throw badInput(
      'Several gateways share their jobs here, and a table would be in the database of one of them. Choose PARQUET or JSONL.',
      'output.format',
    );
  }
  if (location === null) return;
  const field = 'output.location';
  if (shared) {
    const folder = shared.address(location.replace(/\/+$/, ''), field);
    if ((await shared.list(folder, 1)).length > 0) throw notEmpty(location);
    return;
  }
  if (format === 'TABLE') {
    const table = new PredictionsTable(offline, jobTableName(location, ''));
    if (await table.isThere()) throw badInput(`There is already "${table.location}". Name another table.`, field);
    return;
  }
  const path = await files.writable(location, field);
  const names = await readdir(path).catch((error: unknown) => {
    if (isErrnoException(error) && error.code === 'ENOENT') return [];
    throw badInput(`"${location}" is not a folder.`, field);
  });
  if (names.length > 0) throw notEmpty(location);
}

function notEmpty(location: string): AppError {
  return badInput(`The folder "${location}" is not empty. Name one that is, or a new one.`, 'output.location');
}

/** A local job has no machine type: the gateway's machine is the only one. */
function toBatchWork({ model, resources }: BatchPredictionSpec, rows: bigint): BatchWork {
  const { batchSize, startingReplicaCount } = resources;
  return {
    kind: 'BATCHES',
    model,
    rows,
    batchSize,
    startingReplicaCount,
    machineType: null,
    acceleratorType: null,
    acceleratorCount: null,
    priceBook: THIS_MACHINE,
  };
}

function assertWholeNumberUpTo(field: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw badInput(`${field} is a whole number from 1 to ${most}, not ${value}.`, field);
}

function isErrnoException(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
