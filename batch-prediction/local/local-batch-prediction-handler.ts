import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { DuckDBConnection } from '@duckdb/node-api';
import pRetry from 'p-retry';
import { AppError } from '../../errors/app-error.js';
import type { Instant } from '../../values/instant.js';
import type { Predictor } from '../models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import {
  requestedBatchPrediction,
  type BatchPredictionJobSpec,
  type BatchPredictionRequest,
  type BatchPredictionResult,
  type BatchPredictionSpec,
  type RetryRequest,
} from '../batch-predictions.js';
import {
  stopReason,
  type JobControl,
  type JobHandler,
  type JobOutcome,
  type JobPlan,
  type PartialResult,
} from '../../jobs/job-handler.js';
import { JobFailure } from '../../jobs/job-failure.js';
import type { JobError } from '../../datasources/job-store/job-record.js';
import {
  getJobModel,
  outputFolder,
  outputLocation,
  predictionsTable,
  workFolderPath,
  type BatchPredictionDependencies,
} from './batch-prediction-dependencies.js';
import type { BatchSource, InputInstance } from './batch-source.js';
import { BatchRun, type PredictedInstance } from './batch-run.js';
import { countRows, type BatchPredictionCheckpoint } from './checkpoint.js';
import { isSameFingerprint } from './input-fingerprint.js';
import { areSameColumns } from './instance-columns.js';
import { LOCAL_BATCH_PREDICTION, type LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import { openInput } from './open-input.js';
import { OutputFolder } from './output-folder.js';
import { planBatchPrediction, planRetry } from './plan-batch-prediction.js';
import { BatchPredictor, DEFAULT_RETRY_POLICY } from './predict-batch.js';

const MICROS_PER_HOUR = 3_600_000_000;

type Control = JobControl<BatchPredictionCheckpoint>;

/**
 * Batch predictions in this process. docs/batch-prediction.md tells how an input becomes an output, in the order of the
 * input.
 */
export class LocalBatchPredictionHandler implements JobHandler<
  BatchPredictionRequest | RetryRequest,
  BatchPredictionJobSpec,
  BatchPredictionCheckpoint,
  BatchPredictionResult
> {
  readonly type = LOCAL_BATCH_PREDICTION;
  readonly boundToMachine = {
    field: 'model',
    message:
      'Several gateways share their jobs here, and this model predicts into files on the disk of one of them. Use a model ' +
      'on Vertex AI, or a gateway that has its jobs for itself (docs/several-gateways.md).',
  };

  constructor(private readonly dependencies: BatchPredictionDependencies) {}

  async plan(request: BatchPredictionRequest | RetryRequest): Promise<JobPlan<BatchPredictionJobSpec>> {
    return 'retryOf' in request
      ? planRetry(this.dependencies, request)
      : planBatchPrediction(this.dependencies, request);
  }

  requested(spec: BatchPredictionJobSpec): BatchPredictionSpec {
    return requestedBatchPrediction(spec);
  }

  /**
   * Its workers count from its first begin to its end, also while the gateway was down: the downtime is not recorded.
   */
  replicaHours({ startedAt, endedAt, spec }: LocalBatchPredictionJob, now: Instant): number {
    if (startedAt === null) return 0;
    return (Number((endedAt ?? now) - startedAt) / MICROS_PER_HOUR) * spec.resources.startingReplicaCount;
  }

  async run(job: LocalBatchPredictionJob, control: Control): Promise<JobOutcome<BatchPredictionResult>> {
    const folder = await this.#claimOutput(job);
    const start = job.checkpoint;
    await folder.dropAfter(start?.parts ?? []);
    // A process that ends before the work began did not cancel the job: the job stays for the next process.
    control.stopping.throwIfAborted();
    if (control.signal.aborted) return this.#end(job, folder, start, 'CANCELLED');
    const connection = await this.dependencies.scratch.instance.connect();
    const progress = { checkpoint: start };
    try {
      await this.#work(job, folder, connection, control, progress);
      return await this.#end(job, folder, progress.checkpoint, null);
    } catch (error) {
      const reason = stopReason(control.signal);
      if (reason === 'stop') throw error;
      if (reason === 'cancel') return await this.#end(job, folder, progress.checkpoint, 'CANCELLED');
      // The engine masks and logs errors that are not meant for the owner.
      if (!(error instanceof JobFailure || error instanceof AppError)) throw error;
      const { code, message } = error;
      return await this.#end(job, folder, progress.checkpoint, { code, message }, error);
    } finally {
      connection.closeSync();
    }
  }

  async finalize(
    job: LocalBatchPredictionJob,
    how: 'CANCELLED' | JobError,
  ): Promise<PartialResult<BatchPredictionResult>> {
    const folder = await this.#claimOutput(job);
    return this.#end(job, folder, job.checkpoint, how);
  }

  async #claimOutput(job: LocalBatchPredictionJob): Promise<OutputFolder> {
    await predictionsTable(this.dependencies, job)?.claim(job.id);
    const folder = await outputFolder(this.dependencies, job);
    await folder.claim(job.id);
    return folder;
  }

  async #work(
    job: LocalBatchPredictionJob,
    folder: OutputFolder,
    connection: DuckDBConnection,
    control: Control,
    progress: { checkpoint: BatchPredictionCheckpoint | null },
  ): Promise<void> {
    const model = getJobModel(this.dependencies, job);
    await using opened = await openInput(this.dependencies, connection, job, model.inputs, control.signal);
    const { source, atStart, fingerprint } = opened;
    const begun = await this.#begun(folder, progress, source, atStart);
    const run = new BatchRun({
      folder,
      control,
      scratch: this.dependencies.scratch,
      clock: this.dependencies.clock,
      checkpoint: begun ?? {
        fingerprint: atStart,
        total: source.rows,
        columns: source.columns,
        outputs: model.outputs.map(({ name, valueType }) => ({ name, valueType })),
        parts: [],
      },
      isFirst: begun === null,
      onCheckpoint: (checkpoint) => (progress.checkpoint = checkpoint),
    });
    const { batchSize, startingReplicaCount: parallelism } = job.spec.resources;
    const predictor = await this.#openModel(model, parallelism, control.signal);
    try {
      await run.begin();
      const batches = new BatchPredictor({
        predictor,
        parameters: job.spec.parameters,
        signal: control.signal,
        retryPolicy: this.dependencies.retryPolicy ?? DEFAULT_RETRY_POLICY,
      });
      const read = source.read(connection, { fromRow: run.rowsDone, batchSize, withOthers: getsOtherColumns(model) });
      await run.take(predictInOrder(read, batches, parallelism));
      if ((await fingerprint()) !== atStart) throw inputChanged();
    } finally {
      await predictor.close();
    }
  }

  /**
   * The checkpoint to continue from. An older version may have read the columns as other types, or may not have found
   * them all: its parts do not go together with further ones, so the work begins again.
   */
  async #begun(
    folder: OutputFolder,
    progress: { checkpoint: BatchPredictionCheckpoint | null },
    { columns }: BatchSource,
    fingerprint: string,
  ): Promise<BatchPredictionCheckpoint | null> {
    const begun = progress.checkpoint;
    if (!begun) return null;
    if (!isSameFingerprint(begun.fingerprint, fingerprint)) throw inputChanged();
    if (areSameColumns(begun.columns, columns)) return begun;
    await folder.dropAfter([]);
    progress.checkpoint = null;
    return null;
  }

  async #openModel(model: Model, parallelism: number, signal: AbortSignal): Promise<Predictor> {
    const serving = this.dependencies.servings.get(model.runtime);
    if (!serving) {
      throw new JobFailure('MODEL_UNAVAILABLE', `This gateway does not run models of the runtime ${model.runtime}.`);
    }
    const { initialBackoffMs: firstPauseMs, outageRetries } = this.dependencies.retryPolicy ?? DEFAULT_RETRY_POLICY;
    return pRetry(() => serving.open(model, { parallelism }), {
      retries: Math.min(3, outageRetries),
      minTimeout: firstPauseMs,
      signal,
      shouldRetry: ({ error }) => error instanceof AppError && error.code === 'MODEL_UNAVAILABLE',
    });
  }

  /** Stores the result in the folder and in the job. `how` is null for work that was completed. */
  async #end(
    job: LocalBatchPredictionJob,
    folder: OutputFolder,
    checkpoint: BatchPredictionCheckpoint | null,
    how: 'CANCELLED' | JobError | null,
    cause?: unknown,
  ): Promise<JobOutcome<BatchPredictionResult>> {
    const parts = checkpoint?.parts ?? [];
    const { predictions, failures } = countRows(parts);
    const error = how ?? allFailed(predictions, failures);
    const state = error === 'CANCELLED' ? error : error ? 'FAILED' : failures > 0 ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED';
    await folder.dropAfter(parts);
    if (checkpoint) await folder.writeManifest(job.id, state, checkpoint);
    const table = predictionsTable(this.dependencies, job);
    await table?.fill(job.id, folder.files('predictions', parts));
    await rm(workFolderPath(this.dependencies, job.id), { recursive: true, force: true });
    const location = outputLocation(job);
    const predicted = table?.location ?? OutputFolder.pattern(location, 'predictions', folder.format);
    const result: BatchPredictionResult = {
      predictions: predictions > 0 ? predicted : null,
      failures: failures > 0 ? OutputFolder.pattern(location, 'errors', folder.format) : null,
      isPartial: how !== null && predictions + failures > 0,
    };
    const progress = {
      completed: BigInt(predictions),
      failed: BigInt(failures),
      total: checkpoint ? BigInt(checkpoint.total) : null,
    };
    if (error !== null && error !== 'CANCELLED') return { state: 'FAILED', error, cause, result, progress };
    return { state: state as 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED', result, progress };
  }
}

/** A server that takes objects gets every column. */
function getsOtherColumns({ runtime, http }: Model): boolean {
  return runtime === 'HTTP' && http?.instances !== 'ARRAY';
}

/** Runs `parallelism` batches at a time; their outcomes come in the order of the input. */
function predictInOrder(
  batches: AsyncIterable<readonly InputInstance[]>,
  predictor: BatchPredictor,
  parallelism: number,
): AsyncIterable<readonly PredictedInstance[]> {
  return Readable.from(batches, { objectMode: true, highWaterMark: 1 }).map(
    async (batch: readonly InputInstance[]): Promise<readonly PredictedInstance[]> => {
      const sound = batch.filter(({ fault }) => fault === null);
      const outcomes = (await predictor.predict(sound.map(({ instance }) => instance)))[Symbol.iterator]();
      return batch.map((input) => ({ input, outcome: input.fault ? null : outcomes.next().value! }));
    },
    { concurrency: parallelism },
  );
}

function allFailed(predictions: number, failures: number): JobError | null {
  if (predictions > 0 || failures === 0) return null;
  return {
    code: 'ALL_INSTANCES_FAILED',
    message: `Not one of the ${failures} instances has a prediction. The failures of the job say why.`,
  };
}

function inputChanged(): JobFailure {
  return new JobFailure(
    'INPUT_CHANGED',
    'The files of the input changed after the job began: what was predicted would not belong to what is there now. ' +
      'Start the job again, and leave the files alone until it ends.',
  );
}
