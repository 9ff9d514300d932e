import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFiles } from '../datasources/files/data-files.js';
import type { DuckDbDatabase } from '../datasources/duckdb/database.js';
import { jobTableName } from '../datasources/duckdb/job-tables.js';
import { labelsPerScan } from '../datasources/offline/offline-store.js';
import type { Registry } from '../datasources/registry/registry.js';
import {
  stopReason,
  type JobControl,
  type JobOutcome,
  type JobRunner,
  type PartialResult,
} from '../jobs/job-runner.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { TrainingSetOutputRequest, TrainingSetRequest, TrainingSetResult } from './training-sets.js';
import {
  makeTrainingSet,
  partialFilePath,
  prepareLabels,
  publish,
  type Checkpoint,
  type Output,
} from './make-training-set.js';
import { TABLES_SCHEMA } from './output-format.js';
import { withOutageRetry, type FindRemoteStore } from './remote-store.js';
import { toTrainingSetRequest, type TrainingSetSpec } from './training-set-spec.js';
import { countRows, removeWorkFile, WorkDatabase } from './work-database.js';

export interface TrainingSetDependencies {
  /** Of the offline store. */
  readonly database: DuckDbDatabase;
  /** Where a featurestore's history is, if not in `database`. */
  readonly findRemoteStore: FindRemoteStore;
  readonly registry: Registry;
  readonly files: DataFiles;
  /** Where the work of unfinished jobs is kept; no client can name it. */
  readonly workFolder: string;
}

/**
 * So many labels are joined at once: each chunk sorts the history again, so few chunks are fast; 5 million labels with 20
 * features are about 1 GB.
 */
const CHUNK_ROWS = 5_000_000;

/**
 * Makes training sets. A job of several chunks works in a file, and taken up again goes on after the last step; one
 * of a single chunk works in memory, in half the time, and starts over.
 */
export class TrainingSetRunner implements JobRunner {
  readonly kind = 'TRAINING_SET';

  constructor(
    private readonly dependencies: TrainingSetDependencies,
    private readonly chunkRows = CHUNK_ROWS,
  ) {}

  /** Cancelled, it leaves nothing: half a training set is a biased one. */
  async run(job: JobRecord, control: JobControl): Promise<JobOutcome> {
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

  async finalize(job: JobRecord): Promise<PartialResult> {
    await this.#removeWork(job);
    return { result: null, progress: job.progress };
  }

  #workFile({ id }: JobRecord): string {
    return join(this.dependencies.workFolder, `${id}.duckdb`);
  }

  async #removeWork(job: JobRecord): Promise<void> {
    await removeWorkFile(this.#workFile(job));
    const { format, target } = await toOutput((job.spec as TrainingSetSpec).output, job.id, this.dependencies.files);
    if (format !== 'TABLE') await rm(partialFilePath(target, job.id), { force: true });
  }

  async #work(job: JobRecord, control: JobControl): Promise<JobOutcome> {
    const { id } = job;
    const spec = job.spec as TrainingSetSpec;
    const checkpoint = job.checkpoint as Checkpoint | null;
    const { database, registry, files } = this.dependencies;
    const { signal } = control;
    const output = await toOutput(spec.output, id, files);
    if (checkpoint?.stage === 'CHECKED') {
      await publish(output, id);
      return toOutcome(checkpoint.result);
    }
    const path = this.#workFile(job);
    const findRemoteStore = withOutageRetry(this.dependencies.findRemoteStore, signal);
    const work = await WorkDatabase.open(await database.instance.connect(), id, signal);
    try {
      // Without its file, whatever was done before is done anew.
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
   * How many labels are joined at once, and above how many the work is in a file. Reads of a store elsewhere take minutes
   * and cost money: each is a chunk, and what it gave is kept, so that none is made twice.
   */
  #limits({ joins }: TrainingSetRequest): { readonly chunkRows: number; readonly whenOver: number } {
    const stores = joins.flatMap(({ entityType }) => this.dependencies.findRemoteStore(entityType.featurestore) ?? []);
    const chunkRows = Math.min(this.chunkRows, ...stores.map(labelsPerScan));
    return { chunkRows, whenOver: Math.min(chunkRows, ...stores.map(({ maxLabelsPerRead }) => maxLabelsPerRead)) };
  }
}

function toOutcome(result: TrainingSetResult): JobOutcome {
  const { labelRows, leakedRows } = result.validation;
  return {
    state: leakedRows > 0n ? 'PARTIALLY_SUCCEEDED' : 'SUCCEEDED',
    result,
    progress: { completed: labelRows - leakedRows, failed: leakedRows, total: labelRows },
  };
}

const EXTENSIONS = { PARQUET: 'parquet', CSV: 'csv' } as const;

/** Where an output goes; one that is not named is called after the job. */
export async function toOutput(
  { format, location }: TrainingSetOutputRequest,
  jobId: string,
  files: DataFiles,
): Promise<Output> {
  if (format === 'TABLE') {
    const name = jobTableName(location, jobId);
    return { format, location: `${TABLES_SCHEMA}.${name}`, target: name };
  }
  const name = location ?? `training-sets/${jobId}.${EXTENSIONS[format]}`;
  return { format, location: name, target: await files.writable(name, 'output.location') };
}
