import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
import { makeTrainingSet, partialFilePath, prepareLabels, publish, type Checkpoint } from './make-training-set.js';
import { withOutageRetry } from './remote-store.js';
import type { TrainingSetDependencies } from './training-set-dependencies.js';
import { TRAINING_SET_JOB, type TrainingSetJob } from './training-set-job.js';
import { toOutput } from './training-set-output.js';
import { checkRequest, toTrainingSetRequest, toTrainingSetSpec } from './training-set-spec.js';
import { trainingSetWork } from './training-set-work.js';
import type { StartTrainingSet, TrainingSetRequest, TrainingSetResult, TrainingSetSpec } from './training-sets.js';
import { countRows, removeWorkFile, WorkDatabase } from './work-database.js';

/**
 * The number of labels per chunk. Each chunk sorts the history again, so few chunks are fast. 5 million labels with 20
 * features are about 1 GB.
 */
const CHUNK_ROWS = 5_000_000;

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
  readonly boundToMachine = {
    field: 'output',
    message:
      'Several gateways share their jobs here, and a training set is a file on the disk of one of them. Start it at a ' +
      'gateway that has its jobs for itself (docs/several-gateways.md).',
  };

  constructor(
    private readonly dependencies: TrainingSetDependencies,
    private readonly chunkRows = CHUNK_ROWS,
  ) {}

  async plan(request: TrainingSetRequest & StartTrainingSet): Promise<JobPlan<TrainingSetSpec>> {
    checkRequest(request);
    const { displayName, jobLabels: labels, output } = request;
    return {
      displayName,
      labels,
      spec: toTrainingSetSpec(request, output),
      check: () => checkTrainingSet(this.dependencies, request),
      work: () => trainingSetWork(this.dependencies, request),
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
    const { format, target } = await toOutput(job.spec.output, job.id, this.dependencies.files);
    if (format !== 'TABLE') await rm(partialFilePath(target, job.id), { force: true });
  }

  async #work(job: TrainingSetJob, control: JobControl<Checkpoint>): Promise<JobOutcome<TrainingSetResult>> {
    const { id, spec, checkpoint } = job;
    const { database, registry, files } = this.dependencies;
    const { signal } = control;
    const output = await toOutput(spec.output, id, files);
    if (checkpoint?.stage === 'CHECKED') {
      await publish(output, id, checkpoint.result);
      return toOutcome(checkpoint.result);
    }
    const path = this.#workFile(job);
    const findRemoteStore = withOutageRetry(this.dependencies.findRemoteStore, signal);
    const work = await WorkDatabase.open(await database.instance.connect(), id, signal);
    try {
      // Without its file, the job repeats all earlier work.
      const isResumed = existsSync(path);
      if (isResumed) await work.moveTo(path);
      const request = toTrainingSetRequest(spec, registry);
      const { chunkRows, whenOver } = this.#limits(request);
      const plan = await prepareLabels(work, request, { files, findRemoteStore, file: { path, whenOver } });
      const total = BigInt(await countRows(work, 'labels'));
      await control.running(total);
      const progress = (completed: bigint) => ({ completed, failed: 0n, total });
      const result = await makeTrainingSet(work, plan, output, {
        id,
        chunkRows,
        checkpoint: isResumed ? checkpoint : null,
        onCheckpoint: (reached, rows) => control.checkpoint(reached, progress(rows)),
        onEstimate: (rows) => control.report(progress(rows)),
      });
      return toOutcome(result);
    } finally {
      await work.close();
    }
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
