import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../errors/app-error.js';
import { labelsPerScan } from '../datasources/offline/offline-store.js';
import {
  stopReason,
  type JobControl,
  type JobHandler,
  type JobOutcome,
  type JobPlan,
  type PartialResult,
} from '../jobs/job-handler.js';
import { checkTrainingSet } from './check-training-set.js';
import { makeTrainingSet, prepareLabels, type Checkpoint } from './make-training-set.js';
import type { OutputFile } from './output.js';
import { publishFile } from './publish-file.js';
import { publishAgain, publishShared } from './publish-shared.js';
import { publishTable, publishTableAgain } from './publish-table.js';
import { withOutageRetry, withPayer } from './remote-store.js';
import type { TrainingSetDependencies } from './training-set-dependencies.js';
import { TRAINING_SET_JOB, type TrainingSetJob } from './training-set-job.js';
import { requireTables, toOutput } from './training-set-output.js';
import { checkRequest, toTrainingSetRequest, toTrainingSetSpec } from './training-set-spec.js';
import { trainingSetWork } from './training-set-work.js';
import type { StartTrainingSet, TrainingSetRequest, TrainingSetResult, TrainingSetSpec } from './training-sets.js';
import { countRows, removeWorkFile, WorkDatabase } from './work-database.js';

/**
 * The number of labels per chunk. Each chunk sorts the history again, so few chunks are fast. 5 million labels with 20
 * features are about 1 GB.
 */
const CHUNK_ROWS = 5_000_000;

const NOT_SHARED = {
  field: 'output',
  message:
    'Several gateways share their jobs here, and a training set would be a file on the disk of one of them. The operator ' +
    'sets FEATUREGRAPH_SHARED_FILES to a folder in Cloud Storage (docs/several-gateways.md).',
};

/**
 * Makes training sets. A job of several chunks works in a file and resumes after the last step. A job of a single chunk
 * works in memory, in half the time, and starts again from the beginning.
 */
export class TrainingSetHandler implements JobHandler<
  TrainingSetRequest & StartTrainingSet,
  TrainingSetSpec,
  Checkpoint,
  TrainingSetResult
> {
  readonly type = TRAINING_SET_JOB;
  readonly boundToMachine: { readonly field: string; readonly message: string } | undefined;

  constructor(
    private readonly dependencies: TrainingSetDependencies,
    private readonly chunkRows = CHUNK_ROWS,
  ) {
    this.boundToMachine = dependencies.shared ? undefined : NOT_SHARED;
  }

  async plan(request: TrainingSetRequest & StartTrainingSet): Promise<JobPlan<TrainingSetSpec>> {
    checkRequest(request);
    const { displayName, jobLabels: labels, output } = request;
    if (this.dependencies.shared && output.format === 'TABLE') {
      throw badInput(
        'Several gateways share their jobs here, and a table would be in the database of one of them. Choose PARQUET, CSV or BIGQUERY.',
        'output.format',
      );
    }
    if (output.format === 'BIGQUERY') requireTables(this.dependencies.tables);
    return {
      displayName,
      labels,
      spec: toTrainingSetSpec(request, output),
      check: () => checkTrainingSet(this.dependencies, request),
      work: async () => ({
        ...(await trainingSetWork(this.dependencies, request)),
        ...(output.format === 'BIGQUERY' ? { makesTable: true } : {}),
      }),
    };
  }

  /** A cancelled job leaves no output: a partial training set is biased. */
  async run(job: TrainingSetJob, control: JobControl<Checkpoint>): Promise<JobOutcome<TrainingSetResult>> {
    await mkdir(this.dependencies.workFolder, { recursive: true });
    try {
      const outcome = await this.#work(job, control);
      await this.#removeWork(job);
      return outcome;
    } catch (error) {
      const reason = stopReason(control.signal);
      if (reason === 'stop') throw error;
      const left = await this.finalize(job);
      if (reason !== 'cancel') throw error;
      return { state: 'CANCELLED', ...left };
    }
  }

  async finalize(job: TrainingSetJob): Promise<PartialResult<TrainingSetResult>> {
    await this.#removeWork(job);
    return { result: null, progress: job.progress };
  }

  #workFile({ id }: TrainingSetJob): string {
    return join(this.dependencies.workFolder, `${id}.duckdb`);
  }

  async #removeWork(job: TrainingSetJob): Promise<void> {
    await removeWorkFile(this.#workFile(job));
    const { partial } = await toOutput(job.spec.output, job.id, this.dependencies);
    if (partial !== null) await rm(partial, { force: true });
  }

  async #work(job: TrainingSetJob, control: JobControl<Checkpoint>): Promise<JobOutcome<TrainingSetResult>> {
    const { id, spec, checkpoint } = job;
    const { database, registry, files, shared, tables } = this.dependencies;
    const { signal } = control;
    const output = await toOutput(spec.output, id, this.dependencies);
    if (checkpoint?.stage === 'CHECKED' && output.format !== 'TABLE') {
      if (await this.#publishAgain(job, output, checkpoint, control)) return toOutcome(checkpoint.result);
    }
    // Work of the same job on this disk is of an earlier attempt, which the checkpoint of another gateway does not mean.
    const isWorkHere = shared === undefined || checkpoint?.gateway === shared.gateway;
    if (!isWorkHere) await this.#removeWork(job);
    const path = this.#workFile(job);
    const findRemoteStore = withOutageRetry(withPayer(this.dependencies.findRemoteStore, control.payer), signal);
    const work = await WorkDatabase.open(await database.connectAfterWrites(), id, signal);
    try {
      // Without its file, the job repeats all earlier work.
      const isResumed = existsSync(path);
      if (isResumed) await work.moveTo(path);
      const request = toTrainingSetRequest(spec, registry);
      const { chunkRows, whenOver } = this.#limits(request);
      const plan = await prepareLabels(work, request, {
        files,
        shared,
        findRemoteStore,
        file: { path, whenOver },
      });
      const total = BigInt(await countRows(work, 'labels'));
      await control.running(total);
      const progress = (completed: bigint) => ({ completed, failed: 0n, total });
      const result = await makeTrainingSet(work, plan, output, {
        id,
        chunkRows,
        checkpoint: isResumed ? checkpoint : null,
        onCheckpoint: (reached, rows) =>
          control.checkpoint({ ...reached, ...(shared && { gateway: shared.gateway }) }, progress(rows)),
        onEstimate: (rows) => control.report(progress(rows)),
        publish: async (file, made, confirm) => {
          if (file.format === 'BIGQUERY')
            return publishTable(requireTables(tables), id, file, made, { confirm, signal });
          if (shared) return publishShared(shared.files, id, file, made, { confirm, signal });
          await confirm();
          return publishFile(file, made);
        },
      });
      return toOutcome(result);
    } finally {
      await work.close();
    }
  }

  /** Returns false if the training set must be made again. */
  async #publishAgain(
    { id, progress }: TrainingSetJob,
    output: OutputFile,
    checkpoint: Extract<Checkpoint, { readonly stage: 'CHECKED' }>,
    control: JobControl<Checkpoint>,
  ): Promise<boolean> {
    const { shared, tables } = this.dependencies;
    const { result, gateway } = checkpoint;
    const isHere = shared === undefined || gateway === shared.gateway;
    const confirm = (): Promise<void> => control.checkpoint(checkpoint, progress);
    const again = { isHere, confirm, signal: control.signal };
    if (output.format === 'BIGQUERY') return publishTableAgain(requireTables(tables), id, output, result, again);
    if (shared) return publishAgain(shared.files, id, output, result, again);
    await publishFile(output, result);
    return true;
  }

  /**
   * The number of labels per chunk, and the number of labels above which the work is in a file. Reads of a remote store
   * take minutes and cost money: each read is a chunk, and its result is stored, so that no read is repeated.
   */
  #limits({ joins }: TrainingSetRequest): { readonly chunkRows: number; readonly whenOver: number } {
    const stores = joins.flatMap(({ entityType }) => this.dependencies.findRemoteStore(entityType.featurestore) ?? []);
    const chunkRows = Math.min(this.chunkRows, ...stores.map(labelsPerScan));
    return { chunkRows, whenOver: Math.min(chunkRows, ...stores.map(({ maxLabelsPerRead }) => maxLabelsPerRead)) };
  }
}

function toOutcome(result: TrainingSetResult): JobOutcome<TrainingSetResult> {
  const { labelRows, leakedRows } = result.validation;
  return {
    state: leakedRows > 0n ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED',
    result,
    progress: { completed: labelRows - leakedRows, failed: leakedRows, total: labelRows },
  };
}
