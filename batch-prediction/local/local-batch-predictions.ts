import { readdir } from 'node:fs/promises';
import { AppError, badInput } from '../../errors/app-error.js';
import { describeFaults } from '../models/describe-faults.js';
import { REQUEST_LIMITS } from '../../limits/request-limits.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { jobTableName } from '../../datasources/duckdb/job-tables.js';
import type {
  BatchOutput,
  BatchPredictionJobRecord,
  BatchPredictionRequest,
  BatchPredictions,
  BatchPredictionSpec,
  MetricRequest,
  PredictionFailureRow,
  PredictionRow,
  ResultRange,
} from '../batch-predictions.js';
import type { JobEngine } from '../../jobs/job-engine.js';
import { isTerminalState } from '../../datasources/job-store/job-state.js';
import type { BatchWork } from '../../datasources/job-store/job-cost.js';
import type { JobOrigin } from '../../jobs/job-origin.js';
import { THIS_MACHINE } from '../../costs/price-book.js';
import { readCheckpoint, outputFolder, type BatchPredictionDependencies } from './batch-prediction-dependencies.js';
import { countRows } from './checkpoint.js';
import { checkInput, countInput } from './open-input.js';
import { PredictionsTable } from './predictions-table.js';
import { readFailures, readPredictions, type WrittenOutput } from './read-results.js';
import { checkMetrics, computeMetrics } from './result-metrics.js';

/** Batch prediction on this machine: jobs of the engine, run by BatchPredictionRunner. */
export class LocalBatchPredictions implements BatchPredictions {
  constructor(
    private readonly engine: JobEngine,
    private readonly dependencies: BatchPredictionDependencies,
  ) {}

  async start({
    displayName,
    labels,
    model,
    spec,
    ...origin
  }: BatchPredictionRequest): Promise<BatchPredictionJobRecord> {
    const job = await this.engine.start({
      ...origin,
      kind: 'BATCH_PREDICTION',
      displayName,
      labels,
      spec,
      subject: model,
      check: async () => {
        await this.#checkOutput(spec.output);
        await this.#check(model, spec);
      },
      work: () => this.#work(model, spec),
    });
    return job as BatchPredictionJobRecord;
  }

  async work({ model, spec }: BatchPredictionRequest): Promise<BatchWork> {
    await this.#check(model, spec);
    return this.#work(model, spec);
  }

  /** The new job writes to a folder of its own, whatever that of the earlier one was. */
  async retryFailed(job: BatchPredictionJobRecord, origin: JobOrigin): Promise<BatchPredictionJobRecord> {
    const spec: BatchPredictionSpec = { ...job.spec, output: { ...job.spec.output, location: null }, retryOf: job.id };
    const { failures } = countRows(readCheckpoint(job)?.parts ?? []);
    const check = async (): Promise<void> => {
      if (!isTerminalState(job.state))
        throw badInput('The job has not ended. Its failures can be retried when it has.', 'job');
      if (failures === 0) {
        throw badInput('No instance of this job failed: there is nothing to retry.', 'job');
      }
      if (!this.dependencies.getModel(job.spec.model)) {
        throw new AppError('MODEL_NOT_FOUND', `There is no model "${job.spec.model}" any more.`, { field: 'job' });
      }
    };
    const { displayName, labels, subject } = job;
    const retry = await this.engine.start({
      ...origin,
      kind: 'BATCH_PREDICTION',
      displayName,
      labels,
      spec,
      subject,
      check,
      work: async () => toBatchWork(spec, BigInt(failures)),
    });
    return retry as BatchPredictionJobRecord;
  }

  async predictions(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionRow[]> {
    const written = await this.#written(job);
    return written ? this.dependencies.scratch.use((connection) => readPredictions(connection, written, page)) : [];
  }

  async failures(job: BatchPredictionJobRecord, page: ResultRange): Promise<readonly PredictionFailureRow[]> {
    const written = await this.#written(job);
    return written ? this.dependencies.scratch.use((connection) => readFailures(connection, written, page)) : [];
  }

  async metrics(job: BatchPredictionJobRecord, asked: readonly MetricRequest[]): Promise<readonly (number | null)[]> {
    checkMetrics(readCheckpoint(job)?.outputs ?? this.dependencies.getModel(job.spec.model)?.outputs ?? [], asked);
    const written = await this.#written(job);
    if (!written) return asked.map(({ metric }) => (metric === 'COUNT' ? 0 : null));
    return this.dependencies.scratch.use((connection) => computeMetrics(connection, written, asked));
  }

  async #work(model: Model, spec: BatchPredictionSpec): Promise<BatchWork> {
    return toBatchWork(spec, await countInput(this.dependencies, spec.input, model.inputs));
  }

  async #written(job: BatchPredictionJobRecord): Promise<WrittenOutput | undefined> {
    const checkpoint = readCheckpoint(job);
    return checkpoint ? { folder: await outputFolder(this.dependencies, job), checkpoint } : undefined;
  }

  async #check(model: Model, spec: BatchPredictionSpec): Promise<void> {
    const { batchSize, startingReplicaCount, generateExplanation } = spec.resources;
    assertWholeNumberUpTo('batchSize', batchSize, REQUEST_LIMITS.maxBatchSize);
    assertWholeNumberUpTo('startingReplicaCount', startingReplicaCount, REQUEST_LIMITS.maxReplicas);
    if (generateExplanation) throw badInput('Models that run here give no explanations.', 'generateExplanation');
    await this.#checkModel(model);
    await checkInput(this.dependencies, spec.input, model.inputs);
  }

  /** A model that does not fit would fail the job with the first batch. */
  async #checkModel(model: Model): Promise<void> {
    const serving = this.dependencies.servings.get(model.runtime);
    if (!serving) {
      throw new AppError('MODEL_UNAVAILABLE', `This gateway does not run models of the runtime ${model.runtime}.`);
    }
    const faults = await serving.check(model);
    if (faults.length > 0) throw new AppError('MODEL_UNAVAILABLE', describeFaults(model, faults), { field: 'model' });
  }

  async #checkOutput({ format, location }: BatchOutput): Promise<void> {
    if (location === null) return;
    const field = 'output.location';
    if (format === 'TABLE') {
      const table = new PredictionsTable(this.dependencies.offline, jobTableName(location, ''));
      if (await table.isThere()) throw badInput(`There is already "${table.location}". Name another table.`, field);
      return;
    }
    const path = await this.dependencies.files.writable(location, field);
    const names = await readdir(path).catch((error: unknown) => {
      if (isErrnoException(error) && error.code === 'ENOENT') return [];
      throw badInput(`"${location}" is not a folder.`, field);
    });
    if (names.length > 0)
      throw badInput(`The folder "${location}" is not empty. Name one that is, or a new one.`, field);
  }
}

/** What runs here is nobody's machine type: the gateway is the one machine. */
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
