import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '../../errors/app-error.js';
import type { Instant } from '../../values/instant.js';
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
  useWrittenFiles,
  workFolderPath,
  type BatchPredictionDependencies,
} from './batch-prediction-dependencies.js';
import type { BatchSource } from './batch-source.js';
import { allFailed, getsOtherColumns, inputChanged, NOT_SHARED, progressOf, type Ending } from './batch-ending.js';
import { BatchRun } from './batch-run.js';
import { countRows, type BatchPredictionCheckpoint } from './checkpoint.js';
import { isSameFingerprint } from './input-fingerprint.js';
import { areSameColumns } from './instance-columns.js';
import { LOCAL_BATCH_PREDICTION, type LocalBatchPredictionJob } from './local-batch-prediction-job.js';
import { openModel } from './open-model.js';
import { openJobColumns } from './open-columns.js';
import { openInput } from './open-input.js';
import { outputPattern, type BatchOutputFolder } from './output-folder.js';
import { planBatchPrediction, planRetry } from './plan-batch-prediction.js';
import { BatchPredictor, DEFAULT_RETRY_POLICY } from './predict-batch.js';
import { predictInOrder } from './predict-in-order.js';
import { predictSlices } from './predict-slices.js';
import { SlicePace } from './slice-pace.js';

const MICROS_PER_HOUR = 3_600_000_000;

type Control = JobControl<BatchPredictionCheckpoint>;

type End = (
  checkpoint: BatchPredictionCheckpoint | null,
  how: Ending,
  cause?: unknown,
) => Promise<JobOutcome<BatchPredictionResult>>;

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
  readonly boundToMachine: { readonly field: string; readonly message: string } | undefined;

  constructor(private readonly dependencies: BatchPredictionDependencies) {
    this.boundToMachine = dependencies.shared ? undefined : NOT_SHARED;
  }

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
    try {
      return await this.#runOnce(job, control);
    } finally {
      // The work of this run is of no use to the next one, which may be elsewhere.
      if (this.dependencies.shared) await this.#removeWork(job);
    }
  }

  async #runOnce(job: LocalBatchPredictionJob, control: Control): Promise<JobOutcome<BatchPredictionResult>> {
    const folder = await this.#claimOutput(job, control.stopping);
    const start = job.checkpoint;
    // An earlier run decided the end, and may have begun to publish it.
    if (start?.ending !== undefined) return this.#end(job, folder, start, start.ending);
    const end: End = (checkpoint, how, cause) => this.#decide(job, folder, checkpoint, { how, cause, control });
    await folder.dropAfter(start?.parts ?? []);
    // A process that ends before the work began did not cancel the job: the job stays for the next process.
    control.stopping.throwIfAborted();
    if (control.signal.aborted) return end(start, 'CANCELLED');
    const connection = await this.dependencies.scratch.instance.connect();
    const progress = { checkpoint: start };
    try {
      await this.#work(job, folder, connection, control, progress);
      return await end(progress.checkpoint, null);
    } catch (error) {
      const reason = stopReason(control.signal);
      if (reason === 'stop') throw error;
      if (reason === 'cancel') return await end(progress.checkpoint, 'CANCELLED');
      // The engine masks and logs errors that are not meant for the owner.
      if (!(error instanceof JobFailure || error instanceof AppError)) throw error;
      const { code, message } = error;
      return await end(progress.checkpoint, { code, message }, error);
    } finally {
      connection.closeSync();
    }
  }

  async finalize(
    job: LocalBatchPredictionJob,
    how: 'CANCELLED' | JobError,
  ): Promise<PartialResult<BatchPredictionResult>> {
    const folder = await this.#claimOutput(job, new AbortController().signal);
    return this.#end(job, folder, job.checkpoint, job.checkpoint?.ending ?? how);
  }

  /**
   * Several gateways: stores how the job ends before anything gets its name. From then on every gateway that has the job, or
   * had it, publishes the same files.
   */
  async #decide(
    job: LocalBatchPredictionJob,
    folder: BatchOutputFolder,
    checkpoint: BatchPredictionCheckpoint | null,
    { how, cause, control }: { readonly how: Ending; readonly cause: unknown; readonly control: Control },
  ): Promise<JobOutcome<BatchPredictionResult>> {
    if (this.dependencies.shared && checkpoint) {
      await control.checkpoint({ ...checkpoint, ending: how }, progressOf(checkpoint));
    }
    return this.#end(job, folder, checkpoint, how, cause);
  }

  async #claimOutput(job: LocalBatchPredictionJob, signal: AbortSignal): Promise<BatchOutputFolder> {
    await predictionsTable(this.dependencies, job)?.claim(job.id);
    const folder = await outputFolder(this.dependencies, job, signal);
    await folder.claim(job.id);
    return folder;
  }

  async #work(
    job: LocalBatchPredictionJob,
    folder: BatchOutputFolder,
    connection: DuckDBConnection,
    control: Control,
    progress: { checkpoint: BatchPredictionCheckpoint | null },
  ): Promise<void> {
    const model = getJobModel(this.dependencies, job);
    await using opened = await openInput(this.dependencies, connection, job, model.inputs, control.signal);
    const { source, atStart, fingerprint } = opened;
    const begun = await this.#begun(folder, progress, source, atStart);
    const { batchSize, startingReplicaCount: parallelism } = job.spec.resources;
    const { scratch, clock, retryPolicy = DEFAULT_RETRY_POLICY } = this.dependencies;
    await using stack = new AsyncDisposableStack();
    const predictor = await openModel(this.dependencies, model, parallelism, control.signal);
    stack.defer(() => predictor.close());
    const checkpoint = begun ?? {
      fingerprint: atStart,
      total: source.rows,
      columns: source.columns,
      outputs: model.outputs.map(({ name, valueType }) => ({ name, valueType })),
      parts: [],
    };
    const { outputs } = checkpoint;
    const columns = await openJobColumns({ folder, connection, source, model, outputs, predictor });
    stack.use(columns);
    const run = new BatchRun({
      folder,
      control,
      scratch,
      partColumns: columns?.partColumns ?? null,
      clock,
      checkpoint,
      isFirst: begun === null,
      onCheckpoint: (checkpoint) => (progress.checkpoint = checkpoint),
    });
    await run.begin();
    const { parameters } = job.spec;
    const batches = new BatchPredictor({ predictor, parameters, signal: control.signal, retryPolicy });
    const fromRow = run.rowsDone;
    if (columns) {
      const pace = new SlicePace();
      const slices = columns.source.slices(connection, { fromRow, batchSize, runsPerSlice: () => pace.runs });
      const { source: from, predictor: by } = columns;
      const { signal } = control;
      await run.take(predictSlices(slices, { source: from, columns: by, batches, scratch, pace, parallelism, signal }));
    } else {
      const read = source.read(connection, { fromRow, batchSize, withOthers: getsOtherColumns(model) });
      await run.take(predictInOrder(read, batches, parallelism));
    }
    if ((await fingerprint()) !== atStart) throw inputChanged();
  }

  /**
   * The checkpoint to continue from. An older version may have read the columns as other types, or may not have found
   * them all: its parts do not go together with further ones, so the work begins again.
   */
  async #begun(
    folder: BatchOutputFolder,
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

  async #removeWork(job: LocalBatchPredictionJob): Promise<void> {
    await rm(workFolderPath(this.dependencies, job.id), { recursive: true, force: true });
  }

  /** Stores the result in the folder and in the job. `how` is null for work that was completed. */
  async #end(
    job: LocalBatchPredictionJob,
    folder: BatchOutputFolder,
    checkpoint: BatchPredictionCheckpoint | null,
    how: Ending,
    cause?: unknown,
  ): Promise<JobOutcome<BatchPredictionResult>> {
    const parts = checkpoint?.parts ?? [];
    const { predictions, failures } = countRows(parts);
    const error = how ?? allFailed(predictions, failures);
    const state = error === 'CANCELLED' ? error : error ? 'FAILED' : failures > 0 ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED';
    await folder.dropAfter(parts);
    if (checkpoint) await folder.publish(job.id, state, checkpoint);
    const table = predictionsTable(this.dependencies, job);
    if (table) {
      await useWrittenFiles(this.dependencies, job, async (written) =>
        table.fill(job.id, await written.files('predictions', parts)),
      );
    }
    await this.#removeWork(job);
    const location = outputLocation(this.dependencies, job);
    const predicted = table?.location ?? outputPattern(location, 'predictions', folder.format);
    const result: BatchPredictionResult = {
      predictions: predictions > 0 ? predicted : null,
      failures: failures > 0 ? outputPattern(location, 'errors', folder.format) : null,
      isPartial: how !== null && predictions + failures > 0,
    };
    const progress = progressOf(checkpoint);
    if (error !== null && error !== 'CANCELLED') return { state: 'FAILED', error, cause, result, progress };
    return { state: state as 'SUCCEEDED' | 'PARTIALLY_SUCCEEDED' | 'CANCELLED', result, progress };
  }
}
